// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.security.NodeKeys;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;

/** Makes channels and what carries bytes over them. */
final class Channels {

  /**
   * Left to itself the system keeps some megabytes, and takes no more until a third of them is
   * gone: a slow line would seem to take nothing for many seconds.
   */
  private static final int SEND_BUFFER = 256 << 10;

  private Channels() {}

  /** What carries bytes over a connected channel. */
  static Transport transport(SocketChannel channel, Address address, NodeKeys keys, boolean client)
      throws IOException {
    channel.configureBlocking(false);
    if (address.kind() != Address.Kind.UNIX) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.setOption(StandardSocketOptions.SO_SNDBUF, SEND_BUFFER);
    }
    return address.kind() == Address.Kind.TLS
        ? new TlsTransport(channel, keys, client ? keys.client(null) : keys.server())
        : new Transport.Plain(channel);
  }

  /**
   * Begins to connect. The name of the host is looked up by the executor: that may take long.
   *
   * @param keys who this node is, for TLS
   */
  static PeerClient.Connecting connect(
      Address address,
      NodeKeys keys,
      IoLoop loop,
      Executor executor,
      Hello hello,
      AtomicLong budget) {
    CompletableFuture<SocketAddress> looked = new CompletableFuture<>();
    executor.execute(
        () -> {
          try {
            looked.complete(address.socket());
          } catch (IOException e) {
            looked.completeExceptionally(e);
          }
        });
    return new Attempt(address, keys, loop, hello, budget, looked);
  }

  /** One attempt; used by the loop's thread. */
  private static final class Attempt implements PeerClient.Connecting {
    private final Address address;
    private final NodeKeys keys;
    private final IoLoop loop;
    private final Hello hello;
    private final AtomicLong budget;
    private final CompletableFuture<SocketAddress> looked;
    private SocketChannel channel;

    Attempt(
        Address address,
        NodeKeys keys,
        IoLoop loop,
        Hello hello,
        AtomicLong budget,
        CompletableFuture<SocketAddress> looked) {
      this.address = address;
      this.keys = keys;
      this.loop = loop;
      this.hello = hello;
      this.budget = budget;
      this.looked = looked;
    }

    @Override
    public Connection poll(Connection.Handler handler) throws IOException {
      try {
        if (channel == null) {
          SocketAddress socket = looked();
          if (socket == null) {
            return null;
          }
          channel =
              address.kind() == Address.Kind.UNIX
                  ? SocketChannel.open(address.family())
                  : SocketChannel.open();
          channel.configureBlocking(false);
          if (!channel.connect(socket)) {
            return null;
          }
        } else if (!channel.finishConnect()) {
          return null;
        }
        return new Connection(
            loop, Channels.transport(channel, address, keys, true), hello, budget, handler);
      } catch (IOException | RuntimeException e) {
        cancel();
        throw e instanceof IOException io ? io : new IOException(IoLoop.said(e), e);
      }
    }

    private SocketAddress looked() throws IOException {
      if (!looked.isDone()) {
        return null;
      }
      try {
        return looked.join();
      } catch (java.util.concurrent.CompletionException e) {
        throw new IOException(e.getCause().getMessage(), e.getCause());
      }
    }

    @Override
    public void cancel() {
      if (channel != null) {
        try {
          channel.close();
        } catch (IOException e) {
          // it was never used
        }
      }
    }
  }
}
