// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Call;
import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.Instrument;
import consort.api.LeaseToken;
import consort.api.ParameterInfo;
import consort.api.Refused;
import consort.api.Role;
import consort.api.Unreachable;
import consort.api.ValueType;
import consort.api.coordinator.LeaseRequest;
import consort.api.coordinator.Startable;
import consort.api.mesh.Imported;
import consort.api.mesh.RemoteLease;
import consort.testkit.FaultProxy;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Leases on the instruments of another node, and calls that begin at a signal, over the wire. */
@Timeout(60)
final class RemoteLeaseTest {

  private static final Caller EVE = new Caller("eve", Role.OPERATOR, "http");
  private static final LeaseToken HERE = new LeaseToken(3, 17);

  private final FakeLeases leases = new FakeLeases();
  private final FakeInstrument fake =
      new FakeInstrument("DMM1")
          .with(
              "measure",
              ValueType.DOUBLE,
              List.of(ParameterInfo.of("range", ValueType.INT)),
              arguments -> 1.5);
  private Side a;
  private Side b;
  private FaultProxy proxy;
  private Address address;
  private Imported remote;

  @BeforeEach
  void begin() throws IOException {
    a = new Side("a");
    a.leases = leases;
    a.export(fake, Instrument.class);
    Address listening = a.listen("tcp://127.0.0.1:0");
    proxy = new FaultProxy(listening.port());
    address = listening.at(proxy.port());
    b = new Side("b");
    b.use(address);
    Side.await("it is offered", () -> b.offered.size() == 1);
    remote = (Imported) b.instrument(address, "DMM1");
  }

  @AfterEach
  void end() throws IOException {
    b.close();
    a.close();
    proxy.close();
    fake.close();
  }

  private static Throwable failure(CompletionStage<?> stage) {
    try {
      stage.toCompletableFuture().orTimeout(20, TimeUnit.SECONDS).join();
      throw new AssertionError("it succeeded");
    } catch (CompletionException e) {
      return e.getCause();
    }
  }

  private static <T> T got(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(20, TimeUnit.SECONDS).join();
  }

  private RemoteLease take(LeaseRequest request) {
    return got(remote.owner().lease(request, EVE));
  }

  @Test
  void aLeaseIsGivenByTheOwnerInTheNameOfTheCallerAndItsNode() {
    LeaseRequest request =
        LeaseRequest.of("DMM1", "DMM1/port0")
            .client("nb1")
            .ttl(Duration.ofMinutes(5))
            .purpose("noise run")
            .alone();
    RemoteLease lease = take(request);

    assertThat(lease.token()).isEqualTo(new LeaseToken(9, 1));
    assertThat(lease.owner().node()).isEqualTo("a");
    assertThat(leases.first().request()).isEqualTo(request);
    assertThat(leases.first().owner()).isEqualTo(new Caller("eve@b", Role.OPERATOR, "consort.tcp"));
    got(lease.renew(Duration.ofHours(2)));
    assertThat(leases.first().ttl).isEqualTo(Duration.ofHours(2));
    lease.release();
    Side.await("it is let go", () -> leases.count() == 0);
    assertThat(got(lease.ended())).isEqualTo("was released");
  }

  @Test
  void aCallUnderALeaseOfThisNodeIsOneUnderThatOfTheOther() {
    RemoteLease lease = take(LeaseRequest.of("DMM1"));
    lease.bind(HERE);
    remote.call(Call.of("measure", 1).under(HERE));
    assertThat(fake.calls.element().lease()).isEqualTo(new LeaseToken(9, 1));

    lease.release();
    assertThatThrownBy(() -> remote.call(Call.of("measure", 1).under(HERE)))
        .isInstanceOf(Refused.class)
        .hasMessageContaining("the lease 3-17 is over, or does not cover DMM1 at node a");
    assertThat(fake.calls).hasSize(1);
  }

  @Test
  void aTokenOfThisNodeIsNeverTakenForOneOfTheOther() {
    take(LeaseRequest.of("DMM1"));
    assertThatThrownBy(() -> remote.call(Call.of("measure", 1).under(new LeaseToken(9, 1))))
        .isInstanceOf(Refused.class);
    assertThat(fake.calls).isEmpty();
  }

  @Test
  void whatIsRefusedThereIsRefusedHere() {
    take(LeaseRequest.of("DMM1"));
    assertThat(failure(remote.owner().lease(LeaseRequest.of("DMM1"), EVE)))
        .isInstanceOf(Refused.class)
        .hasMessageContaining("DMM1 is leased to eve@b");
    assertThat(failure(remote.owner().lease(LeaseRequest.of("PSU9"), EVE)))
        .isInstanceOf(Refused.class)
        .hasMessageContaining("there is no instrument 'PSU9' for other nodes here");
    a.leases = null;
    assertThat(failure(remote.owner().lease(LeaseRequest.of("DMM1"), EVE)))
        .hasMessageContaining("no leases at this node");
  }

