// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.ErrorCode;
import consort.api.InstrumentInfo;
import consort.api.Reason;
import consort.api.Refused;
import consort.api.State;
import consort.api.TimedOut;
import consort.api.coordinator.InstrumentSpec;
import java.util.function.BooleanSupplier;

/**
 * What goes on in a guard: takes the steps of {@link GuardTable}, has others do what they say, and
 * looks after each what the plan asks for next.
 *
 * <p>Its lock guards all that a guard knows. It is never held while code of a driver, a listener or
 * a caller runs, and no other lock is taken under it, save inside {@code cancel} and {@code close}
 * of links, which never wait. Where nothing is said, a method is called under it.
 */
final class Machine {

  final Object lock = new Object();
  final Guard guard;
  final String name;
  final Condition condition;
  final Waiting waiting;
  final Answers answers;
  final Calls calls;
  final CurrentCall current;
  final UrgentCalls urgents;
  final Crew crew;
  final Checks checks;
  final Attempts attempts;
  final Exchange exchange;
  final PhaseLimit limit;

  private final Environment env;
  private volatile Plan plan;
  private volatile Instance instance;
  private Phase phase = Phase.OFFLINE;

  private volatile State held = State.OFFLINE;
  private int awaiting;
  private volatile Runnable end = () -> {};

  Machine(Guard guard, InstrumentSpec spec, Environment env) {
    this.guard = guard;
    this.name = spec.name();
    this.env = env;
    this.plan = new Plan(Plan.Goal.RUN, spec, null, null);
    this.condition = new Condition(name, env);
    this.waiting = new Waiting(name, condition);
    this.answers = new Answers(guard, env);
    this.calls = new Calls(this, env);
    this.current = new CurrentCall(this, env);
    this.urgents = new UrgentCalls(this, env);
    this.crew = new Crew(this, env);
    this.checks = new Checks(this, env);
    this.attempts = new Attempts(this, env);
    this.exchange = new Exchange(this, env);
    this.limit = new PhaseLimit(this, env);
  }

  // ---- What it knows ----

  /** The plan it works towards; also without the lock. */
  Plan plan() {
    return plan;
  }

  /** The instance in use, null for none; also without the lock. */
  Instance instance() {
    return instance;
  }

  /** What the instance can do, null where none has been connected; also without the lock. */
  InstrumentInfo info() {
    Instance now = instance;
    return now == null ? null : now.info();
  }

  Phase phase() {
    return phase;
  }

  /** The state that others rely on; also without the lock. */
  State held() {
    return held;
  }

  /** Whether it could take a call at once. */
  boolean isIdle() {
    return phase == Phase.READY && urgents.isEmpty();
  }

  /** Whether it is where its plan wants it, or has given up. */
  boolean settled() {
    return switch (phase) {
      case OFFLINE -> instance == null || instance.plan == plan;
      case FAULT, STOPPED, CLOSED -> true;
      case STARTING, LATE_START, SAVING, CLOSING -> false;
      case READY, BUSY, WAITING, OVERDUE, LATE_STAGE, RESYNC -> instance.plan == plan;
    };
  }

  /** The version of the driver in use, empty for none. */
  String driverVersion() {
    return instance == null ? "" : instance.plan.source.version().toString();
  }

  /** Waits for something that is looked at after each step. Called without the lock. */
  boolean await(BooleanSupplier wanted, long nanos) {
    long until = System.nanoTime() + nanos;
    synchronized (lock) {
      awaiting++;
      try {
        while (!wanted.getAsBoolean()) {
          long left = until - System.nanoTime();
          if (left <= 0) {
            return false;
          }
          lock.wait(left / 1_000_000 + 1);
        }
        return true;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      } finally {
        awaiting--;
      }
    }
  }

  // ---- What shall be ----

