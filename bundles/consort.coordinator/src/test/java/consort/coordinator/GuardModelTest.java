// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.Call;
import consort.api.ErrorCode;
import consort.api.ErrorKind;
import consort.api.Faulted;
import consort.api.Garbled;
import consort.api.InstrumentException;
import consort.api.Result;
import consort.api.State;
import consort.api.TimedOut;
import consort.api.Unreachable;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.Requirement;
import consort.api.driver.Connection;
import consort.api.driver.SavedState;
import consort.api.link.LinkSession;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Walks a guard at random through everything that can happen to it: calls, urgent calls, answers,
 * errors of all kinds, hangs, late answers, stages, lost links, swaps, restarts, stops. Time and
 * threads are the test's own, so that a walk is one sequence that its seed repeats.
 */
class GuardModelTest {

  private static final int STEPS = 200_000;
  private static final InstrumentSpec SPEC =
      InstrumentSpec.of("ECHO", "echo", Connection.NONE)
          .requiring(new Requirement("CRYO", State.READY));

  private final EchoDriver driver = new EchoDriver();
  private final FakeLinks links = new FakeLinks();
  private final World world = new World();
  private final Map<Integer, Outcome> calls = new HashMap<>();
  private final List<CompletableFuture<Object>> stages = new ArrayList<>();
  private final Set<String> visited = new HashSet<>();
  private final Map<Integer, Boolean> writes = new HashMap<>();
  private Random random;
  private Guard guard;
  private int number;
  private int answered;

  /** Now and then, for a while, the driver hangs often, and nobody removes the instrument. */
  private boolean badTimes;

  /** Whether another instrument keeps this one from being written to. */
  private boolean locked;

  /** What was let through meanwhile, and what was not. */
  private int readWhileLocked;

  private int refusedByLock;

  /** A call as its caller sees it. */
  private static final class Outcome {
    long deadline;
    Object result;
  }

  /** Time, timers and threads, moved by the test. */
  private final class World implements Environment {
    record Timer(long at, long order, Runnable task) {}

    long now = 1_000_000_000L;
    long order;
    final PriorityQueue<Timer> timers =
        new PriorityQueue<>(
            java.util.Comparator.comparingLong(Timer::at).thenComparingLong(Timer::order));
    final Set<Timer> off = new HashSet<>();
    final List<Runnable> tasks = new ArrayList<>();
    final List<FakeThread> threads = new ArrayList<>();

    @Override
    public long nanoTime() {
      return now;
    }

    @Override
    public Instant now() {
      return Instant.ofEpochSecond(0, now);
    }

    @Override
    public void run(Runnable task) {
      if (task instanceof Worker worker) {
        threads.add(new FakeThread(worker));
      } else {
        tasks.add(task);
      }
    }

    @Override
    public Runnable later(long nanos, Runnable task) {
      Timer timer = new Timer(now + nanos, order++, task);
      timers.add(timer);
      return () -> off.add(timer);
    }

    @Override
    public LinkSession links(String instrument, Consumer<String> lost) {
      return links.session(instrument, lost);
    }

    @Override
    public void stepped(Phase from, Event event) {
      visited.add(from + " " + event);
    }

    @Override
    public String unmet(InstrumentSpec spec) {
      return locked ? "ECHO requires CRYO to be READY" : null;
    }

    @Override
    public void changed(Guard of, Change change) {}

    @Override
    public void ready(Guard of, consort.coordinator.Instance instance) {}

    @Override
    public void withdrawn(Guard of) {}

    @Override
    public void mistake(Guard of, String where, Thrown thrown) {}

    void advance(long nanos) {
      long until = now + nanos;
      while (!timers.isEmpty() && timers.peek().at() <= until) {
        Timer next = timers.poll();
        now = Math.max(now, next.at());
        if (!off.remove(next)) {
          next.task().run();
        }
      }
      now = until;
    }

    void stepThreads() {
      for (FakeThread thread : List.copyOf(threads)) {
        if (!thread.step()) {
          threads.remove(thread);
        }
      }
    }

    void runTasks() {
      while (!tasks.isEmpty()) {
        tasks.remove(0).run();
      }
    }
  }

  /** A driver's thread: takes a job, is in the driver for a while, comes back. */
  private final class FakeThread {
    final Crew of = guard.crew();
    final Worker worker;
    Job job;
    Object outcome;
    boolean hangs;

    FakeThread(Worker worker) {
      this.worker = worker;
    }

    /** One step; false when the thread has gone back to the pool. */
    boolean step() {
      if (job == null) {
        Job taken = of.poll(worker);
        if (taken == null) {
          return !of.leave(worker);
        }
        return enter(taken);
      }
      Job done = job;
      job = null;
      Job following = of.finish(worker, done, outcome);
      return following == null || enter(following);
    }