  @Test
  void whoEndsALeaseThereIsToldHere() {
    RemoteLease lease = take(LeaseRequest.of("DMM1"));
    lease.bind(HERE);
    leases.end(lease.token(), "was broken by root");

    assertThat(got(lease.ended())).isEqualTo("was broken by root");
    assertThatThrownBy(() -> remote.call(Call.of("measure", 1).under(HERE)))
        .isInstanceOf(Refused.class);
    assertThat(failure(lease.renew(Duration.ofSeconds(5)))).isInstanceOf(Refused.class);
  }

  @Test
  void waitingIsDoneThereAndEndsWhenNobodyWaitsHere() {
    RemoteLease first = take(LeaseRequest.of("DMM1"));
    CompletableFuture<RemoteLease> second =
        remote
            .owner()
            .lease(LeaseRequest.of("DMM1").waiting(Duration.ofMinutes(1)), EVE)
            .toCompletableFuture();
    CompletableFuture<RemoteLease> third =
        remote
            .owner()
            .lease(LeaseRequest.of("DMM1").waiting(Duration.ofMinutes(1)), EVE)
            .toCompletableFuture();
    Side.await("both wait", () -> leases.waiting() == 2);
    second.cancel(false);
    Side.await("one waits", () -> leases.waiting() == 1);
    first.release();
    assertThat(got(third).token()).isEqualTo(new LeaseToken(9, 2));
  }

  @Test
  void allLeasesEndWithTheConnection() {
    RemoteLease lease = take(LeaseRequest.of("DMM1"));
    CompletionStage<RemoteLease> waiting =
        remote.owner().lease(LeaseRequest.of("DMM1").waiting(Duration.ofMinutes(1)), EVE);
    Side.await("one waits", () -> leases.waiting() == 1);
    long begun = System.nanoTime();
    proxy.fault(FaultProxy.Fault.DROP);
    Side.await("it is free again", () -> leases.count() == 0);

    // Two heartbeats of 400 ms, and room for a noisy machine.
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(2));
    assertThat(leases.waiting()).isZero();
    assertThat(got(lease.ended())).startsWith("ended with the connection: ");
    assertThat(failure(waiting)).isInstanceOf(Unreachable.class).hasMessageContaining("not given");
  }

  @Test
  void aNodeHasNoMoreLeasesThanItsShare() {
    for (int i = 0; i < Limits.LEASES; i++) {
      remote.owner().lease(LeaseRequest.of("DMM1").waiting(Duration.ofMinutes(1)), EVE);
    }
    assertThat(
            failure(
                remote.owner().lease(LeaseRequest.of("DMM1").waiting(Duration.ofMinutes(1)), EVE)))
        .isInstanceOf(Refused.class)
        .hasMessageContaining("at most " + Limits.LEASES + " leases");
  }

  @Test
  void aCallIsMadeReadyAndBeginsAtTheSignal() throws Exception {
    CountDownLatch ready = new CountDownLatch(1);
    Startable.Start start =
        remote.prepare(Call.of("measure", 1), Duration.ofSeconds(20), ready::countDown);
    assertThat(ready.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(fake.calls).isEmpty();
    long begun = System.nanoTime();
    start.begin();

    var result = got(start.result());
    assertThat(result.value()).isEqualTo(1.5);
    // The times are those of this node's clock, though the work was done elsewhere.
    assertThat(result.endedNanos()).isBetween(begun, System.nanoTime());
    assertThat(result.endedNanos() - result.startedNanos()).isEqualTo(1_000_000);
  }

  @Test
  void aCallThatWasMadeReadyIsTakenBack() throws Exception {
    CountDownLatch ready = new CountDownLatch(1);
    Startable.Start start =
        remote.prepare(Call.of("measure", 1), Duration.ofSeconds(20), ready::countDown);
    assertThat(ready.await(20, TimeUnit.SECONDS)).isTrue();
    start.abort("P7 did not come");

    assertThat(failure(start.result()))
        .isInstanceOf(Refused.class)
        .hasMessageContaining("DMM1.measure was not sent: P7 did not come");
    assertThat(remote.call("measure", 2)).isEqualTo(1.5);
    assertThat(fake.calls).hasSize(1);
  }

  @Test
  void aCallThatWasMadeReadyHasCertainlyNotBegunWhenTheConnectionBreaks() throws Exception {
    CountDownLatch ready = new CountDownLatch(1);
    Startable.Start start =
        remote.prepare(Call.of("measure", 1), Duration.ofSeconds(20), ready::countDown);
    assertThat(ready.await(20, TimeUnit.SECONDS)).isTrue();
    proxy.fault(FaultProxy.Fault.DROP);

    Throwable failure = failure(start.result());
    assertThat(failure).isInstanceOf(Unreachable.class).hasMessageContaining("was not begun");
    assertThat(((Unreachable) failure).code()).isEqualTo(ErrorCode.NO_LINK);
    proxy.fault(FaultProxy.Fault.NONE);
    Side.await("the instrument is free", () -> a.sessions() == 1 && b.offered.size() == 1);
    assertThat(remote.call("measure", 2)).isEqualTo(1.5);
    assertThat(fake.calls).hasSize(1);
  }
}