  /** Takes another plan; once it is to be closed, that is final. */
  void want(Plan wanted) {
    if (plan.goal == Plan.Goal.CLOSE) {
      return;
    }
    plan = wanted;
    exchange.planned();
    attempts.planned();
    if (wanted.goal != Plan.Goal.RUN) {
      refuseWaiting();
    }
    next();
    awake();
  }

  /** What was wanted does not work: this is the plan now. */
  void goBack(Plan former) {
    plan = former;
  }

  /** The instance is no more. */
  void drop() {
    instance = null;
  }

  /** Has something run when the guard is closed, under the lock: must only note it. */
  void onEnd(Runnable task) {
    end = task;
  }

  private void refuseWaiting() {
    waiting.failAll(() -> new Refused(ErrorCode.STOPPED, name + " was stopped"));
  }

  private void linkLost(Instance of, String why) {
    synchronized (lock) {
      if (instance == of && takes(Event.LINK_LOST)) {
        condition.because(Reason.NO_LINK, why);
        step(Event.LINK_LOST);
        next();
      }
    }
  }

  /** Gives up whatever the driver is doing, if it comes from there; null for any. */
  void abandon(DriverSource source) {
    Instance now = instance;
    if (now == null || (source != null && now.plan.source != source)) {
      return;
    }
    String why = "the driver " + now.plan.source + " was removed while it was busy";
    condition.because(Reason.NO_DRIVER, why);
    if (current.call() != null) {
      current.fail(removed(current.call(), why));
      exchange.note("the running call was given up");
    }
    urgents.fail(call -> removed(call, why));
    if (takes(Event.TIMEOUT)) {
      step(Event.TIMEOUT);
    }
    if (takes(Event.GRACE_OVER)) {
      step(Event.GRACE_OVER);
    } else if (!urgents.isEmpty()) {
      step(Event.URGENT_STUCK);
    }
    next();
  }

  private static TimedOut removed(Pending call, String why) {
    return new TimedOut(call + ": " + why + "; its effect is unknown");
  }

  /** The driver's thread is back from a job. */
  void finished(Job done, Object outcome) {
    Thrown thrown = outcome instanceof Thrown t ? t : null;
    switch (done.kind()) {
      case START -> attempts.started(done.instance(), thrown);
      case CALL -> current.back(done.call(), outcome);
      case SYNC -> {
        if (thrown != null) {
          condition.because(Reason.NO_LINK, thrown.text());
        }
        step(thrown == null ? Event.SYNCED : Event.SYNC_FAILED);
      }
      case SAVE -> exchange.saved(outcome, thrown);
      case CLOSE -> {
        if (thrown != null) {
          env.mistake(guard, "close", thrown);
        }
        exchange.closed();
        drop();
        step(Event.DISCARDED);
      }
    }
  }

  // ---- The table ----

  /** Whether an event has a row in the present phase. */
  boolean takes(Event event) {
    return GuardTable.of(phase, event) != null;
  }

  void step(Event event) {
    step(event, null);
  }

  /**
   * Takes the transition of an event.
   *
   * @param what the answer or the urgent call that comes with it
   */
  void step(Event event, Object what) {
    GuardTable.Transition transition = GuardTable.of(phase, event);
    if (transition == null) {
      throw new IllegalStateException(name + ": " + event + " in " + phase);
    }
    env.stepped(phase, event);
    if (phase != transition.to()) {
      phase = transition.to();
      limit.begin(phase);
    }
    for (Action action : transition.actions()) {
      act(action, what);
    }
    awake();
  }

  private void awake() {
    if (awaiting > 0) {
      lock.notifyAll();
    }
  }

