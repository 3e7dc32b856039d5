// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Call;
import consort.api.Instrument;
import consort.api.InstrumentException;
import consort.api.ParameterInfo;
import consort.api.State;
import consort.api.TimedOut;
import consort.api.Unreachable;
import consort.api.ValueType;
import consort.testkit.FaultProxy;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What happens when the network or the other node does not do what it should. */
final class FailureTest {

  private final FakeInstrument fake = new FakeInstrument("DMM1");
  private final AtomicInteger counted = new AtomicInteger();
  private final CountDownLatch release = new CountDownLatch(1);
  private Side a;
  private Side b;
  private FaultProxy proxy;
  private Address address;
  private PeerClient client;
  private Instrument remote;

  @BeforeEach
  void connect() throws IOException {
    fake.with("count", ValueType.INT, List.of(), arguments -> counted.incrementAndGet())
        .with(
            "hold",
            ValueType.INT,
            List.of(),
            arguments -> {
              int number = counted.incrementAndGet();
              try {
                release.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return number;
            })
        .with(
            "blob",
            ValueType.BYTES,
            List.of(ParameterInfo.of("size", ValueType.INT)),
            arguments -> new byte[(Integer) arguments.get("size")]);
    a = new Side("a");
    b = new Side("b");
    a.export(fake, Instrument.class);
    proxy = new FaultProxy(a.listen("tcp://127.0.0.1:0").port());
    address = Address.parse("tcp://127.0.0.1:" + proxy.port());
    client = b.use(address);
    remote = b.instrument(address, "DMM1");
    assertThat(remote.call("count")).isEqualTo(1);
  }

  @AfterEach
  void end() throws IOException {
    release.countDown();
    b.close();
    a.close();
    proxy.close();
    fake.close();
  }

  private static long millisSince(long begun) {
    return Duration.ofNanos(System.nanoTime() - begun).toMillis();
  }

  @Test
  void aSilentPeerIsNoticedWithinTwoHeartbeats() {
    long begun = System.nanoTime();
    proxy.fault(FaultProxy.Fault.DROP);
    Side.await("it is noticed", () -> !client.connected());

    // Two of 400 ms, and room for a noisy machine.
    assertThat(millisSince(begun)).isBetween(300L, 1200L);
    assertThat(remote.status().state()).isEqualTo(State.OFFLINE);
    // The other side notices it at the same time, and may be the first to close.
    assertThat(remote.status().text()).containsAnyOf("no sign of life", "the peer closed");
    Side.await("what it offers goes", () -> b.offered.isEmpty());
    proxy.fault(FaultProxy.Fault.NONE);
    Side.await("it comes back", () -> b.offered.size() == 1);
    assertThat(remote.call("count")).isEqualTo(2);
  }

  @Test
  void aCallWhoseFateIsUnknownFailsAtOnceAndIsNeverRepeated() {
    CompletionStage<?> call = remote.send(Call.of("hold").within(Duration.ofSeconds(30)));
    Side.await("the driver works", () -> counted.get() == 2);
    long begun = System.nanoTime();
    proxy.cut();

    assertThat(call.toCompletableFuture())
        .failsWithin(Duration.ofSeconds(5))
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(TimedOut.class)
        .withMessageContaining("effect is unknown");
    assertThat(millisSince(begun)).isLessThan(2000);
    release.countDown();
    Side.await("they are connected again", client::connected);
    assertThat(remote.call("count")).isEqualTo(3);
  }

  @Test
  void aCallThatWasNotSentWaitsForTheNextConnection() throws Exception {
    proxy.refuse(true);
    proxy.cut();
    Side.await("the connection is gone", () -> !client.connected());
    CompletableFuture<Object> call =
        CompletableFuture.supplyAsync(
            () -> remote.call(Call.of("count").within(Duration.ofSeconds(20))).value());
    Side.await("it was tried again", () -> proxy.accepted() >= 3);
    assertThat(call).isNotDone();
    proxy.refuse(false);

    assertThat(call).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(2);
  }

  @Test
  void aCallWhoseTimeIsOverWhileItsMessageIsMadeIsNotSentAfterwards() {
    CountDownLatch made = new CountDownLatch(1);
    CompletableFuture<Pending.Outcome> outcome = new CompletableFuture<>();
    CompletableFuture<Pending> sent =
        CompletableFuture.supplyAsync(
            () ->
                client.send(
                    "count",
                    Duration.ofMillis(50),
                    (id, left) -> {
                      Side.await("its time is over", outcome::isDone);
                      made.countDown();
                      String target = Export.target("DMM1", Instrument.class.getName());
                      return new Message(
                          MessageType.CALL,
                          id,
                          CallCodec.call(target, "count", Call.of("count"), left));
                    },
                    outcome::complete));
    assertThat(sent).succeedsWithin(Duration.ofSeconds(20));
    assertThat(made.getCount()).isZero();
    assertThat(outcome.join().failure())
        .isInstanceOf(Unreachable.class)
        .hasMessageContaining("was not sent");
    // One connection and one driver: what was sent before is done before.
    assertThat(remote.call("count")).isEqualTo(2);
  }

  @Test
  void aCallThatCannotBeSentEndsWithItsDeadline() {
    proxy.refuse(true);
    proxy.cut();
    Side.await("the connection is gone", () -> !client.connected());
    long begun = System.nanoTime();

    assertThatThrownBy(() -> remote.call(Call.of("count").within(Duration.ofMillis(300))))
        .isInstanceOf(Unreachable.class)
        .hasMessageStartingWith("DMM1.count was not sent: node a (" + address + "): ");
    assertThat(millisSince(begun)).isBetween(290L, 1500L);
    assertThat(counted).hasValue(1);
  }

  @Test
  void whateverHappensACallIsDoneAtMostOnce() {
    AtomicInteger answered = new AtomicInteger();
    AtomicInteger unknown = new AtomicInteger();
    AtomicInteger unsent = new AtomicInteger();
    for (int round = 0; round < 30; round++) {
      List<CompletionStage<?>> calls = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        calls.add(remote.send(Call.of("count").within(Duration.ofSeconds(20))));
      }
      if (round % 2 == 0) {
        proxy.cut();
      } else {
        proxy.truncateAfter(100 + 37L * round);
        Side.await(
            "it is cut, or all are answered before",
            () ->
                !client.connected()
                    || calls.stream().allMatch(call -> call.toCompletableFuture().isDone()));
        // What was not sent goes over the next connection.
        proxy.truncateAfter(Long.MAX_VALUE / 2);
      }
      for (CompletionStage<?> call : calls) {
        try {
          call.toCompletableFuture().get(30, java.util.concurrent.TimeUnit.SECONDS);
          answered.incrementAndGet();
        } catch (ExecutionException e) {
          assertThat(e.getCause()).isInstanceOf(InstrumentException.class);
          (e.getCause() instanceof TimedOut ? unknown : unsent).incrementAndGet();
        } catch (InterruptedException | java.util.concurrent.TimeoutException e) {
          throw new AssertionError(e);
        }
      }
      Side.await("they are connected again", client::connected);
    }
    int done = (Integer) remote.call("count") - 2;

    assertThat(answered.get() + unknown.get() + unsent.get()).isEqualTo(1500);
    assertThat(done).isBetween(answered.get(), answered.get() + unknown.get());
    assertThat(unknown).hasPositiveValue();
    assertThat(answered).hasPositiveValue();
  }

