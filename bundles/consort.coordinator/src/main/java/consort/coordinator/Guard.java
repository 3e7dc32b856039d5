// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Call;
import consort.api.Caller;
import consort.api.CommandInfo;
import consort.api.Deadline;
import consort.api.ErrorCode;
import consort.api.Faulted;
import consort.api.InstrumentException;
import consort.api.InstrumentInfo;
import consort.api.InstrumentStatus;
import consort.api.Reason;
import consort.api.Refused;
import consort.api.Result;
import consort.api.State;
import consort.api.TimedOut;
import consort.api.Unreachable;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.SwapOutcome;
import consort.api.coordinator.SwapStatus;
import consort.api.coordinator.TemporaryInstrument;
import consort.api.driver.Identity;
import consort.api.driver.SavedState;
import consort.api.typed.TypedView;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;

/**
 * The object in front of one driver instance; what everybody else knows as the instrument. It
 * checks calls, keeps their order, gives them to the driver one at a time, and holds deadlines
 * whatever the driver does. Its behaviour is {@link GuardTable}; here is what the actions mean.
 *
 * <p>One lock guards all fields. It is never held while code of a driver, a listener or a caller
 * runs, and no other lock is taken under it, save inside {@code cancel} and {@code close} of links,
 * which never wait.
 */
final class Guard implements TemporaryInstrument {

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
  private final Object lock = new Object();
  private final Condition condition;
  private final Health health = new Health();
  private final Waiting waiting;
  private final UrgentCalls urgents;
  private final Crew crew;

  private volatile Plan plan;
  private Phase phase = Phase.OFFLINE;

  /** Counts the phases, so that a timer of one that is over does nothing. */
  private long entered;

  /** Takes the timer of the phase off. */
  private Runnable disarm = () -> {};

  /** Whether an instance that was ready is being exchanged. */
  private boolean exchanging;

  /** What is handed over and compared meanwhile; null for nothing. */
  private Swap swap;

  private final Deque<SwapOutcome> swaps = new ArrayDeque<>();

  /** The plan that failed last: it is not tried again at once. */
  private Plan failed;

  private Plan lastGood;
  private int attempts;
  private boolean retryPending;

  private volatile Instance instance;
  private InstrumentInfo lastInfo;
  private Pending running;
  private CompletionStage<?> stage;

  /** The safe state that was sent last. */
  private Pending safeState;

  private volatile State held = State.OFFLINE;
  private int awaiting;
  private volatile Runnable end = () -> {};

  /** A guard that has no driver yet, and does nothing before it is given a plan. */
  Guard(InstrumentSpec spec, Environment env) {
    this.name = spec.name();
    this.env = env;
    this.plan = new Plan(Plan.Goal.RUN, spec, null, null);
    this.condition = new Condition(name, env);
    this.waiting = new Waiting(name, condition);
    this.urgents = new UrgentCalls(name);
    this.crew = new Crew(this, env);
  }

  // ---- What clients see ----

  @Override
  public String name() {
    return name;
  }

  @Override
  public InstrumentInfo info() {
    InstrumentInfo info = currentInfo();
    if (info != null) {
      return info;
    }
    synchronized (lock) {
      if (lastInfo == null) {
        throw new Unreachable(ErrorCode.NOT_CONNECTED, condition.toString());
      }
      return lastInfo;
    }
  }

  private InstrumentInfo currentInfo() {
    Instance current = instance;
    return current == null ? null : current.info();
  }