  private void act(Action action, Object what) {
    switch (action) {
      case ANSWER -> current.answer(what);
      case EXPIRE -> current.expire();
      case FAIL_RUNNING -> current.fail(condition.lost(current.call()));
      case CANCEL_IO -> instance.links.cancel();
      case CANCEL_STAGE -> current.cancelStage();
      case AWAIT_STAGE -> current.awaitStage();
      case ABANDON -> abandonInstance();
      case FAIL_WAITING -> failWaiting();
      case REFUSE_WAITING -> refuseWaiting();
      case RETRY_LATER -> attempts.retryLater();
      case ADMIT -> {
        condition.clear();
        attempts.admitted();
        exchange.admitted();
        env.ready(guard, instance);
        checks.begin(instance);
      }
      case WITHDRAW -> {
        env.withdrawn(guard);
        if (phase == Phase.CLOSED) {
          calls.end();
          end.run();
        }
      }
      case DO_START -> {
        make();
        dispatch(Job.Kind.START);
      }
      case DO_CALL -> crew.dispatch(new Job(Job.Kind.CALL, instance, current.take()));
      case DO_URGENT -> urgents.begin((Pending) what, instance);
      case DO_SYNC -> {
        current.forget();
        dispatch(Job.Kind.SYNC);
      }
      case DO_SAVE -> {
        exchange.drained();
        dispatch(Job.Kind.SAVE);
      }
      case DO_CLOSE -> {
        exchange.drained();
        dispatch(Job.Kind.CLOSE);
      }
    }
  }

  private void dispatch(Job.Kind kind) {
    crew.dispatch(new Job(kind, instance, null));
  }

  /** An instance for the plan, where there is none that could be connected again. */
  private void make() {
    if (instance != null && instance.isUnmade()) {
      instance.links.close();
      drop();
    }
    if (instance == null) {
      instance =
          new Instance(
              plan, exchange.entry(plan), made -> env.links(name, why -> linkLost(made, why)));
    }
  }

  private void abandonInstance() {
    attempts.abandoned(instance.plan);
    exchange.drained();
    instance.links.close();
    drop();
    current.forget();
    crew.abandon();
    urgents.giveUp();
  }

  private void failWaiting() {
    if (!attempts.anotherIsNext() && !exchange.stalled()) {
      tell();
      waiting.failAll(condition::unavailable);
    }
  }

  /** Takes the steps that follow from the plan, now that one is done, and tells the state. */
  void next() {
    Event event = following();
    while (event != null) {
      step(event);
      event = following();
    }
    tell();
  }

  private Event following() {
    return switch (phase) {
      case READY -> {
        calls.makeSafeAgain();
        if (waiting.hasSafeState()) {
          yield Event.CALL;
        }
        if (instance.plan != plan) {
          // Those that run are let finish; each has a deadline.
          if (!urgents.isEmpty()) {
            yield null;
          }
          yield exchange.toSave() ? Event.SAVE : Event.DISCARD;
        }
        if (checks.findLost()) {
          yield Event.LINK_LOST;
        }
        yield waiting.isEmpty() ? null : Event.CALL;
      }
      case OFFLINE -> {
        if (instance != null && instance.plan != plan) {
          yield urgents.isEmpty() ? Event.DISCARD : null;
        }
        yield attempts.beginning();
      }
      case FAULT -> attempts.again();
      case STOPPED -> plan.goal == Plan.Goal.STOP ? null : attempts.beginning();
      case STARTING,
          LATE_START,
          BUSY,
          WAITING,
          OVERDUE,
          LATE_STAGE,
          RESYNC,
          SAVING,
          CLOSING,
          CLOSED ->
          null;
    };
  }

  /** Tells the state, once all that follows from an event is done. */
  private void tell() {
    boolean shut = phase == Phase.STOPPED || phase == Phase.CLOSED;
    State state = exchange.isUnderWay() && !shut ? State.SWAPPING : phase.state();
    if (state == condition.state()) {
      return;
    }
    Change change = condition.enter(state, driverVersion());
    if (change != null) {
      env.changed(guard, change);
    }
    State now = Relied.held(state, held);
    if (held != now) {
      held = now;
      env.held(guard, now);
    }
  }
}
