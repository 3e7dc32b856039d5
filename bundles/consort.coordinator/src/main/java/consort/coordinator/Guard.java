// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Call;
import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.Instrument;
import consort.api.InstrumentInfo;
import consort.api.InstrumentStatus;
import consort.api.LeaseToken;
import consort.api.Result;
import consort.api.State;
import consort.api.Unreachable;
import consort.api.coordinator.Direct;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.Startable;
import consort.api.coordinator.SwapOutcome;
import consort.api.coordinator.SwapStatus;
import consort.api.coordinator.TemporaryInstrument;
import consort.api.driver.Identity;
import consort.api.typed.TypedView;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;

/**
 * The object in front of one driver instance; what everybody else knows as the instrument. It
 * checks calls, keeps their order, gives them to the driver one at a time, and holds deadlines
 * whatever the driver does. Its behaviour is {@link GuardTable}, which its {@link Machine} follows;
 * here is what clients and the coordinator see of it.
 *
 * <p>Remote services look for {@link Instrument} among the interfaces named here only.
 */
final class Guard implements TemporaryInstrument, Instrument, Startable, Direct, Relied {

  /** How long a call may take when nobody says otherwise. */
  static final Duration DEADLINE = Duration.ofSeconds(5);

  /** How long making and connecting may take, on top of the delay that the file asks for. */
  static final Duration START_LIMIT = Duration.ofSeconds(10);

  /** How long a driver may take to come back after a deadline, to save its state, or to close. */
  static final Duration GRACE = Duration.ofSeconds(2);

  /** How long a check of the hardware may take. */
  static final Duration CHECK_LIMIT = Duration.ofSeconds(2);

  /** How long resynchronising may take. */
  static final Duration SYNC_LIMIT = Duration.ofSeconds(10);

  /** How long links serve a driver that saves its state. */
  static final Duration SAVE_LIMIT = Duration.ofSeconds(1);

  /** How long calls are held for a driver that is away, as its bundle is updated. */
  static final Duration HOLD = Duration.ofSeconds(2);

  /** How many exchanges are remembered. */
  static final int SWAPS = 10;

  /** The most threads that drivers of one instrument may keep. */
  static final int STUCK = 3;

  private final String name;
  private final Environment env;
  private final Machine machine;

  /** A guard that has no driver yet, and does nothing before it is given a plan. */
  Guard(InstrumentSpec spec, Environment env) {
    this.name = spec.name();
    this.env = env;
    this.machine = new Machine(this, spec, env);
  }

  // ---- What clients see ----

  @Override
  public String name() {
    return name;
  }

  @Override
  public InstrumentInfo info() {
    InstrumentInfo info = machine.info();
    if (info != null) {
      return info;
    }
    synchronized (machine.lock) {
      InstrumentInfo last = machine.attempts.lastInfo();
      if (last == null) {
        throw new Unreachable(ErrorCode.NOT_CONNECTED, machine.condition.toString());
      }
      return last;
    }
  }

  @Override
  public InstrumentStatus status() {
    synchronized (machine.lock) {
      Instance instance = machine.instance();
      InstrumentSpec spec = plan().spec;
      Condition condition = machine.condition;
      return new InstrumentStatus(
          name,
          condition.state(),
          condition.reason(),
          condition.text(),
          condition.since(),
          spec.driver(),
          machine.driverVersion(),
          instance == null ? Identity.UNKNOWN : instance.identity(),
          spec.connection().toString(),
          machine.waiting.size(),
          machine.crew.stuck(),
          machine.waiting.counts(),
          spec.labels().entrySet().stream()
              .map(label -> label.getKey() + "=" + label.getValue())
              .sorted()
              .toList());
    }
  }

  @Override
  public <T> T as(Class<T> type) {
    return TypedView.of(this, type);
  }

  @Override
  public Result call(Call call) {
    return machine.calls.call(call);
  }

  @Override
  public CompletionStage<Result> send(Call call) {
    return machine.calls.send(call);
  }

  @Override
  public CompletionStage<Result> submit(Call call) {
    return machine.calls.submit(call);
  }

  @Override
  public Start prepare(Call call, Duration within, Runnable ready) {
    return machine.calls.prepare(call, within, ready);
  }

  /** Ends it; what still runs after the grace is given up. */
  @Override
  public void close() {
    want(new Plan(Plan.Goal.CLOSE, plan().spec, null, null));
    env.later(GRACE.toNanos(), () -> abandon(null));
  }

