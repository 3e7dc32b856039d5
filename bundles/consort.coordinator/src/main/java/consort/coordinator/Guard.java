// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Call;
import consort.api.CallCounts;
import consort.api.CommandInfo;
import consort.api.Deadline;
import consort.api.ErrorCode;
import consort.api.ErrorKind;
import consort.api.Faulted;
import consort.api.InstrumentException;
import consort.api.InstrumentInfo;
import consort.api.InstrumentStatus;
import consort.api.Names;
import consort.api.Origin;
import consort.api.Reason;
import consort.api.Refused;
import consort.api.Result;
import consort.api.Role;
import consort.api.State;
import consort.api.TimedOut;
import consort.api.Unreachable;
import consort.api.Values;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.TemporaryInstrument;
import consort.api.driver.Identity;
import consort.api.typed.TypedView;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * The object in front of one driver instance; what everybody else knows as the instrument. It
 * checks calls, keeps their order, gives them to the driver one at a time, and holds deadlines
 * whatever the driver does. Its behaviour is {@link GuardTable}; here is what the actions mean.
 *
 * <p>One lock guards all fields. It is never held while code of a driver, a link, a listener or a
 * caller runs, and no other lock is taken under it.
 */
final class Guard implements TemporaryInstrument {

  /** How long a call may take when nobody says otherwise. */
  static final Duration DEADLINE = Duration.ofSeconds(5);

  /** How long making and connecting an instance may take, on top of the delay its file asks for. */
  static final Duration START_LIMIT = Duration.ofSeconds(10);

  /** How long a driver may take to come back after a deadline, or to close. */
  static final Duration GRACE = Duration.ofSeconds(2);

  /** How long resynchronising may take before the driver's links count as stuck. */
  static final Duration SYNC_LIMIT = Duration.ofSeconds(10);

  /** The most calls that wait. */
  static final int QUEUE = 1000;

  /** The most threads that drivers of one instrument may keep. */
  static final int STUCK = 3;

  private static final int URGENT = 4;
  private static final int ERRORS = 10;

  /** An error of the past, for people who ask why. */
  record PastError(Instant at, String text) {}

  private final String name;
  private final Environment env;
  private final Object lock = new Object();
  private final Deque<Pending> queue = new ArrayDeque<>();
  private final Deque<PastError> errors = new ArrayDeque<>();
  private final Set<Object> stuck = new HashSet<>();

  private volatile Plan plan;
  private Phase phase = Phase.OFFLINE;
  private Reason reason = Reason.NONE;
  private String text = "";
  private Instant since;
  private long entered;
  private boolean exchanging;
  private Plan failed;
  private int attempts;
  private boolean retryPending;

  private volatile Instance instance;
  private Plan lastGood;
  private Worker worker;
  private volatile Job job;
  private boolean working;
  private Pending running;
  private CompletionStage<?> stage;
  private final Set<Pending> urgent = new HashSet<>();
  private InstrumentInfo lastInfo;

  /**
   * Whether threads are woken after the lock is free, so that they do not run into it: on the way
   * of every call.
   */
  private boolean defers;

  private Worker toWake;
  private Pending toSignal;

  private int awaiting;
  private volatile Runnable end = () -> {};

  private long sent;
  private long completed;
  private long failedCalls;
  private long timedOut;

  Guard(String name, Environment env) {
    this.name = name;
    this.env = env;
    this.since = env.now();
  }

  // ---- What clients see ----

  @Override
  public String name() {
    return name;
  }

  @Override
  public InstrumentInfo info() {
    Instance current = instance;
    InstrumentInfo info = current == null ? null : current.info();
    if (info != null) {
      return info;
    }
    synchronized (lock) {
      if (lastInfo == null) {
        throw new Unreachable(ErrorCode.NOT_CONNECTED, unavailable());
      }
      return lastInfo;
    }
  }