  @Override
  public InstrumentStatus status() {
    synchronized (lock) {
      Instance current = instance;
      InstrumentSpec spec = plan.spec;
      return new InstrumentStatus(
          name,
          condition.state(),
          condition.reason(),
          condition.text(),
          condition.since(),
          spec.driver(),
          driverVersion(),
          current == null ? Identity.UNKNOWN : current.identity(),
          spec.connection().toString(),
          waiting.size(),
          crew.stuck(),
          waiting.counts(),
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
    Pending pending = Pending.awaited(name, call, env.nanoTime(), limit(call));
    submit(pending);
    boolean interrupted = false;
    Object outcome = pending.outcome();
    while (outcome == null) {
      long left = pending.deadline() - env.nanoTime();
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
    return send(pending(call));
  }

  /** The deadline of the call, else of the command, else of the instrument; ns. */
  long limit(Call call) {
    Duration limit = call.deadline();
    InstrumentInfo info = limit == null ? currentInfo() : null;
    if (info != null) {
      limit = info.command(call.command()).map(CommandInfo::deadline).orElse(null);
    }
    if (limit == null) {
      limit = plan.spec.deadline();
    }
    return Deadline.nanos(limit == null ? DEADLINE : limit);
  }

  // ---- Calls in ----

  /**
   * Takes a call.
   *
   * @throws InstrumentException when it is not taken; it has no outcome then
   */
  void submit(Pending pending) {
    InstrumentInfo info = currentInfo();
    try {
      if (info != null) {
        pending.bind(info);
      }
      pending.admit(env.permits());
      pending.requireInterlock(env, plan.spec);
      Worker woken;
      synchronized (lock) {
        crew.hold();
        try {
          admit(pending);
        } finally {
          woken = crew.release();
        }
      }
      if (woken != null) {
        woken.wake();
      }
    } catch (InstrumentException e) {
      synchronized (lock) {
        waiting.refused();
      }
      throw e.at(pending.origin());
    }
  }

  private void admit(Pending pending) {
    if (plan.goal != Plan.Goal.RUN) {
      throw new Refused(ErrorCode.STOPPED, name + " is stopped");
    }
    boolean shut = phase == Phase.OFFLINE || phase == Phase.FAULT || phase == Phase.STOPPED;
    if (shut && !exchanging) {
      throw condition.unavailable();
    }
    if (env.nanoTime() - pending.deadline() >= 0) {
      // Its timer may be over already: nobody else would notice.
      throw pending.expiredInQueue();
    }
    if (pending.urgent() && GuardTable.of(phase, Event.URGENT) != null) {
      if (!pending.isTask(Task.SAFE_STATE)) {
        urgents.requireRoom();
      }
      step(Event.URGENT, pending);
      return;
    }
    waiting.add(pending);
    if (swap != null) {
      swap.hold();
    }
    if (phase == Phase.READY) {
      next();
    }
  }

  /** The deadline of a call has passed: whoever waits for it, or the timer, says so. */
  void expire(Pending pending) {
    synchronized (lock) {
      if (pending.outcome() != null) {
        return;
      }
      if (pending == running) {
        step(Event.TIMEOUT);
        next();
      } else if (waiting.remove(pending)) {
        waiting.fail(pending, pending.expiredInQueue());
      } else if (urgents.of(pending) != null) {
        waiting.fail(pending, pending.overdue());
        cancelStage(urgents.of(pending).stage());
        env.later(GRACE.toNanos(), () -> urgentGraceOver(pending));
      }
    }
  }

  /** Cancels a call that has no outcome yet. */
  void cancel(Pending pending, String why) {
    synchronized (lock) {
      if (pending.outcome() != null) {
        return;
      }
      if (waiting.remove(pending)) {
        waiting.fail(
            pending, new Refused(ErrorCode.CANCELLED_IN_QUEUE, pending + " was not sent: " + why));
      } else if (pending == running) {
        cancelRunning(why);
        next();
      }
    }
  }

  /**
   * Cancels the running call and those that wait.
   *
   * @return how many they were
   */
  int cancel(String why) {
    synchronized (lock) {
      int count = waiting.size();
      waiting.failAll(
          () -> new Refused(ErrorCode.CANCELLED_IN_QUEUE, "the call was not sent: " + why));
      if (running != null && running.outcome() == null) {
        count++;
        cancelRunning(why);
      }
      next();
      return count;
    }
  }

  /**
   * Brings the hardware into its safe state, beside a running call. Calls that wait to write are
   * refused. One that is under way already is not sent again.
   *
   * @param why what they are told
   */
  Pending safeState(Duration limit, String why) {
    Pending pending = pending(Call.of(Task.SAFE_STATE.command().name()).within(limit));
    pending.does(Task.SAFE_STATE);
    synchronized (lock) {
      waiting.failWrites(
          () -> new Refused(ErrorCode.CANCELLED_IN_QUEUE, "the call was not sent: " + why));
      if (safeState != null && safeState.outcome() == null) {
        return safeState;
      }
      safeState = pending;
    }
    send(pending);
    return pending;
  }

  /** Sends a line over the link, in turn with the calls. */
  CompletionStage<Result> ask(String text, boolean answer, Duration limit, Caller by) {
    Pending pending = pending(new Call("ask", List.of(), Map.of(), limit, by, ""));
    pending.does(Task.ask(text, answer));
    return send(pending);
  }

  private Pending pending(Call call) {
    return Pending.sent(
        name, call, env.nanoTime(), limit(call), new CompletableFuture<>(), env::run);
  }

  private CompletionStage<Result> send(Pending pending) {
    long limit = pending.deadline() - env.nanoTime();
    pending.disarm(env.later(limit, () -> expire(pending)));
    try {
      submit(pending);
    } catch (InstrumentException e) {
      pending.complete(e);
    }
    return pending.future();
  }

  /** Whether the driver in use is known to have no safe state. */
  boolean lacksSafeState() {
    Instance current = instance;
    return current != null && current.lacksSafeState();
  }

  /** To the driver it is as if the deadline had passed. */
  private void cancelRunning(String why) {
    String text = running + " was cancelled: " + why + "; its effect is unknown";
    waiting.fail(running, new TimedOut(ErrorCode.CANCELLED, text, null));
    if (GuardTable.of(phase, Event.TIMEOUT) != null) {
      step(Event.TIMEOUT);
    }
  }

  // ---- What shall be ----

  /** Gives the guard a new plan, and works towards it; once it is to be closed, that is final. */
  void want(Plan wanted) {
    synchronized (lock) {
      if (plan.goal == Plan.Goal.CLOSE) {
        return;
      }
      plan = wanted;
      exchanging =
          wanted.goal == Plan.Goal.RUN
              && (exchanging || (instance != null && phase != Phase.OFFLINE));
      beginSwap();
      attempts = 0;
      retryPending = false;
      if (wanted.goal != Plan.Goal.RUN) {
        refuseWaiting();
      }
      next();
      if (awaiting > 0) {
        lock.notifyAll();
      }
    }
  }

  /** The plan is another one: what shall the next instance begin with? */
  private void beginSwap() {
    if (plan.goal != Plan.Goal.RUN || plan.anew) {
      swap = null;
    } else if (swap != null) {
      swap.retarget(plan);
    } else if (instance != null && instance.info() != null) {
      swap = new Swap(plan, instance, env.nanoTime());
    }
    if (swap != null && plan.source != null) {
      env.swapping(this, swapStatus());
    }
  }

  /** Tells how the exchange ended, or for the time being ended. */
  private void tellSwap(SwapOutcome.Result result, String reason, Swap.Blame blame) {
    SwapOutcome outcome = swap.outcome(name, result, env.now(), env.nanoTime(), reason, instance);
    swaps.addFirst(outcome);
    if (swaps.size() > SWAPS) {
      swaps.removeLast();
    }
    env.swapped(this, outcome, swap.tried(), blame);
  }

  /** The instance serves: that is the end of the exchange. */
  private void endSwap() {
    if (swap == null) {
      return;
    }
    if (!instance.unrestored().isEmpty()) {
      swap.note(instance.unrestored());
      condition.remember("the driver " + instance.plan.source + ": " + instance.unrestored());
    }
    boolean back = swap.failed();
    tellSwap(
        back ? SwapOutcome.Result.TAKEN_BACK : SwapOutcome.Result.DONE,
        swap.failure(),
        back ? Swap.Blame.NEW : Swap.Blame.NOBODY);
    swap = null;
  }

  /** Whether calls are held although no driver is tried: one is expected to come. */
  private boolean holding() {
    return exchanging
        && plan.goal == Plan.Goal.RUN
        && (plan.source == null || (swap != null && swap.forced() && plan == swap.target()));
  }

  private void refuseWaiting() {
    waiting.failAll(() -> new Refused(ErrorCode.STOPPED, name + " was stopped"));
  }

  /** A link of an instance was found lost. */
  void linkLost(Instance of, String why) {
    synchronized (lock) {
      if (instance == of && GuardTable.of(phase, Event.LINK_LOST) != null) {
        condition.because(Reason.NO_LINK, why);
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
      String why = "the driver " + current.plan.source + " was removed while it was busy";
      condition.because(Reason.NO_DRIVER, why);
      if (running != null) {
        waiting.fail(running, removed(running, why));
        if (swap != null) {
          swap.note("the running call was given up");
        }
      }
      urgents.all().forEach(run -> waiting.fail(run.call, removed(run.call, why)));
      if (GuardTable.of(phase, Event.TIMEOUT) != null) {
        step(Event.TIMEOUT);
      }
      if (GuardTable.of(phase, Event.GRACE_OVER) != null) {
        step(Event.GRACE_OVER);
      } else if (!urgents.isEmpty()) {
        step(Event.URGENT_STUCK);
      }
      next();
    }
  }

  private static TimedOut removed(Pending call, String why) {
    return new TimedOut(call + ": " + why + "; its effect is unknown");
  }

  // ---- The driver's thread ----

  /** The job for a worker; null for none now, {@link Job#LEAVE} when it is no longer wanted. */
  Job poll(Worker by) {
    synchronized (lock) {
      return crew.take(by);
    }
  }

  /** Whether it is worth polling; without the lock. */
  boolean hasWork() {
    return crew.hasWork();
  }

  /** Lets a worker go; false when there is work for it after all. */
  boolean release(Worker by) {
    synchronized (lock) {
      return crew.leave(by);
    }
  }

  /** Does a job; runs the driver's code. Called without the lock. */
  Object perform(Job work) throws Exception {
    Instance on = work.instance();
    switch (work.kind()) {
      case START -> {
        Deadline.set(Deadline.after(startLimit(on.plan)));
        on.start();
      }
      case CALL -> {
        return work.call().run(on, env);
      }
      case SYNC -> {
        Deadline.set(Deadline.after(SYNC_LIMIT.dividedBy(2)));
        on.links.resynchronise();
      }
      case SAVE -> {
        Deadline.set(Deadline.after(SAVE_LIMIT));
        return on.save();
      }
      case CLOSE -> {
        Deadline.set(Deadline.after(GRACE));
        on.close();
      }
    }
    return null;
  }

  /**
   * Takes the outcome of a job.
   *
   * @return the next job for the same worker; see {@link #poll}
   */
  Job finish(Worker by, Job done, Object outcome) {
    Job following;
    boolean answered;
    synchronized (lock) {
      if (!crew.back(by)) {
        return Job.LEAVE;
      }
      Object before = done.call() == null ? null : done.call().outcome();
      crew.hold();
      try {
        if (done.kind() == Job.Kind.CLOSE) {
          // What the driver left on its thread is not for the next one.
          crew.dismiss();
        }
        finished(done, outcome);
        next();
      } finally {
        crew.release();
      }
      answered = done.call() != null && before == null && done.call().outcome() != null;
      following = crew.take(by);
    }
    if (answered) {
      // After the lock is free: whom it wakes is likely to want it.
      done.call().signal();
    }
    return following;
  }

  private void finished(Job done, Object outcome) {
    Thrown thrown = outcome instanceof Thrown t ? t : null;
    switch (done.kind()) {
      case START -> started(done.instance(), thrown);
      case CALL -> {
        if (outcome instanceof CompletionStage<?> returned) {
          stage = returned;
          step(Event.STAGE);
        } else {
          returned(done.call(), outcome);
        }
      }
      case SYNC -> {
        if (thrown != null) {
          condition.because(Reason.NO_LINK, thrown.text());
          step(Event.SYNC_FAILED);
        } else {
          step(Event.SYNCED);
        }
      }
      case SAVE -> saved(outcome, thrown);
      case CLOSE -> {
        if (thrown != null) {
          env.mistake(this, "close", thrown);
        }
        if (swap != null) {
          swap.closed(env.nanoTime());
        }
        instance = null;
        step(Event.DISCARDED);
      }
    }
  }

  private void saved(Object outcome, Thrown thrown) {
    if (thrown != null && !(thrown.cause() instanceof InstrumentException)) {
      env.mistake(this, "save", thrown);
    }
    if (swap == null) {
      // It is stopped, or begins anew, meanwhile.
      step(Event.SAVED);
      return;
    }
    swap.saved(thrown != null ? null : (SavedState) outcome, env.nanoTime());
    if (thrown == null) {
      step(Event.SAVED);
      return;
    }
    String why = "the version before does not give its state: " + thrown.text();
    condition.remember(why);
    if (plan.fallback() == null) {
      swap.note("without the state: " + why);
      step(Event.SAVED);
      return;
    }
    tellSwap(
        SwapOutcome.Result.TAKEN_BACK,
        why + "; 'restart " + name + "' goes on without",
        Swap.Blame.OLD);
    swap = null;
    exchanging = false;
    plan = instance.plan;
    step(Event.SAVE_FAILED);
  }

  private void started(Instance made, Thrown failure) {
    boolean broken = made.isClosed();
    if (broken) {
      instance = null;
    }
    if (phase == Phase.LATE_START) {
      String limit = Texts.seconds(startLimit(made.plan).toNanos());
      condition.because(Reason.CONNECT_TIMEOUT, "connecting took longer than " + limit);
      failStart(made.plan, Event.START_FAILED);
    } else if (failure == null) {
      lastInfo = made.info();
      lastGood = made.plan;
      step(Event.STARTED);
    } else {
      condition.remember(failure.text());
      if (!(failure.cause() instanceof InstrumentException)) {
        env.mistake(this, "connect", failure);
      }
      if (broken) {
        condition.because(Reason.CONFIGURATION, failure.text());
        failStart(made.plan, Event.BROKEN);
      } else {
        boolean link = failure.cause() instanceof Unreachable e && e.code() == ErrorCode.NO_LINK;
        Reason other = made.failedItsCheck() ? Reason.UNHEALTHY : Reason.CONNECT_FAILED;
        condition.because(link ? Reason.NO_LINK : other, failure.text());
        failStart(made.plan, Event.START_FAILED);
      }
    }
    if (broken) {
      giveUpUrgentCalls();
    }
  }

  /**
   * A start failed: where there is a driver to go back to, that is the plan now. A plan that has
   * worked stays; it is the link then that fails, and comes back.
   */
  private void failStart(Plan of, Event event) {
    failed = of;
    if (swap != null && swap.target() == of) {
      swap.failed(condition.reasonText());
    }
    Plan back = of.fallback();
    boolean hasWayBack = back != null && !back.source.isGone();
    if (plan == of && hasWayBack && of != lastGood) {
      condition.remember("the driver " + of.source + " was taken back: " + condition.reasonText());
      plan = of.fallback();
    }
    step(event);
  }

  /** The running call has an outcome. */
  private void returned(Pending call, Object outcome) {
    if (phase == Phase.OVERDUE || phase == Phase.LATE_STAGE) {
      // Its caller has been told; the late answer is nobody's.
      step(Event.RETURN);
      return;
    }
    Object answer = outcome instanceof Thrown t ? failure(call, t) : outcome;
    Event event = Event.RETURN;
    if (answer instanceof InstrumentException e) {
      event =
          switch (e.kind()) {
            case TIMED_OUT, GARBLED -> Event.RETURN_DIRTY;
            case UNREACHABLE -> e.code() == ErrorCode.NO_LINK ? Event.RETURN_LOST : Event.RETURN;
            case REFUSED, FAULTED -> Event.RETURN;
          };
      if (event == Event.RETURN_LOST) {
        condition.because(Reason.NO_LINK, Texts.message(e));
      }
    }
    step(event, answer);
  }

  private InstrumentException failure(Pending call, Thrown thrown) {
    if (thrown.cause() instanceof InstrumentException e) {
      return e;
    }
    env.mistake(this, call.toString(), thrown);
    String text = call + ": the driver failed: " + thrown.text();
    return new Faulted(ErrorCode.DRIVER_ERROR, 0, text, thrown.shown());
  }

  /** The outcome of a stage: a result, or what was thrown. */
  private Object outcome(Pending call, Instance on, Object value, Throwable thrown) {
    if (thrown != null) {
      boolean wrapped = thrown instanceof CompletionException && thrown.getCause() != null;
      return Thrown.of(wrapped ? thrown.getCause() : thrown);
    }
    try {
      return call.result(on, value, env);
    } catch (RuntimeException | Error e) {
      return Thrown.of(e);
    }
  }

  /** Has something done when a stage completes, or when it fails to say that it will. */
  private static void follow(CompletionStage<?> of, BiConsumer<Object, Throwable> then) {
    try {
      of.whenComplete(then);
    } catch (RuntimeException | Error e) {
      then.accept(null, e);
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
    if (phase != transition.to()) {
      phase = transition.to();
      arm();
    }
    for (Action action : transition.actions()) {
      act(action, what);
    }
    if (awaiting > 0) {
      lock.notifyAll();
    }
  }

  /** Tells the state, once all that follows from an event is done. */
  private void tell() {
    boolean shut = phase == Phase.STOPPED || phase == Phase.CLOSED;
    State state = exchanging && !shut ? State.SWAPPING : phase.state();
    if (state != condition.state()) {
      Change change = condition.enter(state, driverVersion());
      if (change != null) {
        env.changed(this, change);
      }
      if (state != State.SWAPPING) {
        State now = state == State.BUSY ? State.READY : state;
        if (held != now) {
          held = now;
          env.held(this, now);
        }
      }
    }
  }

  private String driverVersion() {
    Instance current = instance;
    return current == null ? "" : current.plan.source.version().toString();
  }

  /** Arms the limit of the phase that begins. */
  private void arm() {
    entered++;
    disarm.run();
    disarm = () -> {};
    switch (phase) {
      case STARTING -> arm(startLimit(plan), Event.TIMEOUT);
      case LATE_START, OVERDUE, LATE_STAGE, SAVING, CLOSING -> arm(GRACE, Event.GRACE_OVER);
      case RESYNC -> arm(SYNC_LIMIT, Event.GRACE_OVER);
      case OFFLINE, FAULT -> {
        if (exchanging) {
          arm(HOLD, Event.HOLD_OVER);
        }
      }
      case READY, BUSY, WAITING, STOPPED, CLOSED -> {}
    }
  }

  private void arm(Duration limit, Event event) {
    long now = entered;
    disarm =
        env.later(
            limit.toNanos(),
            () -> {
              synchronized (lock) {
                if (entered == now) {
                  limitOver(event);
                  next();
                }
              }
            });
  }

  private void limitOver(Event event) {
    if (event == Event.TIMEOUT) {
      step(event);
      return;
    }
    if (event == Event.HOLD_OVER) {
      if (exchanging) {
        exchanging = false;
        step(event);
      }
      return;
    }
    String what =
        switch (phase) {
          case CLOSING -> "closing";
          case SAVING -> "saving its state";
          case LATE_START -> "connecting";
          case RESYNC -> "resynchronising its link";
          default -> String.valueOf(running);
        };
    stuckIn(what);
    if (phase == Phase.LATE_START) {
      failStart(instance.plan, event);
    } else {
      step(event);
    }
  }

  private void stuckIn(String what) {
    String text = "the driver did not return from " + what;
    condition.remember(text);
    condition.because(Reason.STUCK, text + "; 'restart " + name + "' makes a new one");
  }

  private void act(Action action, Object what) {
    switch (action) {
      case ANSWER -> {
        checked(running, what);
        waiting.settle(running, what);
        if (stage != null) {
          running.signal();
        }
        running = null;
        stage = null;
      }
      case EXPIRE -> {
        TimedOut overdue = running.overdue();
        checked(running, overdue);
        waiting.fail(running, overdue);
      }
      case FAIL_RUNNING -> waiting.fail(running, condition.lost(running));
      case CANCEL_IO -> instance.links.cancel();
      case CANCEL_STAGE -> cancelStage(stage);
      case AWAIT_STAGE -> awaitStage(running, stage, instance);
      case ABANDON -> abandonInstance();
      case FAIL_WAITING -> {
        if (!anotherIsNext()) {
          if (swap != null && swap.failed() && swap.report()) {
            String reason = condition.reasonText();
            if (plan != swap.target()) {
              reason = swap.failure() + "; the old version does not come back: " + reason;
            }
            tellSwap(SwapOutcome.Result.FAILED, reason, Swap.Blame.NOBODY);
          }
          if (!holding()) {
            exchanging = false;
            tell();
            waiting.failAll(condition::unavailable);
          }
        }
      }
      case REFUSE_WAITING -> refuseWaiting();
      case RETRY_LATER -> retryLater();
      case ADMIT -> {
        condition.clear();
        attempts = 0;
        failed = null;
        endSwap();
        exchanging = instance.plan != plan && plan.goal == Plan.Goal.RUN;
        if (exchanging) {
          beginSwap();
        } else {
          plan.settle();
        }
        env.ready(this, instance);
        if (health.begin(instance, waiting.counts().sent())) {
          checkLater(instance);
        }
      }
      case WITHDRAW -> {
        env.withdrawn(this);
        if (phase == Phase.CLOSED) {
          end.run();
        }
      }
      case DO_START -> {
        if (instance != null && instance.isUnmade()) {
          instance.links.close();
          instance = null;
        }
        if (instance == null) {
          Instance.Entry entry = swap == null ? null : swap.entry(plan);
          instance = new Instance(plan, entry, made -> env.links(name, why -> linkLost(made, why)));
        }
        crew.dispatch(new Job(Job.Kind.START, instance, null));
      }
      case DO_CALL -> {
        running = waiting.take();
        crew.dispatch(new Job(Job.Kind.CALL, instance, running));
      }
      case DO_URGENT -> {
        waiting.sent((Pending) what);
        UrgentCalls.Run run = urgents.begin((Pending) what, instance);
        env.run(() -> runUrgent(run));
      }
      case DO_SYNC -> {
        running = null;
        stage = null;
        crew.dispatch(new Job(Job.Kind.SYNC, instance, null));
      }
      case DO_SAVE -> {
        swap.drained(env.nanoTime(), waiting.size());
        crew.dispatch(new Job(Job.Kind.SAVE, instance, null));
      }
      case DO_CLOSE -> {
        if (swap != null) {
          swap.drained(env.nanoTime(), waiting.size());
        }
        crew.dispatch(new Job(Job.Kind.CLOSE, instance, null));
      }
    }
  }

  /** What follows from the plan, now that a step is done. */
  private void next() {
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
        if (instance.plan != plan) {
          // Those that run are let finish; each has a deadline.
          if (!urgents.isEmpty()) {
            yield null;
          }
          yield swap != null && swap.toSave() && instance.saves() ? Event.SAVE : Event.DISCARD;
        }
        if (health.isLost()) {
          health.passed();
          condition.because(Reason.UNHEALTHY, health.latest());
          yield Event.LINK_LOST;
        }
        yield waiting.isEmpty() ? null : Event.CALL;
      }
      case OFFLINE -> {
        if (instance != null && instance.plan != plan) {
          yield urgents.isEmpty() ? Event.DISCARD : null;
        }
        yield beginning();
      }
      case FAULT -> plan == failed ? null : beginning();
      case STOPPED -> plan.goal == Plan.Goal.STOP ? null : beginning();
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

  /** How the plan begins where nothing runs. */
  private Event beginning() {
    if (plan.goal != Plan.Goal.RUN) {
      return plan.goal == Plan.Goal.STOP ? Event.STOP : Event.CLOSE;
    }
    if (plan.source == null) {
      String pin = plan.spec.version() == null ? "" : " of version " + plan.spec.version();
      condition.because(
          Reason.NO_DRIVER, "no driver " + plan.spec.driver() + pin + " is installed");
      boolean waits = holding() || (waiting.isEmpty() && !exchanging);
      return phase == Phase.OFFLINE && waits ? null : Event.NO_DRIVER;
    }
    if (phase == Phase.OFFLINE && (retryPending || plan == failed)) {
      return null;
    }
    if (instance == null && crew.stuck() >= STUCK) {
      failed = plan;
      condition.because(
          Reason.STUCK, crew.stuck() + " threads of its drivers are stuck; restart the node");
      return Event.EXHAUSTED;
    }
    return Event.START;
  }

  /** Whether the plan is another one than that which just failed, so that it is tried at once. */
  private boolean anotherIsNext() {
    Plan last = instance == null ? failed : instance.plan;
    return plan.goal == Plan.Goal.RUN && plan.source != null && plan != last;
  }

  // ---- What the actions do ----

  /** Runs an urgent call, on a thread of its own. */
  private void runUrgent(UrgentCalls.Run run) {
    synchronized (lock) {
      if (!urgents.enter(run)) {
        return;
      }
    }
    Thread thread = Thread.currentThread();
    String poolName = thread.getName();
    thread.setName("guard " + name + " urgent");
    try {
      Object outcome = run.call.run(run.on, env);
      if (outcome instanceof CompletionStage<?> returned) {
        awaitUrgent(run, returned);
      } else {
        urgentDone(run, outcome);
      }
    } catch (Throwable t) {
      urgentDone(run, Thrown.of(t));
    } finally {
      Deadline.set(null);
      synchronized (lock) {
        urgents.leave(run);
        crew.back(run);
      }
      // Only now nobody interrupts or names it any more.
      Thread.interrupted();
      thread.setName(poolName);
    }
  }

  private void awaitUrgent(UrgentCalls.Run run, CompletionStage<?> returned) {
    boolean wanted;
    synchronized (lock) {
      wanted = urgents.await(run, returned);
    }
    if (!wanted) {
      cancelStage(returned);
    }
    follow(returned, (value, thrown) -> urgentDone(run, outcome(run.call, run.on, value, thrown)));
  }

  private void urgentDone(UrgentCalls.Run run, Object outcome) {
    synchronized (lock) {
      urgents.end(run);
      if (run.call.outcome() == null) {
        waiting.settle(run.call, outcome instanceof Thrown t ? failure(run.call, t) : outcome);
        run.call.signal();
      }
      next();
    }
  }

  private void urgentGraceOver(Pending call) {
    synchronized (lock) {
      if (urgents.of(call) == null) {
        return;
      }
      if (GuardTable.of(phase, Event.URGENT_STUCK) == null) {
        // The grace of an attempt to connect decides first.
        env.later(GRACE.toNanos(), () -> urgentGraceOver(call));
      } else {
        stuckIn(call.toString());
        step(Event.URGENT_STUCK);
        next();
      }
    }
  }

  /** Their instance goes: they get an error, those in the driver count as stuck. */
  private void giveUpUrgentCalls() {
    for (UrgentCalls.Run run : urgents.giveUp()) {
      waiting.fail(run.call, condition.lost(run.call));
      cancelStage(run.stage());
      if (run.thread() != null) {
        crew.stuck(run);
      }
    }
  }

  private void awaitStage(Pending call, CompletionStage<?> of, Instance on) {
    // On a thread of its own: asking for it may run code of the driver.
    env.run(
        () ->
            follow(
                of,
                (value, thrown) -> {
                  Object outcome = outcome(call, on, value, thrown);
                  synchronized (lock) {
                    if (stage == of) {
                      returned(call, outcome);
                      next();
                    }
                  }
                }));
  }

  private void cancelStage(CompletionStage<?> of) {
    if (of == null) {
      return;
    }
    // On a thread of its own: it may run code of the driver.
    env.run(
        () -> {
          try {
            of.toCompletableFuture().cancel(true);
          } catch (RuntimeException e) {
            // a stage that cannot be cancelled has the grace to complete
          }
        });
  }

  private void abandonInstance() {
    failed = instance.plan;
    if (swap != null) {
      swap.drained(env.nanoTime(), waiting.size());
    }
    instance.links.close();
    instance = null;
    running = null;
    stage = null;
    crew.abandon();
    giveUpUrgentCalls();
  }

  private void retryLater() {
    if (anotherIsNext()) {
      return;
    }
    if (!plan.spec.reconnect().enabled()) {
      condition.add("; reconnecting is off, 'restart " + name + "' tries again");
      failed = plan;
      return;
    }
    retryPending = true;
    Plan of = plan;
    long now = entered;
    disarm =
        env.later(
            plan.spec.reconnect().delay(attempts++).toNanos(),
            () -> {
              synchronized (lock) {
                if (entered == now && plan == of && retryPending) {
                  retryPending = false;
                  failed = null;
                  next();
                }
              }
            });
  }

  private static Duration startLimit(Plan of) {
    return START_LIMIT.plus(of.spec.startupDelay());
  }

  /** Has the hardware checked at the end of each interval in which nobody has called. */
  private void checkLater(Instance of) {
    env.later(
        of.plan.spec.health().toNanos(),
        () -> {
          synchronized (lock) {
            if (instance != of) {
              return;
            }
            boolean quiet = health.wasQuiet(waiting.counts().sent());
            if (quiet && phase == Phase.READY && urgents.isEmpty() && plan == of.plan) {
              Pending check = pending(Call.of("check").within(CHECK_LIMIT));
              check.does(Task.CHECK);
              check.disarm(env.later(CHECK_LIMIT.toNanos(), () -> expire(check)));
              waiting.add(check);
              next();
            }
            checkLater(of);
          }
        });
  }

  /** A check of the hardware has an outcome. */
  private void checked(Pending call, Object outcome) {
    if (!call.isTask(Task.CHECK)) {
      return;
    }
    if (outcome instanceof InstrumentException e) {
      health.failed(Texts.message(e));
      env.fault(this, "HEALTH", "the check failed: " + Texts.message(e));
    } else {
      health.passed();
    }
  }

  // ---- For the coordinator ----

  /**
   * The state that others rely on: BUSY counts as READY, and while the driver is exchanged it is
   * what it was before. Takes no lock.
   */
  State held() {
    return held;
  }

  /** {@code CRYO is OFFLINE(no link): connection refused}. */
  String told() {
    synchronized (lock) {
      return condition.toString();
    }
  }

  /** Keeps something for those who ask why. */
  void note(String text) {
    synchronized (lock) {
      condition.remember(text);
    }
  }

  /** The plan it works towards. */
  Plan plan() {
    return plan;
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
        case OFFLINE -> instance == null || instance.plan == plan;
        case FAULT, STOPPED, CLOSED -> true;
        case STARTING, LATE_START, SAVING, CLOSING -> false;
        case READY, BUSY, WAITING, OVERDUE, LATE_STAGE, RESYNC -> instance.plan == plan;
      };
    }
  }

  /** The exchange that is under way, null for none. */
  SwapStatus swapStatus() {
    synchronized (lock) {
      if (swap == null || !exchanging || swap.tried() == null) {
        return null;
      }
      DriverSource to = swap.tried();
      return new SwapStatus(
          name,
          to.name(),
          swap.from(),
          to.version().toString(),
          to.bundleId(),
          swap.isDrained(),
          swapText());
    }
  }

  private String swapText() {
    if (swap.isDrained()) {
      return "moving";
    }
    if (running == null) {
      return swap.isPostponed() ? "postponed" : "waiting";
    }
    long seconds = running.running(env.nanoTime()) / 1_000_000_000L;
    return (swap.isPostponed() ? "postponed: " : "waiting: ")
        + name
        + " has been in "
        + running.command()
        + " for "
        + seconds
        + " s";
  }

  /**
   * Nobody waits any longer for the exchange that is under way: it comes when the running call is
   * over.
   *
   * @return what is to be told, null when there is nothing to tell
   */
  SwapStatus postpone() {
    synchronized (lock) {
      boolean first = swap != null && exchanging && !swap.isDrained() && swap.postpone();
      return first ? swapStatus() : null;
    }
  }

  /** How the newest exchanges ended, the newest first. */
  List<SwapOutcome> swaps() {
    synchronized (lock) {
      return List.copyOf(swaps);
    }
  }

  Phase phase() {
    synchronized (lock) {
      return phase;
    }
  }

  List<Condition.PastError> errors() {
    synchronized (lock) {
      return condition.errors();
    }
  }

  /** Waits until a condition on this guard holds, at most so long; returns whether it does. */
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

  /** Says why it is not ready. */
  void requireReady() {
    synchronized (lock) {
      if (phase.state() != State.READY && phase.state() != State.BUSY) {
        throw condition.unavailable();
      }
    }
  }

  /** Has something run when the guard is closed, under its lock: must only note it. */
  void onEnd(Runnable task) {
    end = task;
  }

  /** Ends it; what still runs after the grace is given up. */
  @Override
  public void close() {
    want(new Plan(Plan.Goal.CLOSE, plan.spec, null, null));
    env.later(GRACE.toNanos(), () -> abandon(null));
  }

  @Override
  public String toString() {
    return "instrument " + name;
  }
}
