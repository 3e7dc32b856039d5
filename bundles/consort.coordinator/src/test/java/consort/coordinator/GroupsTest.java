// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Call;
import consort.api.ErrorCode;
import consort.api.Faulted;
import consort.api.Instrument;
import consort.api.Refused;
import consort.api.State;
import consort.api.TimedOut;
import consort.api.Unreachable;
import consort.api.coordinator.Group;
import consort.api.coordinator.GroupResult;
import consort.api.coordinator.InstrumentSpec;
import consort.api.driver.Armable;
import consort.api.driver.Connection;
import consort.api.driver.InstrumentType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.osgi.framework.Version;

/** Groups and their barriers, over guards with real threads. */
@Timeout(180)
class GroupsTest {

  private static final int MOST = 50;
  private static final int ROUNDS = 10_000;

  private final TestWorld world = new TestWorld();
  private final Map<String, Guard> guards = new ConcurrentHashMap<>();
  private final DefaultGroups groups = new DefaultGroups(world, this::participant);

  /** Whether an instrument is at another node. */
  private volatile Predicate<String> away = name -> false;

  private final CountDownLatch release = new CountDownLatch(1);

  /** What a driver did: when it was entered and left, in its own time. */
  record Visit(String instrument, int step, long entered, long left) {}

  private final ConcurrentLinkedQueue<Visit> visits = new ConcurrentLinkedQueue<>();

  /** What a participant does when it is called. */
  enum Mood {
    QUICK,
    SLOW,
    FAULT,
    UNPLUGGED,
    LATE,
    HANG
  }

  /** A participant. */
  @InstrumentType
  interface Part {
    /** Does a step. */
    int act(int step, Mood mood);
  }

  private final class PartDriver implements Part {
    private final String name;

    PartDriver(String name) {
      this.name = name;
    }

    @Override
    public int act(int step, Mood mood) {
      long entered = System.nanoTime();
      switch (mood) {
        case QUICK -> {}
        case SLOW -> work(ThreadLocalRandom.current().nextLong(300_000));
        case FAULT -> throw new Faulted(-200, "execution error");
        case UNPLUGGED -> throw new Unreachable(ErrorCode.NO_LINK, "the peer hung up");
        case LATE -> work(30_000_000);
        case HANG -> hang();
      }
      visits.add(new Visit(name, step, entered, System.nanoTime()));
      return step;
    }
  }

  private static void work(long nanos) {
    long until = System.nanoTime() + nanos;
    while (until - System.nanoTime() > 0) {
      LockSupport.parkNanos(until - System.nanoTime());
    }
  }

  private void hang() {
    while (release.getCount() > 0) {
      try {
        release.await();
      } catch (InterruptedException e) {
        // ignores it
      }
    }
  }

  @AfterEach
  void end() {
    release.countDown();
    guards.values().forEach(Guard::close);
    world.threads.close();
  }

  private Instrument participant(String name) {
    Guard guard = guard(name);
    return away.test(name) ? new Away(guard, null, world.threads) : guard;
  }

  private Guard guard(String name) {
    Guard guard = guards.get(name);
    if (guard == null) {
      throw new Refused(ErrorCode.UNKNOWN_INSTRUMENT, "there is no instrument '" + name + "'");
    }
    return guard;
  }

  private void make(String name, Object driver) {
    InstrumentSpec spec = InstrumentSpec.of(name, "part", Connection.NONE);
    Guard guard = new Guard(spec, world);
    DriverSource source =
        new DriverSource("part", Version.parseVersion("1"), "part", 1, () -> setup -> driver);
    guard.want(new Plan(Plan.Goal.RUN, spec, source, null));
    assertThat(
            guard.await(() -> guard.status().state() == State.READY, TimeUnit.SECONDS.toNanos(20)))
        .isTrue();
    guards.put(name, guard);
  }

  private List<String> parts(int count) {
    List<String> names = IntStream.range(0, count).mapToObj(i -> "P" + i).toList();
    names.stream()
        .filter(name -> !guards.containsKey(name))
        .forEach(name -> make(name, new PartDriver(name)));
    return names;
  }

  private static Group.Step step(String name, int step, Mood mood) {
    return Group.Step.of(name, "act", step, mood);
  }

