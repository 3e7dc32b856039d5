// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.Faulted;
import consort.api.InstrumentException;
import consort.api.LeaseToken;
import consort.api.Refused;
import consort.api.coordinator.Lease;
import consort.api.coordinator.LeaseRequest;
import consort.api.coordinator.Leases;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** The leases that one peer holds here, and asks for. They end with its connection. */
final class Lent {

  private final Lending lending;
  private final Consumer<Message> out;
  private final Map<Integer, CompletableFuture<Lease>> asking = new ConcurrentHashMap<>();
  private final Map<LeaseToken, Lease> held = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /**
   * Holds nothing yet.
   *
   * @param out sends a message to the peer; never waits
   */
  Lent(Lending lending, Consumer<Message> out) {
    this.lending = lending;
    this.out = out;
  }

  /** How many leases the peer holds. */
  int count() {
    return held.size();
  }

  // ---- The loop's thread ----

  /**
   * The peer wants a lease.
   *
   * @param mayUse whether it may use an instrument of a name
   */
  void take(int id, Fields asked, Caller caller, Predicate<String> mayUse) throws Malformed {
    if (asking.containsKey(id)) {
      throw new Malformed("two requests have the number " + id);
    }
    CompletableFuture<Lease> answer;
    try {
      LeaseRequest request = LeaseCodec.readAsk(asked);
      for (String name : request.resources()) {
        String root = name.split("/", 2)[0];
        if (!mayUse.test(root)) {
          throw Exports.unknown(root);
        }
      }
      if (held.size() + asking.size() >= Limits.LEASES) {
        throw new Refused(
            ErrorCode.BUSY, "a node has at most " + Limits.LEASES + " leases of this one");
      }
      answer = leases().request(request, caller).toCompletableFuture();
    } catch (InstrumentException e) {
      out.accept(new Message(MessageType.ERROR, id, CallCodec.error(e)));
      return;
    }
    asking.put(id, answer);
    answer.whenComplete((lease, failure) -> answered(id, lease, failure));
  }

  private Leases leases() {
    Leases service = lending.service();
    if (service == null) {
      throw new Refused(ErrorCode.NOT_SUPPORTED, "there are no leases at this node");
    }
    return service;
  }

  /** The peer wants a lease to hold for another time from now. */
  void renew(int id, Fields asked) throws Malformed {
    LeaseToken token = LeaseCodec.token(asked);
    Duration ttl = Duration.ofNanos(asked.number(2));
    try {
      Lease lease = held.get(token);
      if (lease == null) {
        throw new Refused(
            ErrorCode.LEASE_OVER, "the lease " + token + " is over, or of another connection");
      }
      lease.renew(ttl);
      out.accept(LeaseCodec.given(id, token));
    } catch (InstrumentException e) {
      out.accept(new Message(MessageType.ERROR, id, CallCodec.error(e)));
    }
  }

  /** The peer lets a lease go. */
  void release(Fields asked) throws Malformed {
    LeaseToken token = LeaseCodec.token(asked);
    Lease lease = held.remove(token);
    if (lease != null && lending.takeBack(token, this)) {
      lease.close();
    }
  }

  /** The peer does not wait any more. */
  void cancel(int id) {
    CompletableFuture<Lease> waiting = asking.get(id);
    if (waiting != null) {
      waiting.cancel(false);
    }
  }

  /** The peer is gone, and with it all that it holds. */
  void close() {
    closed = true;
    asking.values().forEach(waiting -> waiting.cancel(false));
    held.keySet().forEach(this::end);
  }

  private void end(LeaseToken token) {
    Lease lease = held.remove(token);
    if (lease != null && lending.takeBack(token, this)) {
      lease.releaseWhen(CompletableFuture.completedFuture(null));
    }
  }

  // ---- Threads of the coordinator ----

  private void answered(int id, Lease lease, Throwable failure) {
    asking.remove(id);
    if (lease == null) {
      Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
      InstrumentException known =
          cause instanceof InstrumentException e
              ? e
              : new Faulted(ErrorCode.DRIVER_ERROR, 0, "the lease was not given", cause);
      out.accept(new Message(MessageType.ERROR, id, CallCodec.error(known)));
      return;
    }
    LeaseToken token = lease.token();
    lending.give(token, this);
    held.put(token, lease);
    if (closed) {
      end(token);
      return;
    }
    out.accept(LeaseCodec.given(id, token));
    lease
        .ended()
        .thenAccept(
            how -> {
              if (held.remove(token, lease)) {
                lending.takeBack(token, this);
                out.accept(LeaseCodec.over(token, how));
              }
            });
  }
}