  @Override
  public InstrumentStatus status() {
    synchronized (lock) {
      Instance current = instance;
      InstrumentSpec spec = plan.spec;
      return new InstrumentStatus(
          name,
          state(),
          shownReason(),
          text,
          since,
          spec.driver(),
          current == null ? "" : current.plan.source.version().toString(),
          current == null ? Identity.UNKNOWN : current.identity(),
          spec.connection().toString(),
          queue.size(),
          stuck.size(),
          new CallCounts(sent, completed, failedCalls, timedOut),
          spec.labels().entrySet().stream()
              .map(e -> e.getKey() + "=" + e.getValue())
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
    Pending pending = Pending.awaited(call, env.nanoTime(), limit(call));
    submit(pending);
    boolean interrupted = false;
    Object outcome = pending.outcome();
    while (outcome == null) {
      long left = pending.deadline - env.nanoTime();
      if (left <= 0) {
        expire(pending);
      } else {
        LockSupport.parkNanos(this, left);
        // A caller's interrupt must not make the effect of its call unknown: it is kept for later.
        interrupted |= Thread.interrupted();
      }
      outcome = pending.outcome();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (outcome instanceof Result result) {
      return result;
    }
    throw (InstrumentException) outcome;
  }

  @Override
  public CompletionStage<Result> send(Call call) {
    CompletableFuture<Result> future = new CompletableFuture<>();
    Executor callbacks = env::run;
    long limit = limit(call);
    Pending pending = Pending.sent(call, env.nanoTime(), limit, future, callbacks);
    pending.disarm = env.later(limit, () -> expire(pending));
    try {
      submit(pending);
    } catch (InstrumentException e) {
      pending.complete(e);
    }
    return future;
  }

  private long limit(Call call) {
    Duration limit = call.deadline();
    if (limit == null) {
      Instance current = instance;
      InstrumentInfo info = current == null ? null : current.info();
      limit =
          info == null
              ? null
              : info.command(call.command()).map(CommandInfo::deadline).orElse(null);
    }
    if (limit == null) {
      limit = spec().deadline() == null ? DEADLINE : spec().deadline();
    }
    return Math.min(limit.toSeconds(), 1_000_000_000L) == limit.toSeconds()
        ? limit.toNanos()
        : Long.MAX_VALUE / 4;
  }

  private InstrumentSpec spec() {
    return plan.spec;
  }

  // ---- Calls in ----

  private void submit(Pending pending) {
    Instance current = instance;
    InstrumentInfo info = current == null ? null : current.info();
    try {
      if (info != null) {
        bind(pending, info);
      }
      Worker wake;
      synchronized (lock) {
        defers = true;
        try {
          admit(pending, info != null && pending.command.urgent());
        } finally {
          defers = false;
          wake = toWake;
          toWake = null;
        }
      }
      if (wake != null) {
        wake.wake();
      }
    } catch (InstrumentException e) {
      synchronized (lock) {
        failedCalls++;
      }
      throw located(e, pending);
    }
  }

  /** Checks a call against the commands of the driver and converts its arguments. */
  private void bind(Pending pending, InstrumentInfo info) {
    Call call = pending.call;
    CommandInfo command =
        info.command(call.command())
            .orElseThrow(
                () -> new Refused(ErrorCode.UNKNOWN_COMMAND, unknown(call.command(), info)));
    if (!command.reads() && !call.caller().role().includes(Role.OPERATOR)) {
      throw new Refused(
          ErrorCode.NOT_ALLOWED,
          command.name()
              + " needs the role OPERATOR; "
              + call.caller().name()
              + " is "
              + call.caller().role());
    }
    pending.arguments = Values.bind(command, call.positional(), call.named());
    pending.command = command;
    pending.boundTo = info;
  }

  private String unknown(String command, InstrumentInfo info) {
    return name
        + " has no command '"
        + command
        + "'; it has "
        + String.join(", ", info.commands().stream().map(CommandInfo::name).toList());
  }

  private void admit(Pending pending, boolean overtakes) {
    if (plan.goal != Plan.Goal.RUN) {
      throw new Refused(ErrorCode.STOPPED, name + " is stopped");
    }
    if (phase == Phase.OFFLINE
        || phase == Phase.FAULT
        || phase == Phase.STOPPED
        || phase == Phase.CLOSED) {
      throw offline();
    }
    if (overtakes && GuardTable.of(phase, Event.URGENT) != null) {
      if (urgent.size() >= URGENT) {
        throw new Refused(ErrorCode.BUSY, URGENT + " urgent calls of " + name + " are running");
      }
      step(Event.URGENT, pending);
      return;
    }
    if (queue.size() >= QUEUE) {
      throw new Refused(
          ErrorCode.BUSY, "the queue of " + name + " is full: " + QUEUE + " calls wait");
    }
    queue.add(pending);
    if (phase == Phase.READY) {
      next();
    }
  }

  /** The deadline of a call has passed: whoever waits for it, or the timer, says so. */
  private void expire(Pending pending) {
    synchronized (lock) {
      if (pending.done()) {
        return;
      }
      if (pending == running) {
        step(Event.TIMEOUT);
        next();
      } else if (queue.remove(pending)) {
        fail(
            pending,
            new Refused(
                ErrorCode.DEADLINE_IN_QUEUE,
                called(pending)
                    + " waited "
                    + seconds(pending.limit)
                    + " in the queue and was not sent"));
      } else if (urgent.contains(pending)) {
        fail(pending, overdue(pending));
        env.later(GRACE.toNanos(), () -> urgentGrace(pending));
      }
    }
  }

  // ---- What shall be ----

  /** Gives the guard a new plan, and works towards it. */
  void want(Plan wanted) {
    synchronized (lock) {
      boolean exchange =
          plan != null
              && wanted.goal == Plan.Goal.RUN
              && instance != null
              && phase != Phase.OFFLINE;
      plan = wanted;
      exchanging |= exchange;
      attempts = 0;
      retryPending = false;
      if (wanted.goal != Plan.Goal.RUN) {
        exchanging = false;
        refuseWaiting();
      }
      next();
    }
  }

  /** A driver's links were found lost. */
  void linkLost(Instance of, String why) {
    synchronized (lock) {
      if (instance == of && GuardTable.of(phase, Event.LINK_LOST) != null) {
        reason = Reason.NO_LINK;
        text = why;
        step(Event.LINK_LOST);
        next();
      }
    }
  }

  /**
   * Gives up whatever the driver is doing: its bundle goes now.
   *
   * @param source only if the driver comes from there; null for any
   */
  void abandon(DriverSource source) {
    synchronized (lock) {
      Instance current = instance;
      if (current == null || (source != null && current.plan.source != source)) {
        return;
      }
      text = "the driver " + current.plan.source + " was removed while it was busy";
      reason = Reason.NO_DRIVER;
      if (running != null) {
        fail(running, new TimedOut(called(running) + ": " + text + "; its effect is unknown"));
      }
      if (GuardTable.of(phase, Event.TIMEOUT) != null) {
        step(Event.TIMEOUT);
      }
      if (GuardTable.of(phase, Event.GRACE_OVER) != null) {
        step(Event.GRACE_OVER);
      }
      next();
    }
  }

  // ---- The driver's thread ----

  /** The job for a worker; null for none now, {@link Job#LEAVE} when it is no longer wanted. */
  Job poll(Worker by) {
    synchronized (lock) {
      return takeJob(by);
    }
  }

  /** Whether it is worth polling; without the lock. */
  boolean hasWork() {
    return job != null;
  }

  private Job takeJob(Worker by) {
    if (by != worker) {
      return Job.LEAVE;
    }
    Job taken = job;
    job = null;
    working = taken != null;
    return taken;
  }

  /** Lets a worker go; false when there is work for it after all. */
  boolean release(Worker by) {
    synchronized (lock) {
      if (by != worker) {
        return true;
      }
      if (job != null) {
        return false;
      }
      worker = null;
      return true;
    }
  }

  /** Does a job; runs the driver's code. Called without the lock. */
  Object perform(Job work) throws Exception {
    switch (work.kind()) {
      case START -> {
        Deadline.set(Deadline.after(startLimit(work.instance().plan)));
        work.instance().start();
      }
      case CALL -> {
        return run(work.instance(), work.call());
      }
      case SYNC -> {
        Deadline.set(Deadline.after(SYNC_LIMIT.dividedBy(2)));
        work.instance().links.resynchronise();
      }
      case CLOSE -> {
        Deadline.set(Deadline.after(GRACE));
        work.instance().close();
      }
    }
    return null;
  }

  private Object run(Instance on, Pending call) throws Exception {
    if (call.boundTo != on.info()) {
      bind(call, on.info());
    }
    Deadline.set(Deadline.at(call.deadline));
    call.startedNanos = env.nanoTime();
    Object value = on.call(call.command.name(), call.arguments);
    if (value instanceof CompletionStage<?> returned) {
      return returned;
    }
    return result(on, call, value);
  }

  private Result result(Instance on, Pending call, Object value) {
    Object checked = value;
    if (!on.typed()) {
      try {
        checked = Values.convert(call.command.name(), call.command.result(), value);
      } catch (Refused e) {
        throw new Faulted(
            ErrorCode.DRIVER_ERROR, 0, "the driver's answer is wrong: " + e.getMessage(), e);
      }
    }
    return new Result(checked, call.command, call.startedNanos, env.nanoTime());
  }

  /**
   * Takes the outcome of a job.
   *
   * @return the next job for the same worker, or null
   */
  Job finish(Worker by, Job done, Object outcome) {
    Job following;
    Pending answered;
    synchronized (lock) {
      if (by != worker) {
        // Given up long ago: its answer is nobody's, but its thread is free again.
        stuck.remove(by);
        return Job.LEAVE;
      }
      working = false;
      defers = true;
      try {
        finished(done, outcome);
        next();
      } finally {
        defers = false;
        toWake = null;
        answered = toSignal;
        toSignal = null;
      }
      following = takeJob(by);
    }
    if (answered != null) {
      answered.signal();
    }
    return following;
  }

  private void finished(Job done, Object outcome) {
    switch (done.kind()) {
      case START -> started(done.instance(), outcome);
      case CALL -> returned(done.call(), outcome);
      case SYNC -> synced(outcome);
      case CLOSE -> {
        if (outcome instanceof Worker.Thrown thrown) {
          env.mistake(this, "close", thrown.cause());
        }
        instance = null;
        step(Event.DISCARDED);
      }
    }
  }

  private void started(Instance made, Object outcome) {
    if (phase == Phase.LATE_START) {
      reason = Reason.CONNECT_TIMEOUT;
      text = "connecting took longer than " + seconds(startLimit(made.plan).toNanos());
      failStart(made.plan, Event.START_FAILED);
      return;
    }
    if (!(outcome instanceof Worker.Thrown thrown)) {
      lastInfo = made.info();
      lastGood = made.plan;
      step(Event.STARTED);
      return;
    }
    Throwable cause = thrown.cause();
    text = message(cause);
    remember(text);
    if (!(cause instanceof InstrumentException)) {
      env.mistake(this, "connect", cause);
    }
    if (made.broken(cause)) {
      reason = Reason.CONFIGURATION;
      instance = null;
      env.run(made.links::close);
      failStart(made.plan, Event.BROKEN);
    } else {
      boolean link = cause instanceof Unreachable e && e.code() == ErrorCode.NO_LINK;
      reason = link ? Reason.NO_LINK : Reason.CONNECT_FAILED;
      failStart(made.plan, Event.START_FAILED);
    }
  }

  /** A start failed: where there is a driver to go back to, that is the plan now. */
  private void failStart(Plan of, Event event) {
    failed = of;
    if (plan == of && of.fallback != null) {
      remember("the driver " + of.source + " was taken back: " + text);
      plan = of.fallback;
    }
    step(event);
  }

  private void returned(Pending call, Object outcome) {
    if (outcome instanceof CompletionStage<?> returned) {
      stage = returned;
      step(Event.STAGE);
      return;
    }
    settle(call, outcome);
  }

  /** The running call has an outcome. */
  private void settle(Pending call, Object outcome) {
    if (phase == Phase.OVERDUE || phase == Phase.LATE_STAGE) {
      // Its caller has been told; the late answer is nobody's.
      step(Event.RETURN);
      return;
    }
    Object answer =
        outcome instanceof Worker.Thrown thrown ? failure(call, thrown.cause()) : outcome;
    Event event = Event.RETURN;
    if (answer instanceof InstrumentException e) {
      event =
          switch (e.kind()) {
            case TIMED_OUT, GARBLED -> Event.RETURN_DIRTY;
            case UNREACHABLE -> e.code() == ErrorCode.NO_LINK ? Event.RETURN_LOST : Event.RETURN;
            case REFUSED, FAULTED -> Event.RETURN;
          };
    }
    if (event == Event.RETURN_LOST) {
      reason = Reason.NO_LINK;
      text = ((InstrumentException) answer).getMessage();
    }
    step(event, answer);
  }

  private InstrumentException failure(Pending call, Throwable cause) {
    if (cause instanceof InstrumentException e) {
      return located(e, call);
    }
    env.mistake(this, called(call), cause);
    return located(
        new Faulted(
            ErrorCode.DRIVER_ERROR,
            0,
            called(call) + ": the driver failed: " + message(cause),
            cause),
        call);
  }

  private void synced(Object outcome) {
    if (outcome instanceof Worker.Thrown thrown) {
      reason = Reason.NO_LINK;
      text = message(thrown.cause());
      step(Event.SYNC_FAILED);
    } else {
      step(Event.SYNCED);
    }
  }

  private void stageDone(Pending call, CompletionStage<?> of, Object value, Throwable thrown) {
    Object outcome;
    try {
      Throwable cause =
          thrown instanceof CompletionException && thrown.getCause() != null
              ? thrown.getCause()
              : thrown;
      Instance on = instance;
      outcome = cause != null || on == null ? new Worker.Thrown(cause) : result(on, call, value);
    } catch (InstrumentException e) {
      outcome = new Worker.Thrown(e);
    }
    synchronized (lock) {
      if (stage != of) {
        return;
      }
      stage = null;
      settle(call, outcome);
      next();
    }
  }

  // ---- The table ----

  private void step(Event event) {
    step(event, null);
  }

  /**
   * Takes the transition of an event.
   *
   * @param what the answer or the urgent call that comes with it
   */
  private void step(Event event, Object what) {
    GuardTable.Transition transition = GuardTable.of(phase, event);
    if (transition == null) {
      throw new IllegalStateException(name + ": " + event + " in " + phase);
    }
    env.stepped(phase, event);
    Phase from = phase;
    State before = state();
    phase = transition.to();
    if (phase != from) {
      enter();
    }
    for (Action action : transition.actions()) {
      act(action, what);
    }
    if (awaiting > 0) {
      lock.notifyAll();
    }
    State after = state();
    if (before != after && !(isTurn(before) && isTurn(after))) {
      env.changed(
          this, after + (shownReason() == Reason.NONE ? "" : "(" + reason.text() + ") " + text));
    }
  }

  /** Calls come and go too often to tell of each. */
  private static boolean isTurn(State state) {
    return state == State.READY || state == State.BUSY;
  }

  /** A phase begins: its limit is armed. */
  private void enter() {
    long now = ++entered;
    switch (phase) {
      case STARTING -> arm(now, startLimit(plan), Event.TIMEOUT);
      case LATE_START, OVERDUE, LATE_STAGE, CLOSING -> arm(now, GRACE, Event.GRACE_OVER);
      case RESYNC -> arm(now, SYNC_LIMIT, Event.GRACE_OVER);
      case OFFLINE, READY, BUSY, WAITING, FAULT, STOPPED, CLOSED -> {}
    }
    if (phase.state() != State.READY && phase.state() != State.BUSY) {
      since = env.now();
    }
  }

  private void arm(long of, Duration limit, Event event) {
    env.later(
        limit.toNanos(),
        () -> {
          synchronized (lock) {
            if (entered == of) {
              if (event == Event.GRACE_OVER) {
                stuckReason();
              }
              if (phase == Phase.LATE_START) {
                failStart(failedStart(), event);
              } else {
                step(event);
              }
              next();
            }
          }
        });
  }

  private Plan failedStart() {
    return instance == null ? plan : instance.plan;
  }

  private void stuckReason() {
    if (phase == Phase.CLOSING) {
      remember(
          "closing the driver took longer than "
              + seconds(GRACE.toNanos())
              + "; its thread was given up");
      return;
    }
    reason = Reason.STUCK;
    String where =
        running == null
            ? "while it " + (phase == Phase.LATE_START ? "connected" : "resynchronised")
            : "from " + called(running);
    text = "the driver did not return " + where + "; 'restart " + name + "' makes a new one";
    remember(text);
  }

  private void act(Action action, Object what) {
    switch (action) {
      case ANSWER -> {
        Pending call = running;
        running = null;
        answer(call, what);
      }
      case EXPIRE -> fail(running, overdue(running));
      case FAIL_RUNNING -> {
        fail(running, new Unreachable(ErrorCode.STUCK, called(running) + ": " + unavailable()));
        running = null;
      }
      case CANCEL_IO -> {
        if (instance != null) {
          instance.links.cancel();
        }
      }
      case CANCEL_STAGE -> cancelStage();
      case AWAIT_STAGE -> {
        CompletionStage<?> of = stage;
        Pending call = running;
        // On a thread of its own: completing it may run code of whoever completes it.
        env.run(() -> of.whenComplete((value, thrown) -> stageDone(call, of, value, thrown)));
      }
      case ABANDON -> giveUp();
      case FAIL_WAITING -> {
        if (!anotherIsNext()) {
          exchanging = false;
          failWaiting();
        }
      }
      case REFUSE_WAITING -> refuseWaiting();
      case RETRY_LATER -> retryLater();
      case ADMIT -> {
        reason = Reason.NONE;
        text = "";
        attempts = 0;
        failed = null;
        exchanging = false;
        since = env.now();
        env.ready(this, instance);
      }
      case WITHDRAW -> env.withdrawn(this);
      case DO_START -> {
        if (instance == null) {
          Instance[] self = new Instance[1];
          self[0] = new Instance(plan, env.links(name, why -> linkLost(self[0], why)));
          instance = self[0];
        }
        dispatch(new Job(Job.Kind.START, instance, null));
      }
      case DO_CALL -> {
        running = queue.poll();
        sent++;
        dispatch(new Job(Job.Kind.CALL, instance, running));
      }
      case DO_URGENT -> runUrgent((Pending) what, instance);
      case DO_SYNC -> {
        running = null;
        dispatch(new Job(Job.Kind.SYNC, instance, null));
      }
      case DO_CLOSE -> dispatch(new Job(Job.Kind.CLOSE, instance, null));
    }
  }

  /** What follows from the plan, now that a step is done. */
  private void next() {
    switch (phase) {
      case READY -> {
        if (instance.plan != plan) {
          step(Event.DISCARD);
        } else if (!queue.isEmpty()) {
          step(Event.CALL);
        }
      }
      case OFFLINE -> {
        if (instance != null && instance.plan != plan) {
          step(Event.DISCARD);
        } else if (plan.goal != Plan.Goal.RUN) {
          step(plan.goal == Plan.Goal.STOP ? Event.STOP : Event.CLOSE);
          next();
        } else if (plan.source == null) {
          noDriver();
        } else if (!retryPending && plan != failed) {
          step(Event.START);
        }
      }
      case FAULT -> {
        if (plan != failed) {
          leaveFault();
        }
      }
      case STOPPED -> {
        if (plan.goal == Plan.Goal.RUN && plan.source == null) {
          noDriver();
        } else if (plan.goal != Plan.Goal.STOP) {
          step(plan.goal == Plan.Goal.RUN ? Event.START : Event.CLOSE);
        }
      }
      case STARTING, LATE_START, BUSY, WAITING, OVERDUE, LATE_STAGE, RESYNC, CLOSING, CLOSED -> {}
    }
  }

  /** Whether the plan is another one than that which just failed, so that it is tried at once. */
  private boolean anotherIsNext() {
    Plan last = instance == null ? failed : instance.plan;
    return plan.goal == Plan.Goal.RUN && plan.source != null && plan != last;
  }

  private void noDriver() {
    if (phase == Phase.OFFLINE && reason == Reason.NO_DRIVER && queue.isEmpty()) {
      return;
    }
    reason = Reason.NO_DRIVER;
    exchanging = false;
    String pin = plan.spec.version() == null ? "" : " of version " + plan.spec.version();
    text = "no driver " + plan.spec.driver() + pin + " is installed";
    step(Event.NO_DRIVER);
  }

  private void leaveFault() {
    if (plan.goal != Plan.Goal.RUN) {
      step(plan.goal == Plan.Goal.STOP ? Event.STOP : Event.CLOSE);
      next();
    } else if (plan.source == null) {
      noDriver();
    } else if (stuck.size() >= STUCK) {
      failed = plan;
      reason = Reason.STUCK;
      text = stuck.size() + " threads of its drivers are stuck; restart the node";
      failWaiting();
    } else {
      step(Event.START);
    }
  }

  // ---- What the actions do ----

  private void dispatch(Job work) {
    job = work;
    if (worker == null) {
      worker = new Worker(this);
      env.run(worker);
    } else if (defers) {
      toWake = worker;
    } else {
      worker.wake();
    }
  }

  private void runUrgent(Pending call, Instance on) {
    urgent.add(call);
    sent++;
    env.run(
        () -> {
          Thread thread = Thread.currentThread();
          String poolName = thread.getName();
          thread.setName("guard " + name + " urgent");
          Object outcome;
          try {
            outcome = run(on, call);
          } catch (Throwable t) {
            outcome = new Worker.Thrown(t);
          } finally {
            Deadline.set(null);
            thread.setName(poolName);
          }
          if (outcome instanceof CompletionStage<?> returned) {
            returned.whenComplete(
                (value, thrown) ->
                    urgentDone(
                        call,
                        thrown != null ? new Worker.Thrown(thrown) : result(on, call, value)));
          } else {
            urgentDone(call, outcome);
          }
        });
  }

  private void urgentDone(Pending call, Object outcome) {
    synchronized (lock) {
      urgent.remove(call);
      stuck.remove(call);
      if (!call.done()) {
        answer(
            call,
            outcome instanceof Worker.Thrown thrown ? failure(call, thrown.cause()) : outcome);
      }
    }
  }

  private void answer(Pending call, Object outcome) {
    if (outcome instanceof InstrumentException e) {
      fail(call, e);
    } else if (!call.done()) {
      completed++;
      if (defers) {
        call.set(outcome);
        toSignal = call;
      } else {
        call.complete(outcome);
      }
    }
  }

  private void urgentGrace(Pending call) {
    synchronized (lock) {
      if (!urgent.contains(call) || GuardTable.of(phase, Event.URGENT_STUCK) == null) {
        return;
      }
      urgent.remove(call);
      stuck.add(call);
      reason = Reason.STUCK;
      text =
          "the driver did not return from "
              + called(call)
              + "; 'restart "
              + name
              + "' makes a new one";
      remember(text);
      step(Event.URGENT_STUCK);
      next();
    }
  }

  private void giveUp() {
    if (instance != null) {
      failed = instance.plan;
      instance.links.close();
      instance = null;
    }
    running = null;
    stage = null;
    job = null;
    Worker held = worker;
    worker = null;
    if (held != null && working) {
      stuck.add(held);
      held.interrupt();
    } else if (held != null) {
      held.wake();
    }
    working = false;
  }

  private void cancelStage() {
    CompletionStage<?> of = stage;
    if (of != null) {
      // It may run code of the driver, so not here.
      env.run(
          () -> {
            try {
              of.toCompletableFuture().cancel(true);
            } catch (UnsupportedOperationException e) {
              // a stage that cannot be cancelled has the grace to complete
            }
          });
    }
  }

  private void retryLater() {
    if (anotherIsNext()) {
      return;
    }
    if (!plan.spec.reconnect().enabled()) {
      text += "; reconnecting is off, 'restart " + name + "' tries again";
      failed = plan;
      return;
    }
    retryPending = true;
    Plan of = plan;
    long when = entered;
    env.later(
        plan.spec.reconnect().delay(attempts++).toNanos(),
        () -> {
          synchronized (lock) {
            if (entered == when && plan == of && retryPending) {
              retryPending = false;
              failed = null;
              step(Event.START);
              next();
            }
          }
        });
  }

  private void failWaiting() {
    while (!queue.isEmpty()) {
      fail(queue.poll(), offline());
    }
  }

  private void refuseWaiting() {
    while (!queue.isEmpty()) {
      fail(queue.poll(), new Refused(ErrorCode.STOPPED, name + " was stopped"));
    }
  }

  private void fail(Pending call, InstrumentException e) {
    if (call.done()) {
      return;
    }
    failedCalls++;
    if (e.kind() == ErrorKind.TIMED_OUT) {
      timedOut++;
    }
    if (e.kind() != ErrorKind.REFUSED) {
      remember(e.getMessage());
    }
    call.complete(located(e, call));
  }

  private InstrumentException offline() {
    if (phase == Phase.STOPPED || phase == Phase.CLOSED) {
      return new Refused(ErrorCode.STOPPED, name + " is stopped");
    }
    ErrorCode code =
        switch (reason) {
          case NO_DRIVER -> ErrorCode.NO_DRIVER;
          case NO_LINK -> ErrorCode.NO_LINK;
          case STUCK -> ErrorCode.STUCK;
          case NONE, CONNECT_FAILED, CONNECT_TIMEOUT, CONFIGURATION -> ErrorCode.NOT_CONNECTED;
        };
    return new Unreachable(code, unavailable());
  }

  private InstrumentException located(InstrumentException e, Pending call) {
    String command = call.command == null ? call.call.command() : call.command.name();
    return e.at(new Origin(name, command, "", "", ""));
  }

  private String unavailable() {
    String why = text.isEmpty() ? "" : ": " + text;
    return name
        + " is "
        + state()
        + (shownReason() == Reason.NONE ? "" : "(" + reason.text() + ")")
        + why;
  }

  private TimedOut overdue(Pending call) {
    return new TimedOut(
        called(call) + ": no answer within " + seconds(call.limit) + "; its effect is unknown");
  }

  private String called(Pending call) {
    return name + "." + (call.command == null ? call.call.command() : call.command.name());
  }

  private static String seconds(long nanos) {
    return Values.number(Math.round(nanos / 1e6) / 1e3) + " s";
  }

  private static String message(Throwable cause) {
    if (cause == null) {
      return "no result";
    }
    String message = cause.getMessage();
    return message == null || message.isBlank()
        ? Values.text(Names.snake(cause.getClass().getSimpleName()).replace('_', ' '))
        : message;
  }

  private static Duration startLimit(Plan of) {
    return START_LIMIT.plus(of.spec.startupDelay());
  }

  private void remember(String error) {
    if (!errors.isEmpty() && errors.peekLast().text().equals(error)) {
      errors.pollLast();
    }
    errors.add(new PastError(env.now(), error));
    if (errors.size() > ERRORS) {
      errors.poll();
    }
  }

  private State state() {
    boolean shut = phase == Phase.FAULT || phase == Phase.STOPPED || phase == Phase.CLOSED;
    return exchanging && !shut ? State.SWAPPING : phase.state();
  }

  private Reason shownReason() {
    State state = state();
    return state == State.OFFLINE || state == State.FAULT ? reason : Reason.NONE;
  }

  // ---- For the coordinator ----

  /** Waits until a condition on this guard holds, at most so long; returns whether it does. */
  boolean await(BooleanSupplier condition, long nanos) {
    long until = System.nanoTime() + nanos;
    synchronized (lock) {
      awaiting++;
      try {
        while (!condition.getAsBoolean()) {
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

  /** Says why it is not ready. */
  void requireReady() {
    synchronized (lock) {
      if (phase.state() != State.READY && phase.state() != State.BUSY) {
        throw offline();
      }
    }
  }

  /** Has something run when the guard is closed. */
  void onEnd(Runnable task) {
    end = task;
  }

  /** The plan it works towards. */
  Plan plan() {
    synchronized (lock) {
      return plan;
    }
  }

  /** The driver in use, null for none. */
  DriverSource source() {
    Instance current = instance;
    return current == null ? null : current.plan.source;
  }

  /** The plan that worked last, null for none: what a swap falls back to. */
  Plan lastGood() {
    synchronized (lock) {
      return lastGood;
    }
  }

  /** Whether it is where its plan wants it, or has given up. */
  boolean settled() {
    synchronized (lock) {
      return switch (phase) {
        case OFFLINE, FAULT, STOPPED, CLOSED -> true;
        case STARTING, LATE_START, CLOSING -> false;
        case READY, BUSY, WAITING, OVERDUE, LATE_STAGE, RESYNC -> instance.plan == plan;
      };
    }
  }

  Phase phase() {
    synchronized (lock) {
      return phase;
    }
  }

  List<PastError> errors() {
    synchronized (lock) {
      return new ArrayList<>(errors);
    }
  }

  @Override
  public void close() {
    synchronized (lock) {
      want(new Plan(Plan.Goal.CLOSE, plan.spec, null, null));
    }
    end.run();
  }

  @Override
  public String toString() {
    return "instrument " + name;
  }
}