    private boolean enter(Job taken) {
      if (taken == Job.LEAVE) {
        return false;
      }
      for (FakeThread other : world.threads) {
        if (other != this && other.job != null && other.job.instance() == taken.instance()) {
          throw new AssertionError("two threads are in one instance: " + other.job + ", " + taken);
        }
      }
      job = taken;
      hangs = badTimes && random.nextInt(8) == 0;
      try {
        outcome = of.perform(taken);
      } catch (Throwable t) {
        outcome = Thrown.of(t);
      }
      return true;
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 20261121, 77})
  void holdsItsPromisesWhateverHappens(long seed) {
    random = new Random(seed);
    guard = new Guard(SPEC, world);
    driver.capable = true;
    driver.onEcho = this::echo;
    driver.onConnect = this::connect;
    driver.onMake = this::connect;
    driver.onStop = this::stop;
    driver.onSave = this::save;
    driver.onRestore = state -> connect();
    driver.onSelfTest = () -> String.valueOf(connect());
    guard.want(plan(Plan.Goal.RUN, driver.source("1.0")));
    for (int i = 0; i < STEPS; i++) {
      badTimes = i / 2000 % 3 == 2;
      try {
        randomStep();
        check();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + ", step " + i + ", " + guard.phase(), e);
      }
    }
    Set<String> missed = new TreeSet<>();
    GuardTable.rows().forEach((p, events) -> events.forEach(e -> missed.add(p + " " + e)));
    missed.removeAll(visited);
    assertThat(missed).as("rows of the table that the walk never took, seed " + seed).isEmpty();
    badTimes = false;
    calmDown(seed);
    assertThat(answered).as("calls answered, seed " + seed).isGreaterThan(STEPS / 150);
    assertThat(readWhileLocked).as("reads under an interlock, seed " + seed).isPositive();
    assertThat(refusedByLock).as("writes refused by an interlock, seed " + seed).isPositive();
    assertThat(driver.safe).as("safe states, seed " + seed).hasPositiveValue();
  }

  private Object echo(int n) {
    boolean write = writes.remove(n);
    assertThat(write && locked).as("call %d writes against an interlock", n).isFalse();
    readWhileLocked += locked ? 1 : 0;
    switch (random.nextInt(40)) {
      case 0 -> throw new Faulted(-113, "undefined header");
      case 1 -> throw new Garbled("banana");
      case 2 -> throw new IllegalStateException("a mistake");
      case 3 -> throw new StackOverflowError("a worse mistake");
      case 4 -> throw new Unreachable(ErrorCode.NO_LINK, "connection reset");
      case 5 -> throw new TimedOut("no answer on the link");
      case 6, 7, 8, 9 -> {
        CompletableFuture<Object> stage =
            random.nextBoolean() ? new CompletableFuture<>() : new Stubborn();
        stages.add(stage);
        stageNumbers.put(stage, n);
        return stage;
      }
      default -> {
        return n;
      }
    }
  }

  /** A stage that does not let itself be cancelled. */
  private static final class Stubborn extends CompletableFuture<Object> {
    @Override
    public boolean cancel(boolean mayInterrupt) {
      return false;
    }
  }

  private final Map<CompletableFuture<Object>, Integer> stageNumbers = new HashMap<>();

  private Object stop() {
    if (random.nextInt(3) > 0) {
      return 0;
    }
    if (random.nextBoolean()) {
      return new Stubborn();
    }
    CompletableFuture<Object> stage = new CompletableFuture<>();
    stages.add(stage);
    stageNumbers.put(stage, 0);
    return stage;
  }

  private SavedState save() {
    return switch (random.nextInt(6)) {
      case 0 -> throw new Unreachable(ErrorCode.NO_LINK, "connection reset");
      case 1 -> throw new IllegalStateException("nothing to save");
      case 2 -> null;
      default -> new SavedState(1, Map.of("number", number));
    };
  }

  private Object connect() {
    switch (random.nextInt(30)) {
      case 0 -> throw new Unreachable(ErrorCode.NO_LINK, "connection refused");
      case 1 -> throw new IllegalStateException("no greeting");
      case 2 -> throw new IllegalArgumentException("the settings are wrong");
      default -> {
        return null;
      }
    }
  }

  private Plan plan(Plan.Goal goal, DriverSource source) {
    Plan last = guard.lastGood();
    Plan fallback =
        last == null || random.nextBoolean()
            ? null
            : new Plan(Plan.Goal.RUN, last.spec, last.source, null);
    return new Plan(goal, SPEC, source, fallback);
  }

  private void randomStep() {
    int dice = random.nextInt(1000);
    if (random.nextInt(200) == 0) {
      turnLock();
    }
    if (dice < 240) {
      send("echo");
    } else if (dice < 300) {
      send("peek");
    } else if (dice < 350) {
      send("stop");
    } else if (dice < 800) {
      stepThread();
    } else if (dice < 900) {
      world.advance(random.nextInt(40) * 1_000_000L);
    } else if (dice < 920) {
      world.advance(random.nextInt(4000) * 1_000_000L);
    } else if (dice < 960) {
      completeStage();
    } else if (dice < (badTimes ? 971 : 965) && !links.sessions.isEmpty()) {
      links.last().lost.accept("unplugged");
    } else if (dice < 975) {
      guard.want(plan(Plan.Goal.RUN, driver.source("1." + random.nextInt(9))));
    } else if (dice < 977) {
      guard.want(plan(Plan.Goal.RUN, null));
    } else if (dice < 979) {
      guard.want(plan(Plan.Goal.STOP, null));
    } else if (dice < 981) {
      guard.abandon(null);
    } else if (dice < 983 && !badTimes) {
      guard.close();
    } else if (dice < 987 && !links.sessions.isEmpty()) {
      links.last().resynchroniseFails = new Unreachable(ErrorCode.NO_LINK, "connection refused");
    } else if (guard.phase() == Phase.STARTING && random.nextBoolean()) {
      world.advance(10_500_000_000L);
    } else if (guard.phase() == Phase.CLOSED) {
      guard = new Guard(SPEC, world);
      guard.want(plan(Plan.Goal.RUN, driver.source("1.0")));
    } else {
      world.runTasks();
    }
    if (random.nextInt(4) > 0) {
      world.runTasks();
    }
  }

  /** What the interlocks do when another instrument goes or comes back. */
  private void turnLock() {
    locked = !locked;
    if (locked) {
      guard.safeState(Interlocks.LIMIT, "what ECHO requires was lost");
    }
  }

  private void send(String command) {
    int n = ++number;
    writes.put(n, command.equals("echo"));
    Outcome outcome = new Outcome();
    boolean patient = random.nextInt(command.equals("stop") ? 2 : 8) == 0;
    long limit = 1 + random.nextInt(patient ? 20_000 : 100) * 1_000_000L;
    outcome.deadline = world.now + limit;
    calls.put(n, outcome);
    Call call = command.equals("stop") ? Call.of("stop") : Call.of(command, n);
    boolean echo = !command.equals("stop");
    guard
        .send(call.within(Duration.ofNanos(limit)))
        .whenComplete(
            (result, error) -> {
              assertThat(outcome.result).as("a second outcome of call " + n).isNull();
              outcome.result = result == null ? error : result;
              if (echo && result != null) {
                assertThat(result.value()).as("the answer to call " + n).isEqualTo(n);
                answered++;
              }
              boolean interlock =
                  error instanceof InstrumentException e && e.code() == ErrorCode.INTERLOCK;
              refusedByLock += interlock ? 1 : 0;
              assertThat(interlock && !command.equals("echo"))
                  .as("%s is held up by an interlock", command)
                  .isFalse();
            });
  }

  private void stepThread() {
    if (world.threads.isEmpty()) {
      return;
    }
    FakeThread thread = world.threads.get(random.nextInt(world.threads.size()));
    if (thread.job != null && thread.hangs && random.nextInt(500) > 0) {
      return;
    }
    // A thread that is in the driver stays there now and then for long.
    if (thread.job != null && random.nextInt(10) == 0) {
      world.advance(random.nextInt(3000) * 1_000_000L);
    }
    if (!thread.step()) {
      world.threads.remove(thread);
    }
  }

  private void completeStage() {
    if (!stages.isEmpty()) {
      CompletableFuture<Object> stage = stages.remove(random.nextInt(stages.size()));
      switch (random.nextInt(8)) {
        case 0 -> stage.completeExceptionally(new Faulted(7, "the motor stalled"));
        case 1 -> stage.completeExceptionally(new TimedOut("the motor did not answer"));
        case 2 ->
            stage.completeExceptionally(new Unreachable(ErrorCode.NO_LINK, "the motor is gone"));
        default -> stage.complete(stageNumbers.get(stage));
      }
    }
  }

  private void check() {
    world.runTasks();
    calls.forEach(
        (n, call) -> {
          if (call.result == null) {
            assertThat(world.now)
                .as("call %d is without an outcome at its deadline", n)
                .isLessThan(call.deadline);
          } else if (call.result instanceof InstrumentException e && wasNotSent(e)) {
            assertThat(driver.seen).as("call %d was refused, %s", n, e).doesNotContain(n);
          }
        });
    calls.values().removeIf(call -> call.result != null);
    driver.seen.clear();
    State state = guard.status().state();
    if (state == State.READY) {
      boolean working =
          world.threads.stream()
              .anyMatch(
                  t ->
                      t.job != null
                          && t.job.instance().links instanceof FakeLinks.Session s
                          && !s.closed);
      assertThat(working).as("a thread is in the driver of a guard that is READY").isFalse();
    }
    if (links.sessions.size() > 50) {
      links.sessions.subList(0, links.sessions.size() - 2).clear();
    }
  }

  private static boolean wasNotSent(InstrumentException e) {
    return e.kind() == ErrorKind.REFUSED
        || (e.kind() == ErrorKind.UNREACHABLE
            && e.code() != ErrorCode.STUCK
            && e.code() != ErrorCode.NO_LINK);
  }

  /** When nothing bad happens any more, everything recovers. */
  private void calmDown(long seed) {
    locked = false;
    driver.onEcho = n -> n;
    driver.onConnect = () -> null;
    driver.onMake = () -> null;
    driver.onStop = () -> 0;
    driver.onSave = () -> null;
    driver.onRestore = state -> {};
    driver.onSelfTest = () -> "";
    if (guard.phase() == Phase.CLOSED) {
      guard = new Guard(SPEC, world);
      guard.want(plan(Plan.Goal.RUN, null));
    }
    guard.want(new Plan(Plan.Goal.RUN, guard.plan().spec, driver.source("2.0"), null));
    for (int i = 0; i < 1000; i++) {
      world.advance(50_000_000L);
      world.runTasks();
      stages.forEach(stage -> stage.complete(0));
      stages.clear();
      world.stepThreads();
    }
    if (guard.status().state() == State.FAULT) {
      // Three stuck threads at the moment of the plan; they are back by now.
      guard.want(new Plan(Plan.Goal.RUN, guard.plan().spec, driver.source("2.0"), null));
      for (int i = 0; i < 100; i++) {
        world.advance(50_000_000L);
        world.runTasks();
        world.stepThreads();
      }
    }
    assertThat(guard.status().state())
        .as("the state at the end, seed " + seed)
        .isEqualTo(State.READY);
    assertThat(guard.status().stuckThreads()).isZero();
    assertThat(guard.status().driverVersion()).isEqualTo("2.0.0");
    var last = guard.send(Call.of("echo", 5)).toCompletableFuture();
    for (int i = 0; i < 10; i++) {
      world.stepThreads();
      world.runTasks();
    }
    assertThat(last).isCompletedWithValueMatching((Result r) -> r.value().equals(5));
  }

  /** Lets all threads go on until the guard is in a phase. */
  private void goOnUntil(Phase phase) {
    for (int i = 0; i < 1000 && guard.phase() != phase; i++) {
      world.runTasks();
      world.stepThreads();
    }
    assertThat(guard.phase()).isEqualTo(phase);
  }

  private void want(DriverSource source) {
    guard.want(new Plan(Plan.Goal.RUN, SPEC, source, null));
  }

  @Test
  void keepsThreeThreadsAtMostAlsoOfDriversThatDoNotClose() {
    guard = new Guard(SPEC, world);
    want(driver.source("1.0"));
    for (int i = 1; i <= Guard.STUCK; i++) {
      goOnUntil(Phase.READY);
      guard.want(Plan.anew(guard.plan().spec, driver.source("1." + i)));
      world.threads.stream().filter(thread -> thread.job == null).forEach(FakeThread::step);
      assertThat(guard.phase()).isEqualTo(Phase.CLOSING);
      world.threads.clear();
      world.advance(Guard.GRACE.toNanos());
    }
    assertThat(guard.status().stuckThreads()).isEqualTo(Guard.STUCK);
    assertThat(guard.status().stateText()).isEqualTo("FAULT(stuck)");
    guard.want(new Plan(Plan.Goal.STOP, guard.plan().spec, null, null));
    want(driver.source("2.0"));
    assertThat(guard.status().stateText()).isEqualTo("FAULT(stuck)");
    assertThat(guard.status().text()).contains("3 threads of its drivers are stuck");
  }

  @Test
  void phasesThatAreOverKeepNoTimerAndAllCallsOne() {
    guard = new Guard(SPEC, world);
    for (int i = 0; i < 100; i++) {
      want(driver.source("1.0"));
      goOnUntil(Phase.READY);
      guard.send(Call.of("echo", i));
      goOnUntil(Phase.READY);
    }
    assertThat(world.timers.size() - world.off.size()).isEqualTo(1);
  }
}
