// SPDX-License-Identifier: Apache-2.0
package consort.link;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/**
 * Raw TCP. The channel never blocks and has a selector of its own: so a wait ends exactly at its
 * deadline or when it is woken, an interrupt closes nothing, and a peer that has hung up is seen
 * before anything is sent.
 */
final class TcpWire implements Wire {

  private static final int LARGEST_READ = 1 << 18;

  private final String host;
  private final int port;
  private final Names names;
  private SocketChannel socket;
  private SelectionKey key;
  private volatile Selector selector;
  private volatile Thread resolving;
  private boolean more;

  TcpWire(String host, int port, Names names) {
    this.host = host;
    this.port = port;
    this.names = names;
  }

  @Override
  public boolean isOpen() {
    return socket != null;
  }

  @Override
  public void open(Limit limit) throws IOException {
    IOException failure = null;
    for (InetAddress address : resolve(limit)) {
      try {
        connect(new InetSocketAddress(address, port), limit);
        return;
      } catch (Overdue | Stopped e) {
        close();
        throw e;
      } catch (IOException e) {
        close();
        failure = failure == null ? inWords(e) : failure;
      }
    }
    throw failure == null ? new IOException("the host \"" + host + "\" has no address") : failure;
  }

  private InetAddress[] resolve(Limit limit) throws IOException {
    resolving = Thread.currentThread();
    try {
      return names.resolve(host, limit);
    } finally {
      resolving = null;
    }
  }

  private void connect(InetSocketAddress address, Limit limit) throws IOException {
    socket = SocketChannel.open();
    socket.configureBlocking(false);
    socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
    socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    more = false;
    Selector mine = Selector.open();
    selector = mine;
    boolean connected = socket.connect(address);
    key = socket.register(mine, connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT);
    while (!connected) {
      await(limit);
      connected = socket.finishConnect();
    }
    key.interestOps(SelectionKey.OP_READ);
  }

  @Override
  public int read(byte[] into, int offset, int length, Limit limit) throws IOException {
    ByteBuffer space = ByteBuffer.wrap(into, offset, Math.min(length, LARGEST_READ));
    // When the last read filled its space there is more, and asking the selector first is waste.
    int count = more ? socket.read(space) : 0;
    while (count == 0) {
      await(limit);
      count = socket.read(space);
    }
    more = !space.hasRemaining();
    return count;
  }

  @Override
  public int readNow(byte[] into, int offset, int length) throws IOException {
    more = false;
    return socket.read(ByteBuffer.wrap(into, offset, Math.min(length, LARGEST_READ)));
  }

  @Override
  public void write(byte[] bytes, Limit limit) throws IOException {
    ByteBuffer rest = ByteBuffer.wrap(bytes);
    socket.write(rest);
    if (rest.hasRemaining()) {
      key.interestOps(SelectionKey.OP_WRITE);
      while (rest.hasRemaining()) {
        await(limit);
        socket.write(rest);
      }
      key.interestOps(SelectionKey.OP_READ);
    }
  }

  /** Waits until the channel may be ready; it may also not be. */
  private void await(Limit limit) throws IOException {
    while (selector.select(ready -> {}, (limit.left() + 999_999) / 1_000_000) == 0) {
      limit.setInterruptAside();
    }
  }

  @Override
  public void wake() {
    Selector current = selector;
    if (current != null) {
      current.wakeup();
    }
    Thread thread = resolving;
    if (thread != null) {
      LockSupport.unpark(thread);
    }
  }

  @Override
  public void close() {
    Selector current = selector;
    selector = null;
    key = null;
    closeQuietly(socket);
    socket = null;
    closeQuietly(current);
  }

  private static void closeQuietly(AutoCloseable resource) {
    if (resource != null) {
      try {
        resource.close();
      } catch (Exception e) {
        // Nothing can be done about it, and nothing depends on it: it is not used again.
        return;
      }
    }
  }

  @Override
  public boolean isGone() {
    return socket == null;
  }

  @Override
  public boolean isFreshWhenReopened() {
    return true;
  }

  private static IOException inWords(IOException e) {
    if (e instanceof NoRouteToHostException) {
      return new IOException("no route to the host", e);
    }
    String reason = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
    return new IOException(
        reason.startsWith("connection refused") ? "connection refused" : reason, e);
  }
}
