// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.InstrumentException;
import consort.api.LeaseToken;
import consort.api.Refused;
import consort.api.TimedOut;
import consort.api.Unreachable;
import consort.api.coordinator.LeaseRequest;
import consort.api.mesh.Owner;
import consort.api.mesh.RemoteLease;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/** The leases that this node holds at another. They end with the connection. */
final class PeerLeases implements Owner {

  /** How long the answer to anything but a request that waits may take. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final PeerClient peer;
  private final Executor executor;
  private final Map<LeaseToken, Held> held = new ConcurrentHashMap<>();

  /** Tokens of the other node by those of this one. */
  private final Map<LeaseToken, LeaseToken> bound = new ConcurrentHashMap<>();

  /**
   * Holds nothing yet.
   *
   * @param executor runs what somebody else hangs onto a lease
   */
  PeerLeases(PeerClient peer, Executor executor) {
    this.peer = peer;
    this.executor = executor;
  }

  @Override
  public String node() {
    return peer.node();
  }

  @Override
  public CompletionStage<RemoteLease> lease(LeaseRequest request, Caller holder) {
    CompletableFuture<RemoteLease> answer = new CompletableFuture<>();
    String what = "a lease on " + String.join(", ", request.resources());
    Pending asked;
    try {
      asked =
          peer.send(
              what,
              request.waitLimit().plus(PATIENCE),
              (id, left) -> LeaseCodec.ask(id, request, holder),
              outcome -> answered(outcome, what, answer));
    } catch (InstrumentException e) {
      return CompletableFuture.failedFuture(e);
    }
    answer.whenComplete(
        (lease, failure) -> {
          if (answer.isCancelled()) {
            peer.cancel(asked);
          }
        });
    return answer;
  }

  private void answered(
      Pending.Outcome outcome, String what, CompletableFuture<RemoteLease> answer) {
    try {
      Held lease = held.get(given(outcome, what));
      if (lease == null) {
        throw new Refused(ErrorCode.LEASE_OVER, what + " was over before it was known here");
      }
      if (!answer.complete(lease)) {
        lease.release();
      }
    } catch (RuntimeException e) {
      answer.completeExceptionally(e);
    }
  }

  private LeaseToken given(Pending.Outcome outcome, String what) {
    if (outcome.failure() instanceof TimedOut e) {
      // What the other node may have given ends with the connection, or is let go.
      throw new Unreachable(ErrorCode.NO_LINK, what + " was not given: " + e.getMessage(), e);
    }
    if (outcome.failure() != null) {
      throw outcome.failure();
    }
    try {
      if (outcome.type() == MessageType.ERROR) {
        throw CallCodec.readError(outcome.payload());
      }
      return LeaseCodec.token(Fields.read("lease", outcome.payload(), 2));
    } catch (Malformed e) {
      throw new Unreachable(ErrorCode.NO_LINK, what + ": " + peer + ": " + e.getMessage(), e);
    }
  }

  /**
   * What the other node knows a lease of this one as.
   *
   * @throws Refused when it has no part of it
   */
  LeaseToken there(LeaseToken here, String instrument) {
    LeaseToken there = bound.get(here);
    if (there == null) {
      throw new Refused(
          ErrorCode.LEASE_OVER,
          "the lease " + here + " is over, or does not cover " + instrument + " at " + peer);
    }
    return there;
  }

  // ---- On the loop's thread ----

  /**
   * The other node gave a lease, or goes on giving it. Known from here on, as the next message may
   * say that it is over.
   *
   * @param awaited whether somebody waits for it; else it is let go
   */
  void leased(byte[] payload, boolean awaited) throws Malformed {
    LeaseToken token = LeaseCodec.token(Fields.read("lease", payload, 2));
    if (awaited) {
      held.computeIfAbsent(token, Held::new);
    } else if (!held.containsKey(token)) {
      new Held(token).release();
    }
  }

  void over(byte[] payload) throws Malformed {
    Fields fields = Fields.read("lease", payload, 3);
    over(LeaseCodec.token(fields), fields.text(2));
  }

  private void over(LeaseToken token, String how) {
    Held lease = held.remove(token);
    if (lease != null) {
      bound.values().removeIf(token::equals);
      executor.execute(() -> lease.ended.complete(how));
    }
  }

  /** The connection is gone, and with it all leases. */
  void disconnected(String why) {
    held.keySet().forEach(token -> over(token, "ended with the connection: " + why));
  }

  /** One lease. */
  private final class Held implements RemoteLease {
    private final LeaseToken token;
    private final CompletableFuture<String> ended = new CompletableFuture<>();

    Held(LeaseToken token) {
      this.token = token;
    }

    @Override
    public Owner owner() {
      return PeerLeases.this;
    }

    @Override
    public LeaseToken token() {
      return token;
    }

    @Override
    public void bind(LeaseToken here) {
      bound.put(here, token);
      if (held.get(token) != this) {
        bound.remove(here, token);
      }
    }

    @Override
    public CompletionStage<Void> renew(Duration ttl) {
      CompletableFuture<Void> answer = new CompletableFuture<>();
      String what = "the lease " + token + " of " + peer;
      try {
        peer.send(
            what,
            PATIENCE,
            (id, left) -> LeaseCodec.renew(id, token, ttl),
            outcome -> {
              try {
                given(outcome, what);
                answer.complete(null);
              } catch (RuntimeException e) {
                answer.completeExceptionally(e);
              }
            });
      } catch (InstrumentException e) {
        answer.completeExceptionally(e);
      }
      return answer;
    }

    @Override
    public CompletionStage<String> ended() {
      return ended.minimalCompletionStage();
    }

    @Override
    public void release() {
      over(token, "was released");
      peer.tell(LeaseCodec.release(token));
    }

    @Override
    public String toString() {
      return "lease " + token + " of " + peer;
    }
  }
}