  private static Group.Step[] all(List<String> names, int step, Mood mood) {
    return names.stream().map(name -> step(name, step, mood)).toArray(Group.Step[]::new);
  }

  private long entered(int step) {
    return visits.stream()
        .filter(v -> v.step == step)
        .mapToLong(Visit::entered)
        .min()
        .orElseThrow();
  }

  private long left(int step) {
    return visits.stream().filter(v -> v.step == step).mapToLong(Visit::left).max().orElseThrow();
  }

  /** A bench of a supply and a meter in one. */
  @InstrumentType
  interface Bench {
    /** Sets. */
    void setVoltage(double voltage);

    /** Measures. */
    double measureVoltage();
  }

  private static final class BenchDriver implements Bench {
    private volatile double voltage;

    @Override
    public void setVoltage(double voltage) {
      this.voltage = voltage;
    }

    @Override
    public double measureVoltage() {
      return voltage;
    }
  }

  @Test
  void theExampleOfTheDocuments() {
    List.of("PSU1", "PSU2", "DMM1").forEach(name -> make(name, new BenchDriver()));

    Group scan =
        Group.startTogether(
                Group.Step.of("PSU1", "set_voltage", 3.3),
                Group.Step.of("PSU2", "set_voltage", 5.0))
            .barrier(Group.Step.of("DMM1", "measure_voltage"))
            .within(Duration.ofSeconds(2));
    GroupResult result = groups.run(scan).orThrow();
    Object reading = result.outcomes().get(2).result().value();
    Duration skew = result.skew(0);

    assertThat(reading).isEqualTo(0.0);
    assertThat(skew).isPositive();
  }

  @Test
  void runsDifferentInstrumentsAtOnceAndOneInstrumentInOrder() {
    parts(3);
    GroupResult result =
        groups.run(
            Group.parallel(
                step("P0", 1, Mood.LATE),
                step("P1", 1, Mood.LATE),
                step("P2", 1, Mood.LATE),
                step("P0", 2, Mood.QUICK)));
    assertThat(result.orThrow().succeeded()).isTrue();
    long first =
        visits.stream().filter(v -> v.step == 1).mapToLong(Visit::left).min().orElseThrow();
    assertThat(entered(1))
        .as("all were in their driver before the first came back")
        .isLessThan(first);
    assertThat(
            visits.stream().filter(v -> v.step == 1).mapToLong(Visit::entered).max().orElseThrow())
        .isLessThan(first);
    Visit second = visits.stream().filter(v -> v.step == 2).findFirst().orElseThrow();
    Visit before =
        visits.stream()
            .filter(v -> v.step == 1 && v.instrument.equals("P0"))
            .findFirst()
            .orElseThrow();
    assertThat(second.entered).isGreaterThanOrEqualTo(before.left);
    assertThat(result.outcomes())
        .extracting(o -> o.step().instrument())
        .containsExactly("P0", "P1", "P2", "P0");
  }

  @Test
  void theSecondStepOfAnInstrumentDoesNotLoseItsDeadlineToTheFirst() {
    parts(1);
    Call slow = Call.of("act", 1, Mood.LATE).within(Duration.ofSeconds(5));
    Call quick = Call.of("act", 2, Mood.QUICK).within(Duration.ofMillis(20));
    GroupResult result =
        groups.run(Group.parallel(new Group.Step("P0", slow), new Group.Step("P0", quick)));
    assertThat(result.orThrow().succeeded()).isTrue();
  }

  @Test
  void nobodyPassesTheBarrierBeforeTheSlowestHasArrived() {
    List<String> names = parts(5);
    Group.Step[] first = all(names, 1, Mood.QUICK);
    first[3] = step("P3", 1, Mood.LATE);
    assertThat(groups.run(Group.parallel(first).barrier(all(names, 2, Mood.QUICK))).succeeded())
        .isTrue();
    assertThat(entered(2)).isGreaterThanOrEqualTo(left(1));
  }

