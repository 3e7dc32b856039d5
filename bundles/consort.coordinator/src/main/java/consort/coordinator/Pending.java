// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Call;
import consort.api.CommandInfo;
import consort.api.Deadline;
import consort.api.ErrorCode;
import consort.api.Faulted;
import consort.api.InstrumentException;
import consort.api.InstrumentInfo;
import consort.api.Origin;
import consort.api.Refused;
import consort.api.Result;
import consort.api.Role;
import consort.api.TimedOut;
import consort.api.Values;
import consort.api.coordinator.InstrumentSpec;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;

/**
 * A call on its way through a guard: waiting, in the driver, answered. The caller's thread binds
 * it, the driver's thread runs it, and whoever comes first gives it its outcome, under the guard's
 * lock.
 */
final class Pending {

  private final long deadline;

  private final String instrument;
  private final Call call;
  private final long limit;

  /** The thread that waits for it; null for one that nobody waits for. */
  private final Thread waiter;

  /** Where its result goes when nobody waits. */
  private final CompletableFuture<Result> future;

  private final Executor callbacks;
  private boolean atOnce;

  /** What is done instead of a command; null for a command. */
  private Task task;

  private InstrumentInfo boundTo;
  private volatile CommandInfo command;
  private Map<String, Object> arguments;
  private volatile long startedNanos;
  private StartGate gate;
  private long ownLimit;
  private volatile boolean begun;
  private volatile Object outcome;

  private Pending(
      String instrument,
      Call call,
      long now,
      long limit,
      Thread waiter,
      CompletableFuture<Result> future,
      Executor callbacks) {
    this.instrument = instrument;
    this.call = call;
    this.deadline = now + limit;
    this.limit = limit;
    this.waiter = waiter;
    this.future = future;
    this.callbacks = callbacks;
  }

  /** A call that the current thread is going to wait for. */
  static Pending awaited(String instrument, Call call, long now, long limit) {
    return new Pending(instrument, call, now, limit, Thread.currentThread(), null, null);
  }

  /** A call whose result goes to a future, completed by the executor. */
  static Pending sent(
      String instrument,
      Call call,
      long now,
      long limit,
      CompletableFuture<Result> future,
      Executor callbacks) {
    return new Pending(instrument, call, now, limit, null, future, callbacks);
  }

  /**
   * Has it begin together with others: its limit runs from that instant.
   *
   * @param own its limit, ns; the deadline it was made with also has the time for the others to
   *     come
   */
  void gate(StartGate with, long own) {
    gate = with;
    ownLimit = own;
  }

  /** Has it do something that is no command of the driver. */
  void does(Task what) {
    task = what;
    command = what.command();
    arguments = Map.of();
  }

  /** Where its result goes when nobody waits. */
  CompletableFuture<Result> future() {
    return future;
  }

  /** Whether the driver was entered with it. */
  boolean begun() {
    return begun;
  }

  /** Whether it is the one task of this kind. */
  boolean isTask(Task what) {
    return task == what;
  }

  /** Whether it is the guard's own doing. */
  boolean isOwn() {
    return task != null && task.own();
  }

  /** Whether it only reads, as far as is known. */
  boolean reads() {
    CommandInfo known = command;
    return known != null && known.reads();
  }

  /** When it must be over, ns on the guard's clock. */
  long deadline() {
    return gate != null && gate.isOpen() ? gate.opened() + ownLimit : deadline;
  }

  /** Whether a thread waits for it, which also minds its deadline. */
  boolean isAwaited() {
    return waiter != null;
  }

  /** Whether what hangs on its future runs on the thread that has the outcome. */
  boolean isCompletedAtOnce() {
    return atOnce;
  }

  /** Has the future completed by whoever has the outcome, where that holds no lock. */
  void completeAtOnce() {
    atOnce = true;
  }

  /**
   * Checks the call against the commands of a driver and converts its arguments.
   *
   * @throws Refused when it does not fit
   */
  void bind(InstrumentInfo info) {
    if (task != null) {
      boundTo = info;
      return;
    }
    CommandInfo found =
        info.command(call.command())
            .orElseThrow(() -> new Refused(ErrorCode.UNKNOWN_COMMAND, unknown(info)));
    command = found;
    if (!found.reads()) {
      call.caller().require(Role.OPERATOR, instrument + "." + found.name());
    }
    arguments = Values.bind(found, call.positional(), call.named());
    boundTo = info;
  }

  /**
   * Checks the call against the leases as it comes in.
   *
   * @throws Refused when one is against it
   */
  void admit(Permits permits) {
    if (isOwn()) {
      return;
    }
    permits.admit(instrument, call, command, arguments);
  }