  @Test
  void garbledBytesEndTheConnectionAndNothingElse() {
    proxy.fault(FaultProxy.Fault.GARBLE);
    for (int i = 0; i < 20; i++) {
      try {
        remote.call(Call.of("count").within(Duration.ofMillis(200)));
      } catch (InstrumentException e) {
        assertThat(e.kind()).isNotNull();
      }
    }
    proxy.fault(FaultProxy.Fault.NONE);
    proxy.cut();
    Side.await(
        "calls succeed again",
        () -> {
          try {
            return remote.call(Call.of("count").within(Duration.ofSeconds(2))).value() != null;
          } catch (InstrumentException e) {
            return false;
          }
        });
  }

  @Test
  void aPeerThatStopsReadingHoldsUpNobodyElse() throws IOException {
    Address direct = Address.parse("tcp://127.0.0.1:" + directPort());
    try (Side c = new Side("c")) {
      c.use(direct);
      Instrument other = c.instrument(direct, "DMM1");
      List<CompletionStage<?>> large = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        large.add(
            remote.send(
                new Call(
                    "blob",
                    List.of(4 << 20),
                    java.util.Map.of(),
                    Duration.ofSeconds(20),
                    consort.api.Caller.SERVICE,
                    "")));
      }
      proxy.fault(FaultProxy.Fault.STALL);
      long begun = System.nanoTime();
      assertThat(other.call("count")).isNotNull();
      assertThat(millisSince(begun)).isLessThan(3000);
      for (CompletionStage<?> call : large) {
        assertThat(call.toCompletableFuture())
            .satisfiesAnyOf(
                done -> assertThat(done).succeedsWithin(Duration.ofSeconds(10)),
                done ->
                    assertThat(done)
                        .failsWithin(Duration.ofSeconds(10))
                        .withThrowableOfType(ExecutionException.class)
                        .withCauseInstanceOf(InstrumentException.class));
      }
      Side.await("its session ends", () -> a.sessions() == 1);
    }
  }

  private int directPort() throws IOException {
    return a.listenAgain("tcp://127.0.0.1:0").port();
  }

  @Test
  void aConnectionThatArrivesAfterTheOneMadeAfterItDisturbsNothing() {
    proxy.hold(true);
    proxy.cut();
    Side.await("it has given up a connection and made another", () -> proxy.waiting() == 2);
    proxy.passNewest();
    Side.await("they are connected", client::connected);
    CompletionStage<?> call = remote.send(Call.of("hold").within(Duration.ofSeconds(30)));
    Side.await("the driver works", () -> counted.get() == 2);

    long accepted = proxy.accepted();
    proxy.hold(false);
    Side.await("the older one has come and gone", () -> proxy.open() == 1 && a.sessions() == 1);
    release.countDown();
    assertThat(call).succeedsWithin(Duration.ofSeconds(10));
    assertThat(counted).hasValue(2);
    assertThat(b.offered).hasSize(1);
    assertThat(proxy.accepted()).as("no connection was needed more").isEqualTo(accepted);
  }

  @Test
  void aConnectionThatIsClosedInOneDirectionIsMadeAgain() throws IOException {
    CompletionStage<?> call = remote.send(Call.of("hold").within(Duration.ofSeconds(30)));
    Side.await("the driver works", () -> counted.get() == 2);
    proxy.halfClose();

    assertThat(call.toCompletableFuture())
        .failsWithin(Duration.ofSeconds(5))
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(TimedOut.class);
    release.countDown();
    Side.await("they are connected again", () -> client.connected() && proxy.accepted() == 2);
    assertThat(remote.call("count")).isEqualTo(3);
    Side.await("one session is left", () -> a.sessions() == 1);
  }

  @Test
  void aLongWayCostsTimeAndNothingElse() {
    proxy.delay(Duration.ofMillis(60));
    long begun = System.nanoTime();
    List<CompletionStage<?>> calls = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      calls.add(remote.send(Call.of("count").within(Duration.ofSeconds(20))));
    }
    calls.forEach(call -> assertThat(call).succeedsWithin(Duration.ofSeconds(20)));

    assertThat(counted).hasValue(101);
    // There and back; one after the other they would need twelve seconds.
    assertThat(millisSince(begun)).isBetween(120L, 6_000L);
    assertThat(proxy.accepted()).isEqualTo(1);
  }

  @Test
  void aPeerThatEndsSaysFarewell() {
    a.deafen();
    Side.await("it is noticed", () -> !client.connected());
    assertThat(client.reason()).isNotEmpty();
  }
}
