// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** An echo over a Unix-domain socket: as many bytes there and back as {@link Peer} has. */
final class UnixPeer implements Echo {

  private static final int BYTES = 16;

  private final ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
  private final SocketChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BYTES);

  UnixPeer(Path file) throws IOException {
    server.bind(UnixDomainSocketAddress.of(file));
    channel = SocketChannel.open(UnixDomainSocketAddress.of(file));
    SocketChannel there = server.accept();
    Thread thread = new Thread(() -> answer(there), "benchmark peer");
    thread.setDaemon(true);
    thread.start();
  }

  private static void answer(SocketChannel there) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BYTES);
    try {
      while (there.read(buffer) >= 0) {
        if (!buffer.hasRemaining()) {
          there.write(buffer.flip());
          buffer.clear();
        }
      }
    } catch (IOException e) {
      // the benchmark is over
    }
  }

  @Override
  public void exchange() {
    try {
      channel.write(buffer.clear());
      buffer.clear();
      while (buffer.hasRemaining()) {
        channel.read(buffer);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
    server.close();
  }
}