  /**
   * Checks that other instruments do not keep this one from being written to. What is urgent makes
   * safe, and passes.
   *
   * @throws Refused when one does
   */
  void requireInterlock(Environment env, InstrumentSpec spec) {
    CommandInfo known = command;
    if (spec.requires().isEmpty() || known == null || known.reads() || known.urgent() || isOwn()) {
      return;
    }
    String unmet = env.unmet(spec);
    if (unmet != null) {
      throw new Refused(ErrorCode.INTERLOCK, unmet);
    }
  }

  private String unknown(InstrumentInfo info) {
    return instrument
        + " has no command '"
        + call.command()
        + "'; it has "
        + String.join(", ", info.commands().stream().map(CommandInfo::name).toList());
  }

  /** Whether it may overtake; only known once bound. */
  boolean urgent() {
    return command != null && command.urgent();
  }

  /** Runs it; on the driver's thread. Gives a {@link Result} or the driver's stage. */
  Object run(Instance on, Environment env) throws Exception {
    if (boundTo != on.info()) {
      // It came before the driver was known, or the driver was exchanged while it waited.
      bind(on.info());
    }
    Deadline.set(Deadline.at(deadline()));
    Object value = begin(on, env);
    return value instanceof CompletionStage<?> ? value : result(on, value, env);
  }

  private Object begin(Instance on, Environment env) throws Exception {
    Permits permits = env.permits();
    if (!isOwn()) {
      permits.enter(instrument, call, command, arguments);
    }
    requireInterlock(env, on.plan.spec);
    begun = true;
    if (task != null) {
      startedNanos = env.nanoTime();
      return task.body().on(on);
    }
    if (gate == null) {
      startedNanos = env.nanoTime();
      return on.call(command.name(), arguments);
    }
    boolean armed = on.arm(command.name(), arguments);
    try {
      gate.arrive(this);
      // The lease may have ended while it waited for the others.
      permits.enter(instrument, call, command, arguments);
      requireInterlock(env, on.plan.spec);
    } catch (Refused e) {
      if (armed) {
        on.disarm();
      }
      throw e;
    }
    Deadline.set(Deadline.at(deadline()));
    startedNanos = env.nanoTime();
    return armed ? on.trigger() : on.call(command.name(), arguments);
  }

  /** The result that a value of the driver makes. */
  Result result(Instance on, Object value, Environment env) {
    Object checked = value;
    if (task == null && !on.typed()) {
      try {
        checked = Values.convert(command.name(), command.result(), value);
      } catch (Refused e) {
        throw new Faulted(
            ErrorCode.DRIVER_ERROR, 0, "the driver's answer is wrong: " + e.getMessage(), e);
      }
    }
    return new Result(checked, command, startedNanos, env.nanoTime());
  }

  /** How long it has been in the driver, ns; 0 when it is not yet there. */
  long running(long now) {
    long since = startedNanos;
    return since == 0 ? 0 : Math.max(0, now - since);
  }

  /** The canonical name of its command. */
  String command() {
    return origin().command();
  }

  /** The result or the exception, null while there is none. */
  Object outcome() {
    return outcome;
  }

  /** Gives the outcome and tells whoever waits. Only the first counts. Not under any lock. */
  void complete(Object result) {
    if (outcome == null) {
      set(result);
      signalUnlocked();
    }
  }

  /** Gives the outcome; whoever waits is told by {@link #signal}. */
  void set(Object result) {
    outcome = result instanceof InstrumentException e ? e.at(origin()) : result;
  }

  /** Tells whoever waits that there is an outcome. Also under the guard's lock. */
  void signal() {
    if (waiter != null) {
      LockSupport.unpark(waiter);
    } else {
      callbacks.execute(this::completeFuture);
    }
  }

  /** As {@link #signal}; not under any lock. */
  void signalUnlocked() {
    if (atOnce) {
      completeFuture();
    } else {
      signal();
    }
  }

  private void completeFuture() {
    if (outcome instanceof Result ok) {
      future.complete(ok);
    } else {
      future.completeExceptionally((InstrumentException) outcome);
    }
  }

  /** Where it is going, for errors. */
  Origin origin() {
    CommandInfo known = command;
    return new Origin(instrument, known == null ? call.command() : known.name(), "", "", "");
  }

  /** What was not sent in time. */
  Refused expiredInQueue() {
    return new Refused(
        ErrorCode.DEADLINE_IN_QUEUE,
        this + " waited " + Texts.seconds(limit) + " in the queue and was not sent");
  }

  /** What was sent and not answered in time. */
  TimedOut overdue() {
    return new TimedOut(
        this
            + ": no answer within "
            + Texts.seconds(gate == null ? limit : ownLimit)
            + "; its effect is unknown");
  }

  /** {@code DMM1.measure_voltage}. */
  @Override
  public String toString() {
    return instrument + "." + origin().command();
  }
}
