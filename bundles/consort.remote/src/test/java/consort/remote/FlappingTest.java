// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.Call;
import consort.api.Caller;
import consort.api.Instrument;
import consort.api.LeaseToken;
import consort.api.Role;
import consort.api.Unreachable;
import consort.api.ValueType;
import consort.api.coordinator.LeaseRequest;
import consort.api.mesh.Imported;
import consort.api.mesh.RemoteLease;
import consort.testkit.FaultProxy;
import consort.testkit.Footprint;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A node that goes and returns, again and again. */
@Timeout(120)
final class FlappingTest {

  private static final int TIMES = 50;
  private static final Caller EVE = new Caller("eve", Role.OPERATOR, "http");

  private final FakeLeases leases = new FakeLeases();
  private final AtomicInteger counted = new AtomicInteger();
  private final FakeInstrument fake =
      new FakeInstrument("DMM1")
          .with("count", ValueType.INT, List.of(), arguments -> counted.incrementAndGet());
  private Side a;
  private Side b;
  private Address listening;
  private FaultProxy proxy;
  private PeerClient client;
  private Imported remote;

  @BeforeEach
  void connect() throws IOException {
    a = new Side("a");
    a.leases = leases;
    a.export(fake, Instrument.class);
    listening = a.listen("tcp://127.0.0.1:0");
    proxy = new FaultProxy(listening.port());
    Address address = listening.at(proxy.port());
    // What it offers goes as soon as it goes.
    b = new Side("b", null, Duration.ofMillis(1));
    client = b.use(address);
    remote = (Imported) b.instrument(address, "DMM1");
  }

  @AfterEach
  void end() throws IOException {
    b.close();
    a.close();
    proxy.close();
    fake.close();
  }

  private void goAndReturn(int time) {
    Side.await("it is there", () -> b.offered.size() == 1);
    RemoteLease lease =
        remote
            .owner()
            .lease(LeaseRequest.of("DMM1"), EVE)
            .toCompletableFuture()
            .orTimeout(20, TimeUnit.SECONDS)
            .join();
    lease.bind(new LeaseToken(1, time));
    for (int i = 0; i < 5; i++) {
      remote.send(Call.of("count"));
    }
    if (time % 2 == 0) {
      proxy.refuse(true);
      proxy.cut();
    } else {
      a.deafen();
    }
    Side.await("it is gone", () -> b.offered.isEmpty());
    CompletionStage<?> call = remote.send(Call.of("count").within(Duration.ofMillis(1)));
    if (time % 2 == 0) {
      proxy.refuse(false);
    } else {
      a.relisten(listening, Side.ALL);
    }
    isUnreachable(call);
  }

  private static void isUnreachable(CompletionStage<?> call) {
    assertThat(call.toCompletableFuture())
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(Unreachable.class);
  }

  @Test
  void aNodeThatGoesAndReturnsLeaksNothing() throws IOException {
    for (int time = 0; time < 6; time++) {
      goAndReturn(time);
    }
    Footprint before = settled();
    for (int time = 0; time < TIMES; time++) {
      goAndReturn(time);
    }
    Footprint after = settled();

    // What is left behind each time, or each second time, is seen; virtual machines come and go
    // with some threads of their own.
    assertThat(after.grownSince(before, TIMES / 5)).isEmpty();
    assertThat(before.objects()).containsEntry("consort.remote.Connection", 2L);
  }

  /** When it is there, and nothing else is under way. */
  private Footprint settled() throws IOException {
    Side.await("it is there", () -> client.connected() && b.offered.size() == 1);
    assertThat(remote.call("count")).isEqualTo(counted.get());
    Side.await("its leases are over", () -> leases.count() == 0);
    Side.await("one session is left", () -> a.sessions() == 1 && proxy.open() == 1);
    return Footprint.of(ProcessHandle.current(), "consort.remote.");
  }

  @Test
  void callsOfANodeThatIsAwayAreForgottenWhenTheirTimeIsOver() throws IOException {
    Side.await("it is there", client::connected);
    proxy.refuse(true);
    proxy.cut();
    Side.await("it is gone", () -> !client.connected());
    Footprint before = Footprint.of(ProcessHandle.current(), "consort.remote.");
    Call call = Call.of("count").within(Duration.ofMillis(1));
    List<CompletionStage<?>> calls = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      calls.add(remote.send(call));
    }
    calls.forEach(FlappingTest::isUnreachable);
    calls.clear();

    Footprint after = Footprint.of(ProcessHandle.current(), "consort.remote.");
    assertThat(after.grownSince(before, 100)).isEmpty();
    assertThat(counted).hasValue(0);
  }
}