  @Test
  void aFailingParticipantEndsTheGroupForEverybodyAndIsNamed() {
    List<String> names = parts(3);
    Group.Step[] first = all(names, 1, Mood.QUICK);
    first[1] = step("P1", 1, Mood.FAULT);
    GroupResult result = groups.run(Group.parallel(first).barrier(all(names, 2, Mood.QUICK)));
    assertThat(result.failure()).hasMessage("P1 left the group: execution error");
    assertThat(result.failure().code()).isEqualTo(ErrorCode.BARRIER_BROKEN);
    assertThat(result.failure().origin().instrument()).isEqualTo("P1");
    assertThat(result.outcomes().get(0).result()).isNotNull();
    assertThat(result.outcomes().get(3).error())
        .hasMessage("P0.act was not sent: P1 left the group: execution error");
    assertThat(visits).noneMatch(v -> v.step == 2);
    assertThatThrownBy(result::orThrow).isSameAs(result.failure());
  }

  @Test
  void withThePolicyContinueTheOthersGoOnAndTheResultIsDegraded() {
    List<String> names = parts(3);
    Group.Step[] first = all(names, 1, Mood.QUICK);
    first[1] = step("P1", 1, Mood.FAULT);
    GroupResult result =
        groups.run(
            Group.parallel(first).barrier(all(names, 2, Mood.QUICK)).policy(Group.Policy.CONTINUE));
    assertThat(result.degraded()).isTrue();
    assertThat(result.failure()).isNull();
    assertThat(result.outcomes().get(3).result()).isNotNull();
    assertThat(result.outcomes().get(4).error())
        .hasMessage("P1.act was not sent: P1 has left the group before");
  }

  @Test
  void refusesAGroupWithAnUnknownInstrumentBeforeAnythingIsSent() {
    parts(1);
    assertThatThrownBy(
            () ->
                groups.run(
                    Group.parallel(step("P0", 1, Mood.QUICK)).barrier(step("X", 1, Mood.QUICK))))
        .hasMessageContaining("there is no instrument 'X'");
    assertThat(visits).isEmpty();
  }

  @Test
  void startsTogetherWhenTheLastIsReady() throws Exception {
    List<String> names = parts(4);
    var busy = guard("P2").send(Call.of("act", 0, Mood.LATE));
    GroupResult result = groups.run(Group.startTogether(all(names, 1, Mood.QUICK)));
    assertThat(result.orThrow().succeeded()).isTrue();
    busy.toCompletableFuture().get(20, TimeUnit.SECONDS);
    assertThat(entered(1)).as("nobody began before P2 was free").isGreaterThanOrEqualTo(left(0));
    assertThat(result.skew(0)).isPositive().isLessThan(Duration.ofSeconds(1));
  }

  @Test
  void aStartTogetherThatSomebodyMissesSendsNothing() {
    List<String> names = parts(3);
    var busy = guard("P1").send(Call.of("act", 0, Mood.HANG).within(Duration.ofMinutes(1)));
    GroupResult result =
        groups.run(Group.startTogether(all(names, 1, Mood.QUICK)).within(Duration.ofMillis(500)));
    assertThat(result.failure())
        .hasMessage("P1 left the group: P1.act was not sent: P1 was not ready within 0.5 s");
    assertThat(result.outcomes().get(0).error().code()).isEqualTo(ErrorCode.BARRIER_BROKEN);
    assertThat(visits).noneMatch(v -> v.step == 1);
    release.countDown();
    assertThat(busy.toCompletableFuture()).succeedsWithin(Duration.ofSeconds(20));
    assertThat(groups.run(Group.startTogether(all(names, 2, Mood.QUICK))).orThrow().succeeded())
        .isTrue();
  }

  @Test
  void withThePolicyContinueTheOthersStartWithoutTheOneThatIsLate() {
    List<String> names = parts(3);
    guard("P1").send(Call.of("act", 0, Mood.HANG).within(Duration.ofMinutes(1)));
    GroupResult result =
        groups.run(
            Group.startTogether(all(names, 1, Mood.QUICK))
                .within(Duration.ofMillis(500))
                .policy(Group.Policy.CONTINUE));
    assertThat(result.degraded()).isTrue();
    assertThat(result.outcomes()).filteredOn(o -> o.result() != null).hasSize(2);
  }

