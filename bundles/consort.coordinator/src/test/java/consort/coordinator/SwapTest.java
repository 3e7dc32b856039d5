// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.Call;
import consort.api.Reason;
import consort.api.Result;
import consort.api.State;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.Reconnect;
import consort.api.coordinator.SwapOutcome;
import consort.api.coordinator.SwapStatus;
import consort.api.driver.Connection;
import consort.api.driver.Driver;
import consort.api.driver.Identity;
import consort.api.driver.SavedState;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.osgi.framework.Version;

/** What a guard hands over and checks when its driver instance is exchanged. */
@Timeout(60)
class SwapTest {

  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);

  /** Limits are this much shorter than in life. */
  private static final int HASTE = 20;

  private final TestWorld world = new TestWorld();
  private final DriverThreads threads = world.threads;
  private final FakeLinks links = world.links;
  private final List<Swap.Blame> blames = world.blames;
  private final CountDownLatch release = new CountDownLatch(1);
  private final Guard guard = new Guard(spec(), world);
  private final EchoDriver old = new EchoDriver();
  private final EchoDriver young = new EchoDriver();

  @BeforeEach
  void begin() {
    world.haste = HASTE;
    guard.want(Plan.anew(spec(), old.source("1.0")));
    becomes(State.READY);
  }

  @AfterEach
  void end() {
    release.countDown();
    guard.close();
    threads.close();
  }

  private static InstrumentSpec spec() {
    return InstrumentSpec.of("ECHO", "echo", Connection.NONE)
        .reconnecting(new Reconnect(true, Duration.ofMillis(100), Duration.ofMillis(200), false));
  }

  /** Moves to a driver with the old one as the way back, and waits until that is over. */
  private SwapOutcome move(DriverSource to) {
    return move(new Plan(Plan.Goal.RUN, spec(), to, back()));
  }

  /** A call that has time, as limits are short here. */
  private CompletableFuture<Result> send(int number) {
    return guard.send(Call.of("echo", number).within(Duration.ofHours(1))).toCompletableFuture();
  }

  private Plan back() {
    return new Plan(Plan.Goal.RUN, guard.lastGood().spec, guard.lastGood().source, null);
  }

  private SwapOutcome move(Plan plan) {
    SwapOutcome before = newest();
    guard.want(plan);
    assertThat(guard.await(() -> newest() != before && guard.settled(), PATIENCE))
        .as(() -> "is exchanged, is " + guard.status())
        .isTrue();
    return guard.swaps().get(0);
  }

  private SwapOutcome newest() {
    return guard.swaps().isEmpty() ? null : guard.swaps().get(0);
  }

  private void becomes(State state) {
    assertThat(guard.await(() -> guard.status().state() == state, PATIENCE))
        .as(() -> "becomes " + state + ", is " + guard.status())
        .isTrue();
  }

  private Object hang() {
    boolean interrupted = false;
    while (release.getCount() > 0) {
      try {
        release.await();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    return interrupted ? 1 : 0;
  }

  private static RuntimeException broken() {
    return new IllegalStateException("it is broken");
  }

  @Test
  void givesTheNewInstanceTheStateOfTheOldOneBeforeAnyCall() throws Exception {
    SavedState state = new SavedState(3, Map.of("offset", 0.25, "counts", List.of(1, 2)));
    old.onSave = () -> state;
    List<Object> order = new CopyOnWriteArrayList<>();
    young.onConnect = () -> order.add("connect");
    young.onSelfTest = () -> "all well" + (order.add("test") ? "" : "!");
    young.onRestore = order::add;
    young.onEcho = n -> order.add(n) ? n : 0;
    SwapOutcome outcome = move(young.source("1.1"));
    assertThat(guard.call("echo", 1)).isEqualTo(1);
    assertThat(order).startsWith("connect", "test", state);
    assertThat(outcome.result()).isEqualTo(SwapOutcome.Result.DONE);
    assertThat(outcome.stateHandedOver()).isTrue();
    assertThat(outcome.selfTest()).isEqualTo("all well");
    assertThat(outcome.from()).isEqualTo("1.0.0");
    assertThat(outcome.to()).isEqualTo("1.1.0");
    assertThat(outcome.times().held()).isPositive();
    assertThat(outcome.times().save()).isPositive();
    assertThat(outcome.reason()).isEmpty();
    assertThat(world.swaps).extracting(SwapStatus::to).containsExactly("1.1.0");
  }

  @Test
  void exchangesADriverThatHandsNothingOver() {
    DriverSource plain =
        new DriverSource(
            "echo",
            Version.parseVersion("1.1"),
            "echo.bundle",
            2,
            () ->
                setup ->
                    new Driver() {
                      @Override
                      public consort.api.InstrumentInfo info() {
                        return EchoDriver.INFO;
                      }

                      @Override
                      public Object call(String command, Map<String, Object> arguments) {
                        return 8;
                      }
                    });
    old.identity = Identity.UNKNOWN;
    guard.want(Plan.anew(spec(), old.source("1.0")));
    assertThat(guard.await(guard::settled, PATIENCE)).isTrue();
    assertThat(move(plain).result()).isEqualTo(SwapOutcome.Result.DONE);
    assertThat(guard.call("echo", 1)).isEqualTo(8);
    assertThat(move(old.source("1.2")).stateHandedOver()).isFalse();
  }

  @Test
  void theVersionThatComesBackGetsItsStateBack() {
    SavedState state = new SavedState(1, Map.of("offset", 0.25));
    old.onSave = () -> state;
    List<SavedState> restored = new CopyOnWriteArrayList<>();
    old.onRestore = restored::add;
    young.onRestore =
        given -> {
          throw broken();
        };
    SwapOutcome outcome = move(young.source("1.1"));
    assertThat(outcome.result()).isEqualTo(SwapOutcome.Result.TAKEN_BACK);
    assertThat(outcome.reason()).isEqualTo("it does not take over the state: it is broken");
    assertThat(outcome.stateHandedOver()).isTrue();
    assertThat(restored).containsExactly(state);
    assertThat(guard.call("echo", 5)).isEqualTo(5);
    assertThat(blames).containsExactly(Swap.Blame.NEW);
  }

  @Test
  void theVersionThatComesBackServesEvenIfItDoesNotTakeItsOwnState() {
    old.onSave = () -> new SavedState(1, Map.of());
    old.onRestore =
        given -> {
          throw broken();
        };
    young.onConnect =
        () -> {
          throw new IllegalStateException("no greeting");
        };
    SwapOutcome outcome = move(young.source("1.1"));
    assertThat(outcome.reason())
        .isEqualTo("no greeting; it does not take over the state: it is broken");
    assertThat(guard.call("echo", 5)).isEqualTo(5);
    assertThat(guard.errors().toString()).contains("does not take over the state");
  }

  static Stream<Arguments> badStates() {
    return Stream.of(
        Arguments.of("it is broken", (java.util.concurrent.Callable<SavedState>) SwapTest::fails),
        Arguments.of(
            "lock is a Object, no dynamic value",
            (java.util.concurrent.Callable<SavedState>)
                () -> new SavedState(1, Map.of("lock", new Object()))),
        Arguments.of(
            "the state is larger than 1048576 bytes",
            (java.util.concurrent.Callable<SavedState>)
                () -> new SavedState(1, Map.of("trace", new byte[SavedState.LARGEST + 1]))));
  }

  private static SavedState fails() {
    throw broken();
  }

  @ParameterizedTest
  @MethodSource("badStates")
  void anInstanceThatCannotGiveItsStateStays(
      String why, java.util.concurrent.Callable<SavedState> save) {
    old.onSave = save;
    SwapOutcome outcome = move(young.source("1.1"));
    assertThat(outcome.result()).isEqualTo(SwapOutcome.Result.TAKEN_BACK);
    assertThat(outcome.reason())
        .isEqualTo(
            "the version before does not give its state: "
                + why
                + "; 'restart ECHO' goes on without");
    assertThat(blames).containsExactly(Swap.Blame.OLD);
    assertThat(young.instances).isEmpty();
    assertThat(old.instances).hasSize(1);
    assertThat(guard.call("echo", 5)).isEqualTo(5);
    assertThat(links.last().resynchronised).as("what it began to ask is cleared away").isEqualTo(1);
  }

  @Test
  void anInstanceThatMustGoGoesWithoutItsStateWhereItCannotGiveIt() {
    old.onSave = SwapTest::fails;
    SwapOutcome outcome = move(new Plan(Plan.Goal.RUN, spec(), young.source("1.1"), null));
    assertThat(outcome.result()).isEqualTo(SwapOutcome.Result.DONE);
    assertThat(outcome.reason()).startsWith("without the state: ");
    assertThat(guard.status().driverVersion()).isEqualTo("1.1.0");
  }

  @Test
  void anInstanceThatNeverComesBackFromSavingIsGivenUp() {
    old.onSave = () -> new SavedState((Integer) hang(), Map.of());
    SwapOutcome outcome = move(young.source("1.1"));
    assertThat(outcome.result()).isEqualTo(SwapOutcome.Result.DONE);
    assertThat(outcome.stateHandedOver()).isFalse();
    assertThat(guard.status().stuckThreads()).isEqualTo(1);
    assertThat(guard.errors().toString()).contains("did not return from saving its state");
  }

  /** What a bad version does, and the reason that is given. */
  static Stream<Arguments> badVersions() {
    return Stream.of(
        bad("it is broken", d -> d.onMake = SwapTest::fails),
        bad("it is broken", d -> d.onConnect = SwapTest::fails),
        bad("its self-test failed: it is broken", d -> d.onSelfTest = () -> fails().toString()),
        bad(
            "it finds Acme Echo 8, the version before found Acme Echo 7",
            d -> d.identity = new Identity("Acme", "Echo", "8", "1")),
        bad(
            "it finds no identity, the version before found Acme Echo 7",
            d -> d.identity = Identity.UNKNOWN));
  }

  private static Arguments bad(String why, Consumer<EchoDriver> fault) {
    return Arguments.of(why, fault);
  }

  @ParameterizedTest
  @MethodSource("badVersions")
  void aBadVersionIsTakenBackAndTheCallThatWaitsSucceeds(String why, Consumer<EchoDriver> fault)
      throws Exception {
    fault.accept(young);
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    old.onEcho =
        n -> {
          running.countDown();
          await(go);
          return n;
        };
    CompletableFuture<Result> first = send(1);
    running.await();
    CompletableFuture<SwapOutcome> outcome =
        CompletableFuture.supplyAsync(() -> move(young.source("1.1")), threads::run);
    assertThat(guard.await(() -> guard.swapStatus() != null, PATIENCE)).isTrue();
    CompletableFuture<Result> second = send(2);
    go.countDown();
    assertThat(first.get(20, TimeUnit.SECONDS).value()).isEqualTo(1);
    assertThat(second.get(20, TimeUnit.SECONDS).value()).isEqualTo(2);
    assertThat(outcome.get(20, TimeUnit.SECONDS).result()).isEqualTo(SwapOutcome.Result.TAKEN_BACK);
    assertThat(outcome.get().reason()).isEqualTo(why);
    assertThat(outcome.get().callsHeld()).isEqualTo(1);
    assertThat(guard.status().driverVersion()).isEqualTo("1.0.0");
    assertThat(guard.status().state()).isEqualTo(State.READY);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aVersionThatHangsWhileItConnectsIsTakenBack() {
    young.onConnect = this::hang;
    SwapOutcome outcome = move(young.source("1.1"));
    assertThat(outcome.result()).isEqualTo(SwapOutcome.Result.TAKEN_BACK);
    assertThat(outcome.reason()).startsWith("the driver did not return from connecting");
    assertThat(guard.call("echo", 5)).isEqualTo(5);
  }

  @Test
  void otherFirmwareIsTheSameHardware() {
    young.identity = new Identity("Acme", "Echo", "7", "2");
    assertThat(move(young.source("1.1")).result()).isEqualTo(SwapOutcome.Result.DONE);
  }

  @Test
  void aFileWithOtherSettingsMayFindOtherHardware() {
    old.identity = new Identity("Acme", "Echo", "8", "1");
    old.onSave = () -> new SavedState(1, Map.of());
    InstrumentSpec elsewhere =
        InstrumentSpec.of("ECHO", "echo", Connection.visa("TCPIP::h::1::SOCKET"));
    SwapOutcome outcome = move(new Plan(Plan.Goal.RUN, elsewhere, old.source("1.0"), back()));
    assertThat(outcome.result()).isEqualTo(SwapOutcome.Result.DONE);
    assertThat(outcome.stateHandedOver()).as("it is that of other hardware").isFalse();
  }

  @Test
  void startupCommandsAreNotSentAgainToHardwareThatHasThem() {
    InstrumentSpec commanded = InstrumentSpec.of("ECHO", "echo", Connection.NONE).beginning("*RST");
    // These links refuse to be opened, so that sending shows as a failure.
    SwapOutcome changed = move(new Plan(Plan.Goal.RUN, commanded, old.source("1.0"), back()));
    assertThat(changed.result()).isEqualTo(SwapOutcome.Result.TAKEN_BACK);
    assertThat(changed.reason()).contains("there are no links here");
    Instance.Entry entry =
        new Swap(
                new Plan(Plan.Goal.RUN, spec(), young.source("1.1"), null),
                new Instance(
                    new Plan(Plan.Goal.RUN, spec(), old.source("1.0"), null),
                    null,
                    made -> links.session("ECHO", lost -> {})),
                0)
            .entry(new Plan(Plan.Goal.RUN, spec(), young.source("1.1"), null));
    assertThat(entry.startup()).isFalse();
  }

  @Test
  void saysWhatIsWaitedForAndMovesWhenItIsOver() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    CountDownLatch running = new CountDownLatch(1);
    old.onEcho =
        n -> {
          running.countDown();
          await(go);
          return n;
        };
    CompletableFuture<Result> first = send(1);
    running.await();
    guard.want(new Plan(Plan.Goal.RUN, spec(), young.source("1.1"), back()));
    assertThat(guard.swapStatus().text()).isEqualTo("waiting: ECHO has been in echo for 0 s");
    SwapStatus postponed = guard.postpone();
    assertThat(postponed.postponed()).isTrue();
    assertThat(postponed.text()).isEqualTo("postponed: ECHO has been in echo for 0 s");
    assertThat(guard.postpone()).as("it is told once").isNull();
    CompletableFuture<Result> behind = send(2);
    go.countDown();
    assertThat(first.get(20, TimeUnit.SECONDS).value()).isEqualTo(1);
    assertThat(behind.get(20, TimeUnit.SECONDS).value()).isEqualTo(2);
    assertThat(young.seen).containsExactly(2);
    assertThat(guard.swapStatus()).isNull();
  }

  @Test
  void holdsCallsForADriverThatComesBackAndHandsTheStateOver() throws Exception {
    SavedState state = new SavedState(1, Map.of("offset", 1.5));
    old.onSave = () -> state;
    List<SavedState> restored = new CopyOnWriteArrayList<>();
    young.onRestore = restored::add;
    guard.want(new Plan(Plan.Goal.RUN, spec(), null, null));
    assertThat(guard.await(() -> guard.source() == null, PATIENCE)).isTrue();
    assertThat(guard.status().state()).isEqualTo(State.SWAPPING);
    CompletableFuture<Result> held = send(3);
    guard.want(new Plan(Plan.Goal.RUN, spec(), young.source("1.1"), null));
    assertThat(held.get(20, TimeUnit.SECONDS).value()).isEqualTo(3);
    assertThat(restored).containsExactly(state);
    assertThat(guard.swaps()).hasSize(1);
    assertThat(guard.swaps().get(0).to()).isEqualTo("1.1.0");
  }

  @Test
  void holdsCallsNoLongerThanItsLimit() {
    guard.want(new Plan(Plan.Goal.RUN, spec(), null, null));
    CompletableFuture<Result> held = send(3);
    assertThat(held)
        .failsWithin(Duration.ofSeconds(20))
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withMessageContaining("no driver echo is installed");
    assertThat(guard.status().reason()).isEqualTo(Reason.NO_DRIVER);
    assertThat(guard.swaps()).isEmpty();
  }

  @Test
  void holdsCallsWhileTheBytesOfAVersionThatCannotGoBackByItselfArePutBack() throws Exception {
    SavedState state = new SavedState(1, Map.of("offset", 1.5));
    old.onSave = () -> state;
    List<SavedState> restored = new CopyOnWriteArrayList<>();
    old.onRestore = restored::add;
    young.onConnect = SwapTest::fails;
    guard.want(new Plan(Plan.Goal.RUN, spec(), null, null));
    guard.want(new Plan(Plan.Goal.RUN, spec(), young.source("1.1"), null));
    assertThat(guard.await(() -> !guard.swaps().isEmpty(), PATIENCE)).isTrue();
    assertThat(guard.swaps().get(0).result()).isEqualTo(SwapOutcome.Result.FAILED);
    CompletableFuture<Result> held = send(3);
    guard.want(new Plan(Plan.Goal.RUN, spec(), null, null));
    guard.want(new Plan(Plan.Goal.RUN, spec(), old.source("1.0"), null));
    assertThat(held.get(20, TimeUnit.SECONDS).value()).isEqualTo(3);
    assertThat(restored).containsExactly(state);
    SwapOutcome outcome = guard.swaps().get(0);
    assertThat(outcome.result()).isEqualTo(SwapOutcome.Result.TAKEN_BACK);
    assertThat(outcome.to()).isEqualTo("1.1.0");
    assertThat(outcome.reason()).isEqualTo("it is broken");
  }

  @Test
  void saysThatNeitherVersionWorks() {
    young.onConnect = SwapTest::fails;
    old.onConnect =
        () -> {
          throw new IllegalStateException("unplugged");
        };
    int before = guard.swaps().size();
    guard.want(new Plan(Plan.Goal.RUN, spec(), young.source("1.1"), back()));
    assertThat(guard.await(() -> guard.swaps().size() > before, PATIENCE)).isTrue();
    assertThat(guard.swaps().get(0).result()).isEqualTo(SwapOutcome.Result.FAILED);
    assertThat(guard.swaps().get(0).reason())
        .isEqualTo("it is broken; the old version does not come back: unplugged");
    assertThat(blames).containsExactly(Swap.Blame.NOBODY);
  }

  @Test
  void aRestartHandsNothingOverAndIsNoExchange() {
    old.onSave = SwapTest::fails;
    guard.want(Plan.anew(spec(), young.source("1.1")));
    assertThat(
            guard.await(
                () -> guard.settled() && guard.source().version().getMinor() == 1, PATIENCE))
        .isTrue();
    assertThat(guard.swaps()).isEmpty();
  }

  @Test
  void remembersTheLastTen() {
    for (int i = 1; i <= 12; i++) {
      move(old.source("1." + i));
    }
    assertThat(guard.swaps()).hasSize(10);
    assertThat(guard.swaps().get(0).toString()).matches("1.11.0 to 1.12.0: done in [\\d.]+ ms");
  }
}
