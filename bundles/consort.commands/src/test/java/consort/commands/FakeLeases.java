// SPDX-License-Identifier: Apache-2.0
package consort.commands;

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
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Leases that note what is done with them. */
final class FakeLeases implements Leases {

  static final LeaseToken TOKEN = new LeaseToken(3, 17);

  final List<LeaseRequest> requests = new ArrayList<>();
  final List<String> done = new ArrayList<>();

  @Override
  public Lease take(LeaseRequest request, Caller owner) {
    requests.add(request);
    if (request.resources().contains("TAKEN")) {
      throw new Refused(ErrorCode.LEASED, "TAKEN is leased to anna for another 5 s");
    }
    return new FakeLease(request, owner);
  }

  @Override
  public CompletionStage<Lease> request(LeaseRequest request, Caller owner) {
    return CompletableFuture.completedFuture(take(request, owner));
  }

  @Override
  public Lease require(LeaseToken token, Caller owner) {
    if (!token.equals(TOKEN)) {
      throw new Refused(ErrorCode.LEASE_OVER, "the lease " + token + " expired");
    }
    return new FakeLease(LeaseRequest.of("DMM1"), owner);
  }

  @Override
  public List<LeaseStatus> list() {
    return requests.stream().map(FakeLeases::status).toList();
  }

  private static LeaseStatus status(LeaseRequest request) {
    return new LeaseStatus(
        TOKEN,
        LeaseStatus.State.HELD,
        List.copyOf(request.resources()),
        "anna",
        "nb1",
        request.purpose(),
        request.readers(),
        Instant.EPOCH,
        request.ttl());
  }

  @Override
  public void breakUp(LeaseToken token, Caller by, String reason) {
    done.add("break " + token + " by " + by.name() + ": " + reason);
  }

  @Override
  public List<Broken> broken() {
    return List.of(new Broken(Instant.EPOCH, "root", "why not", status(LeaseRequest.of("OLD"))));
  }

  private final class FakeLease implements Lease {
    private final LeaseRequest request;
    private final Caller owner;

    FakeLease(LeaseRequest request, Caller owner) {
      this.request = request;
      this.owner = owner;
    }

    @Override
    public LeaseToken token() {
      return TOKEN;
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
      return "nb1";
    }

    @Override
    public Duration remaining() {
      return request.ttl();
    }

    @Override
    public void renew() {
      done.add("renew");
    }

    @Override
    public void renew(Duration ttl) {
      done.add("renew " + ttl.toSeconds());
    }

    @Override
    public Instrument instrument(String name) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<String> ended() {
      return new CompletableFuture<>();
    }

    @Override
    public void releaseWhen(CompletionStage<?> gone) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
      done.add("release");
    }
  }
}
