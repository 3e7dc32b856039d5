// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.Instrument;
import consort.api.LeaseToken;
import consort.api.Refused;
import consort.api.coordinator.Lease;
import consort.api.coordinator.LeaseRequest;
import consort.api.coordinator.LeaseStatus;
import consort.api.coordinator.Leases;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Leases on whole sets: one at a time, all others wait in order, or are refused. */
final class FakeLeases implements Leases {

  private record Waiting(LeaseRequest request, Caller owner, CompletableFuture<Lease> answer) {}

  final Map<LeaseToken, FakeLease> held = new LinkedHashMap<>();
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private int count;

  @Override
  public synchronized CompletionStage<Lease> request(LeaseRequest request, Caller owner) {
    CompletableFuture<Lease> answer = new CompletableFuture<>();
    if (!held.isEmpty() && request.waitLimit().isZero()) {
      return CompletableFuture.failedFuture(
          new Refused(ErrorCode.LEASED, "DMM1 is leased to " + first().owner().name()));
    }
    waiting.add(new Waiting(request, owner, answer));
    answer.whenComplete((lease, failure) -> next());
    next();
    return answer;
  }

  synchronized FakeLease first() {
    return held.values().iterator().next();
  }

  synchronized int count() {
    return held.size();
  }

  synchronized int waiting() {
    return waiting.size();
  }

  private synchronized void next() {
    waiting.removeIf(one -> one.answer.isDone());
    if (held.isEmpty() && !waiting.isEmpty()) {
      Waiting one = waiting.poll();
      FakeLease lease = new FakeLease(new LeaseToken(9, ++count), one.request, one.owner);
      held.put(lease.token, lease);
      one.answer.complete(lease);
    }
  }

  void end(LeaseToken token, String how) {
    FakeLease lease;
    synchronized (this) {
      lease = held.remove(token);
    }
    if (lease != null) {
      lease.ended.complete(how);
      next();
    }
  }

  @Override
  public Lease take(LeaseRequest request, Caller owner) {
    return request(request, owner).toCompletableFuture().join();
  }

  @Override
  public Lease require(LeaseToken token, Caller owner) {
    return held.get(token);
  }

  @Override
  public List<LeaseStatus> list() {
    return List.of();
  }

  @Override
  public void breakUp(LeaseToken token, Caller by, String reason) {
    end(token, "was broken by " + by.name());
  }

  @Override
  public List<Broken> broken() {
    return List.of();
  }

  /** One of them. */
  final class FakeLease implements Lease {
    private final LeaseToken token;
    private final LeaseRequest request;
    private final Caller owner;
    private final CompletableFuture<String> ended = new CompletableFuture<>();
    volatile Duration ttl;

    FakeLease(LeaseToken token, LeaseRequest request, Caller owner) {
      this.token = token;
      this.request = request;
      this.owner = owner;
      this.ttl = request.ttl();
    }

    LeaseRequest request() {
      return request;
    }

    @Override
    public LeaseToken token() {
      return token;
    }

    @Override
    public Set<String> resources() {
      return request.resources();
    }

    @Override
    public Caller owner() {
      return owner;
    }

    @Override
    public String client() {
      return request.client();
    }

    @Override
    public Duration remaining() {
      return ttl;
    }

    @Override
    public void renew() {
      ttl = request.ttl();
    }

    @Override
    public void renew(Duration other) {
      ttl = other;
    }

    @Override
    public Instrument instrument(String name) {
      throw new IllegalStateException("nobody here calls under it");
    }

    @Override
    public CompletionStage<String> ended() {
      return ended;
    }

    @Override
    public void releaseWhen(CompletionStage<?> gone) {
      gone.thenRun(() -> end(token, "ended with its holder"));
    }

    @Override
    public void close() {
      end(token, "was released");
    }
  }
}
