// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** Carries bytes over a channel that never blocks. One thread reads, one at a time writes. */
interface Transport extends Closeable {

  SocketChannel channel();

  /**
   * Does what is to be done before bytes can go; called whenever the channel is ready.
   *
   * @return whether they can go now
   */
  boolean establish() throws IOException;

  /** Reads what is there; -1 at the end. */
  int read(ByteBuffer into) throws IOException;

  /**
   * Writes what can be written now.
   *
   * @return whether all is written, also what was kept of earlier calls
   */
  boolean write(ByteBuffer from) throws IOException;

  /** Who the other side proved to be; empty where it proves nothing. */
  default String peer() {
    return "";
  }

  @Override
  default void close() throws IOException {
    channel().close();
  }

  /** Bytes as they are. */
  record Plain(SocketChannel channel) implements Transport {
    @Override
    public boolean establish() {
      return true;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      return channel.read(into);
    }

    @Override
    public boolean write(ByteBuffer from) throws IOException {
      channel.write(from);
      return !from.hasRemaining();
    }
  }
}