  @Test
  void instrumentsOfOtherNodesBeginWithThoseOfThisOne() throws Exception {
    List<String> names = parts(4);
    away = name -> !name.equals("P0");
    var busy = guard("P2").send(Call.of("act", 0, Mood.LATE));
    GroupResult result =
        groups.run(
            Group.startTogether(all(names, 1, Mood.QUICK)).barrier(all(names, 2, Mood.QUICK)));
    assertThat(result.orThrow().succeeded()).isTrue();
    busy.toCompletableFuture().get(20, TimeUnit.SECONDS);
    assertThat(entered(1)).as("nobody began before P2 was free").isGreaterThanOrEqualTo(left(0));
    assertThat(entered(2)).isGreaterThanOrEqualTo(left(1));
    assertThat(result.skew(0)).isLessThan(Duration.ofSeconds(1));
  }

  @Test
  void oneOfAnotherNodeThatIsNotReadyInTimeSendsNothingAnywhere() throws Exception {
    List<String> names = parts(3);
    away = name -> !name.equals("P0");
    var busy = guard("P1").send(Call.of("act", 0, Mood.HANG).within(Duration.ofMinutes(1)));
    GroupResult result =
        groups.run(Group.startTogether(all(names, 1, Mood.QUICK)).within(Duration.ofMillis(500)));
    assertThat(result.failure())
        .hasMessage("P1 left the group: P1.act was not sent: P1 was not ready within 0.5 s");
    assertThat(result.outcomes().get(0).error().code()).isEqualTo(ErrorCode.BARRIER_BROKEN);
    assertThat(result.outcomes().get(2).error().code()).isEqualTo(ErrorCode.BARRIER_BROKEN);
    release.countDown();
    busy.toCompletableFuture().get(20, TimeUnit.SECONDS);
    assertThat(groups.run(Group.startTogether(all(names, 2, Mood.QUICK))).orThrow().succeeded())
        .isTrue();
    assertThat(visits).noneMatch(v -> v.step == 1);
  }

  @Test
  void theSecondStepOfOneElsewhereDoesNotLoseItsDeadlineToTheFirst() {
    parts(1);
    away = name -> true;
    Call slow = Call.of("act", 1, Mood.LATE).within(Duration.ofSeconds(5));
    Call quick = Call.of("act", 2, Mood.QUICK).within(Duration.ofMillis(20));
    GroupResult result =
        groups.run(Group.parallel(new Group.Step("P0", slow), new Group.Step("P0", quick)));
    assertThat(result.orThrow().succeeded()).isTrue();
  }