  // ---- Calls ----

  /** The deadline of the call, else of the command, else of the instrument; ns. */
  long limit(Call call) {
    return machine.calls.limit(call);
  }

  /** Takes a call; see {@link Calls#submit}. */
  void submit(Pending pending) {
    machine.calls.submit(pending);
  }

  /** The deadline of a call has passed: whoever waits for it says so. */
  void expire(Pending pending) {
    machine.calls.expire(pending);
  }

  /** Cancels a call that has no outcome yet. */
  void cancel(Pending pending, String why) {
    machine.calls.cancel(pending, why);
  }

  /** Cancels the running call and those that wait; returns how many they were. */
  int cancel(String why) {
    return machine.calls.cancel(why);
  }

  /** Sends a line over the link, in turn with the calls. */
  CompletionStage<Result> ask(
      String text, boolean answer, Duration limit, Caller by, LeaseToken lease) {
    return machine.calls.ask(text, answer, limit, by, lease);
  }

  /** Whether the driver in use is known to have no safe state. */
  boolean lacksSafeState() {
    Instance instance = machine.instance();
    return instance != null && instance.lacksSafeState();
  }

  /** Brings the hardware into its safe state; see {@link Calls#safeState}. */
  Pending safeState(Duration limit, String why) {
    return machine.calls.safeState(limit, why);
  }

  // ---- For the coordinator ----

  /** The thread of its driver; for tests that are that thread. */
  Crew crew() {
    return machine.crew;
  }

  /** The plan it works towards. */
  Plan plan() {
    return machine.plan();
  }

  /** Gives it a new plan, and works towards it; once it is to be closed, that is final. */
  void want(Plan wanted) {
    synchronized (machine.lock) {
      machine.want(wanted);
    }
  }

  /**
   * Gives up whatever the driver is doing: its bundle goes now.
   *
   * @param source only if the driver comes from there; null for any
   */
  void abandon(DriverSource source) {
    synchronized (machine.lock) {
      machine.abandon(source);
    }
  }

  /** Has something run when it is closed, under its lock: must only note it. */
  void onEnd(Runnable task) {
    machine.onEnd(task);
  }

  /** The driver in use, null for none. */
  DriverSource source() {
    Instance instance = machine.instance();
    return instance == null ? null : instance.plan.source;
  }

  /** The plan that worked last, null for none: what a swap falls back to. */
  Plan lastGood() {
    synchronized (machine.lock) {
      return machine.attempts.lastGood();
    }
  }

  /** Whether it is where its plan wants it, or has given up. */
  boolean settled() {
    synchronized (machine.lock) {
      return machine.settled();
    }
  }

  /** Waits until a condition on this guard holds, at most so long; returns whether it does. */
  boolean await(BooleanSupplier wanted, long nanos) {
    return machine.await(wanted, nanos);
  }

  /** Says why it is not ready. */
  void requireReady() {
    synchronized (machine.lock) {
      State state = machine.phase().state();
      if (state != State.READY && state != State.BUSY) {
        throw machine.condition.unavailable();
      }
    }
  }

  /** The command that is in the driver, also when its deadline has passed; empty for none. */
  String running() {
    synchronized (machine.lock) {
      Pending running = machine.current.call();
      return running == null ? "" : running.command();
    }
  }

  Phase phase() {
    synchronized (machine.lock) {
      return machine.phase();
    }
  }

  @Override
  public State held() {
    return machine.held();
  }

  @Override
  public String told() {
    synchronized (machine.lock) {
      return machine.condition.toString();
    }
  }

  /** Keeps something for those who ask why. */
  void note(String text) {
    synchronized (machine.lock) {
      machine.condition.remember(text);
    }
  }

  /** The newest errors, the oldest first. */
  List<Condition.PastError> errors() {
    synchronized (machine.lock) {
      return machine.condition.errors();
    }
  }

  /** The exchange that is under way, null for none. */
  SwapStatus swapStatus() {
    synchronized (machine.lock) {
      return machine.exchange.status();
    }
  }

  /** Nobody waits any longer for the exchange that is under way; see {@link Exchange#postpone}. */
  SwapStatus postpone() {
    synchronized (machine.lock) {
      return machine.exchange.postpone();
    }
  }

  /** How the newest exchanges ended, the newest first. */
  List<SwapOutcome> swaps() {
    synchronized (machine.lock) {
      return machine.exchange.past();
    }
  }

  @Override
  public String toString() {
    return "instrument " + name;
  }
}
