// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.security.NodeKeys;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * The keys of this node while somebody has them. Only TLS asks; it fails without, and a client
 * tries again.
 */
final class LateKeys implements NodeKeys {

  private static final String NONE =
      "TLS needs the keys of this node, which the bundle consort.security has; it is not there";

  private final AtomicReference<NodeKeys> keys = new AtomicReference<>();
  private final CompletableFuture<Void> first = new CompletableFuture<>();

  void set(NodeKeys given) {
    keys.set(given);
    first.complete(null);
  }

  /** These are not there any more; others may be already. */
  void unset(NodeKeys taken) {
    keys.compareAndSet(taken, null);
  }

  /** Does something as soon as there are keys, on the thread that brings them. */
  void whenThere(Runnable task) {
    first.thenRun(task);
  }

  private NodeKeys needed() throws IOException {
    NodeKeys now = keys.get();
    if (now == null) {
      throw new IOException(NONE);
    }
    return now;
  }

  @Override
  public SSLEngine server() throws IOException {
    return needed().server();
  }

  @Override
  public SSLEngine client(String node) throws IOException {
    return needed().client(node);
  }

  @Override
  public String node(SSLSession session) throws SSLPeerUnverifiedException {
    NodeKeys now = keys.get();
    if (now == null) {
      throw new SSLPeerUnverifiedException(NONE);
    }
    return now.node(session);
  }

  @Override
  public String reason(IOException failure) {
    NodeKeys now = keys.get();
    return now == null ? String.valueOf(failure.getMessage()) : now.reason(failure);
  }
}