  @Test
  void aCallThatWasMadeReadyBeginsAtTheSignalAndItsDeadlineRunsFromThen() throws Exception {
    parts(1);
    CountDownLatch ready = new CountDownLatch(1);
    var start =
        guard("P0")
            .prepare(
                Call.of("act", 1, Mood.HANG).within(Duration.ofMillis(50)),
                Duration.ofMinutes(1),
                ready::countDown);
    assertThat(ready.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(visits).isEmpty();
    assertThat(start.result().toCompletableFuture()).isNotDone();
    start.begin();
    assertThat(start.result().toCompletableFuture())
        .failsWithin(Duration.ofSeconds(20))
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withCauseInstanceOf(TimedOut.class)
        .withMessageContaining("no answer within 0.05 s");
  }

  @Test
  void aCallThatWasMadeReadyIsTakenBackWithoutATrace() throws Exception {
    Armed armed = new Armed();
    make("ARMED", armed);
    CountDownLatch ready = new CountDownLatch(1);
    var start =
        guard("ARMED")
            .prepare(Call.of("act", 1, Mood.QUICK), Duration.ofMinutes(1), ready::countDown);
    assertThat(ready.await(20, TimeUnit.SECONDS)).isTrue();
    start.abort("P7 did not come");
    assertThat(start.result().toCompletableFuture())
        .failsWithin(Duration.ofSeconds(20))
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withMessageContaining("ARMED.act was not sent: P7 did not come");
    start.begin();
    assertThat(
            guard("ARMED")
                .await(() -> guard("ARMED").phase() == Phase.READY, TimeUnit.SECONDS.toNanos(20)))
        .isTrue();
    assertThat(armed.seen).containsExactly("arm act 1", "disarm");
  }

  @Test
  void aCallThatIsNotToldToBeginGivesItsInstrumentBack() {
    parts(1);
    var start =
        guard("P0")
            .prepare(
                Call.of("act", 1, Mood.QUICK).within(Duration.ofMillis(50)),
                Duration.ofMillis(50),
                () -> {});
    assertThat(start.result().toCompletableFuture()).failsWithin(Duration.ofSeconds(20));
    assertThat(guard("P0").call("act", 2, Mood.QUICK)).isEqualTo(2);
    assertThat(visits).noneMatch(v -> v.step == 1);
  }

  /** A driver that can be armed. */
  private static final class Armed implements Part, Armable {
    final List<String> seen = new ArrayList<>();

    @Override
    public synchronized boolean arm(String command, Map<String, Object> arguments) {
      seen.add("arm " + command + " " + arguments.get("step"));
      return true;
    }

    @Override
    public synchronized Object trigger() {
      seen.add("trigger");
      return 9;
    }

    @Override
    public synchronized void disarm() {
      seen.add("disarm");
    }

    @Override
    public int act(int step, Mood mood) {
      throw new IllegalStateException("an armed driver is triggered");
    }
  }

  @Test
  void armsADriverThatCanBeArmedAndDisarmsItWhenTheStartIsOff() {
    Armed armed = new Armed();
    make("ARMED", armed);
    parts(1);
    GroupResult result =
        groups.run(Group.startTogether(step("ARMED", 1, Mood.QUICK), step("P0", 1, Mood.QUICK)));
    assertThat(result.orThrow().outcomes().get(0).result().value()).isEqualTo(9);
    assertThat(armed.seen).containsExactly("arm act 1", "trigger");

    armed.seen.clear();
    guard("P0").send(Call.of("act", 0, Mood.HANG).within(Duration.ofMinutes(1)));
    groups.run(
        Group.startTogether(step("ARMED", 2, Mood.QUICK), step("P0", 2, Mood.QUICK))
            .within(Duration.ofMillis(500)));
    assertThat(armed.seen).containsExactly("arm act 2", "disarm");
  }

  @Test
  void cancelReachesTheRunningCallAndThoseThatWait() {
    parts(1);
    Guard guard = guard("P0");
    var running = guard.send(Call.of("act", 1, Mood.LATE)).toCompletableFuture();
    assertThat(guard.await(() -> guard.phase() == Phase.BUSY, TimeUnit.SECONDS.toNanos(20)))
        .isTrue();
    var waiting = guard.send(Call.of("act", 2, Mood.QUICK)).toCompletableFuture();
    assertThat(guard.cancel("anna cancelled it")).isEqualTo(2);
    assertThat(running)
        .failsWithin(Duration.ofSeconds(20))
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withCauseInstanceOf(TimedOut.class)
        .withMessageContaining("P0.act was cancelled: anna cancelled it; its effect is unknown");
    assertThat(waiting)
        .failsWithin(Duration.ofSeconds(20))
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withCauseInstanceOf(Refused.class);
    assertThat(guard.call("act", 3, Mood.QUICK)).isEqualTo(3);
    assertThat(visits).noneMatch(v -> v.step == 2);
  }

  /** What is wrong with a participant. */
  enum Trouble {
    /** The instrument reports an error. */
    FAULT(Mood.FAULT),
    /** Its link is lost in the middle of the call. */
    UNPLUGGED(Mood.UNPLUGGED),
    /** It answers behind its deadline. */
    LATE(Mood.LATE),
    /** It never comes back. */
    HANG(Mood.HANG),
    /** Its guard refuses the call. */
    REFUSES(Mood.QUICK),
    /** It was stopped before. */
    STOPPED(Mood.QUICK),
    /** It is stopped while the group runs. */
    DIES(Mood.SLOW);

    private final Mood mood;

    Trouble(Mood mood) {
      this.mood = mood;
    }

    boolean isSlow() {
      return this == LATE || this == HANG;
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {3, 20261121})
  void holdsThroughRandomRounds(long seed) {
    Random random = new Random(seed);
    parts(MOST);
    Map<Trouble, Integer> met = new TreeMap<>();
    for (int round = 0; round < ROUNDS / 2; round++) {
      visits.clear();
      List<String> names = parts(2 + random.nextInt(MOST - 1));
      int near = random.nextInt(4);
      away = name -> near > 0 && name.hashCode() % 3 >= near;
      Map<String, Trouble> troubles = new TreeMap<>();
      if (random.nextInt(15) == 0) {
        for (int i = random.nextInt(4) == 0 ? 3 : 1; i > 0; i--) {
          Trouble trouble =
              random.nextInt(4) == 0
                  ? Trouble.values()[random.nextInt(Trouble.values().length)]
                  : Trouble.FAULT;
          // A thread that hangs stays until the end.
          boolean enough = trouble == Trouble.HANG && met.getOrDefault(trouble, 0) >= 8;
          trouble = enough ? Trouble.LATE : trouble;
          troubles.put(names.get(random.nextInt(names.size())), trouble);
          met.merge(trouble, 1, Integer::sum);
        }
      }
      try {
        round(10 + 2 * round, random, names, troubles);
      } catch (AssertionError e) {
        throw new AssertionError("seed " + seed + ", round " + round + ": " + troubles, e);
      }
    }
    assertThat(met).containsOnlyKeys(Trouble.values());
    assertThat(met.values()).allMatch(times -> times > 2);
  }

  private void round(int one, Random random, List<String> names, Map<String, Trouble> troubles) {
    boolean onwards = random.nextBoolean();
    boolean together = random.nextInt(4) == 0;
    Group.Step[] first =
        names.stream()
            .map(name -> firstStep(name, one, random, troubles.get(name)))
            .toArray(Group.Step[]::new);
    Group group =
        (together ? Group.startTogether(first) : Group.parallel(first))
            .barrier(all(names, one + 1, Mood.QUICK))
            .policy(onwards ? Group.Policy.CONTINUE : Group.Policy.ABORT)
            .within(Duration.ofSeconds(together ? 20 : 1));
    troubles.forEach((name, trouble) -> prepare(guard(name), trouble));
    long begin = System.nanoTime();
    GroupResult result = groups.run(group);

    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(30));
    assertThat(result.outcomes()).hasSize(2 * names.size());
    assertThat(result.succeeded())
        .isEqualTo(result.failure() == null && !result.degraded())
        .isEqualTo(result.outcomes().stream().allMatch(o -> o.result() != null));
    assertNobodyWasEarly(one, result);
    if (troubles.isEmpty()) {
      assertThat(result.orThrow().succeeded()).isTrue();
    } else if (troubles.values().stream().allMatch(GroupsTest::isCertain)) {
      assertThat(result.succeeded()).isFalse();
    }
    if (result.failure() != null) {
      assertThat(result.degraded()).isFalse();
      assertThat(onwards).isFalse();
      assertThat(troubles).containsKey(result.failure().origin().instrument());
      assertThat(result.failure())
          .hasMessageStartingWith(result.failure().origin().instrument() + " left the group: ");
      if (failedIn(result, 0)) {
        assertThat(visits).noneMatch(v -> v.step == one + 1);
      }
    }
    // Whoever fails is one that had trouble, or could not go on because of one.
    assertThat(result.outcomes())
        .filteredOn(o -> o.error() != null && o.error().code() != ErrorCode.BARRIER_BROKEN)
        .extracting(o -> o.step().instrument())
        .isSubsetOf(troubles.keySet());
    if (onwards) {
      assertThat(result.outcomes())
          .filteredOn(o -> o.error() != null)
          .extracting(o -> o.step().instrument())
          .isSubsetOf(troubles.keySet());
    }
    // The next round wants all.
    troubles.keySet().forEach(name -> guards.remove(name).close());
  }

  private static boolean failedIn(GroupResult result, int block) {
    return result.outcomes().stream().anyMatch(o -> o.block() == block && o.error() != null);
  }

  /** A late thread of this test may see an answer that came in time after all. */
  private static boolean isCertain(Trouble trouble) {
    return trouble != Trouble.LATE && trouble != Trouble.DIES;
  }

  private static Group.Step firstStep(String name, int one, Random random, Trouble trouble) {
    Mood calm = random.nextInt(30) == 0 ? Mood.SLOW : Mood.QUICK;
    String command = trouble == Trouble.REFUSES ? "no_such_command" : "act";
    boolean slow = trouble != null && trouble.isSlow();
    return new Group.Step(
        name,
        Call.of(command, one, trouble == null ? calm : trouble.mood)
            .within(slow ? Duration.ofMillis(5) : Duration.ofSeconds(20)));
  }

  private void prepare(Guard guard, Trouble trouble) {
    Plan stop = new Plan(Plan.Goal.STOP, guard.plan().spec, guard.plan().source, null);
    if (trouble == Trouble.STOPPED) {
      guard.want(stop);
      assertThat(
              guard.await(
                  () -> guard.status().state() == State.STOPPED, TimeUnit.SECONDS.toNanos(20)))
          .isTrue();
    } else if (trouble == Trouble.DIES) {
      world.threads.run(() -> guard.want(stop));
    }
  }

  /**
   * No command behind the barrier begins before the slowest one in front of it has ended, of those
   * that the group did not go on without.
   */
  private void assertNobodyWasEarly(int one, GroupResult result) {
    Set<String> passed =
        result.outcomes().stream()
            .filter(o -> o.block() == 0 && o.result() != null)
            .map(o -> o.step().instrument())
            .collect(Collectors.toSet());
    long[] lefts =
        visits.stream()
            .filter(v -> v.step == one && passed.contains(v.instrument))
            .mapToLong(Visit::left)
            .toArray();
    assertThat(lefts).hasSameSizeAs(passed);
    assertThat(visits)
        .filteredOn(v -> v.step == one + 1)
        .allMatch(v -> v.entered >= LongStream.of(lefts).max().orElse(v.entered));
  }

  @Test
  void aNamedBarrierSaysWhoDidNotCome() throws Exception {
    var barrier =
        groups.barrier(java.util.Set.of("A", "B", "C"), Duration.ofMillis(100), Group.Policy.ABORT);
    var a = CompletableFuture.supplyAsync(() -> barrier.arrive("A"), world.threads::run);
    assertThatThrownBy(() -> barrier.arrive("B"))
        .isInstanceOf(Refused.class)
        .hasMessage("C did not come within 0.1 s");
    assertThat(a)
        .failsWithin(Duration.ofSeconds(20))
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withMessageContaining("C did not come within 0.1 s");
    assertThatThrownBy(() -> barrier.arrive("C")).hasMessage("C did not come within 0.1 s");
  }

  @Test
  void aNamedBarrierCanBePassedAgainAndAgainAndGoesOnWithoutOneThatLeft() throws Exception {
    var barrier =
        groups.barrier(
            java.util.Set.of("A", "B", "C"), Duration.ofSeconds(20), Group.Policy.CONTINUE);
    for (int round = 0; round < 100; round++) {
      var a = CompletableFuture.supplyAsync(() -> barrier.arrive("A"), world.threads::run);
      var b = CompletableFuture.supplyAsync(() -> barrier.arrive("B"), world.threads::run);
      assertThat(barrier.arrive("C")).isEmpty();
      assertThat(a.get(20, TimeUnit.SECONDS)).isEmpty();
      assertThat(b.get(20, TimeUnit.SECONDS)).isEmpty();
    }
    barrier.leave("B", "its process died");
    var a = CompletableFuture.supplyAsync(() -> barrier.arrive("A"), world.threads::run);
    assertThat(barrier.arrive("C")).containsExactly("B");
    assertThat(a.get(20, TimeUnit.SECONDS)).containsExactly("B");
    assertThatThrownBy(() -> barrier.arrive("B")).hasMessageContaining("B came too late");
    assertThatThrownBy(() -> barrier.arrive("X")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void whoIsInterruptedAtANamedBarrierLeavesItAtOnce() throws Exception {
    var barrier =
        groups.barrier(java.util.Set.of("A", "B"), Duration.ofMinutes(10), Group.Policy.CONTINUE);
    var a = new CompletableFuture<Object>();
    Thread thread =
        new Thread(
            () -> {
              try {
                a.complete(barrier.arrive("A"));
              } catch (Refused e) {
                a.completeExceptionally(e);
              }
            });
    thread.start();
    thread.interrupt();
    assertThat(a)
        .failsWithin(Duration.ofSeconds(20))
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withMessageContaining("A has left");
    assertThat(barrier.arrive("B")).containsExactly("A");
  }
}
