// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Call;
import consort.api.Caller;
import consort.api.CommandInfo;
import consort.api.Deadline;
import consort.api.ErrorCode;
import consort.api.InstrumentException;
import consort.api.InstrumentInfo;
import consort.api.LeaseToken;
import consort.api.Refused;
import consort.api.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.LockSupport;

/** Takes the calls of a guard in, holds their deadlines, cancels them. Takes the guard's lock. */
final class Calls {

  private final Machine machine;
  private final Environment env;
  private final String name;

  /** The safe state that was sent last. */
  private Pending safeState;

  /** Whether a timer is set for the next deadline of those that nobody waits for. */
  private boolean timed;

  /** For when it is set, ns. */
  private long due;

  /** Takes the timer off. */
  private Runnable untime = () -> {};

  /** How long it may take once more, after a write that ran beside it; null when it is not due. */
  private Duration safeAgain;

  Calls(Machine machine, Environment env) {
    this.machine = machine;
    this.env = env;
    this.name = machine.name;
  }

  // ---- In ----

  /** Sends a call and waits for its outcome. */
  Result call(Call call) {
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

  /** Sends a call that nobody waits for. */
  CompletionStage<Result> send(Call call) {
    return send(make(call));
  }

  /** Sends a call whose future completes on the thread that has the outcome, under no lock. */
  CompletionStage<Result> submit(Call call) {
    Pending pending = make(call);
    pending.completeAtOnce();
    return send(pending);
  }

  /** Sends a line over the link, in turn with the calls. */
  CompletionStage<Result> ask(
      String text, boolean answer, Duration limit, Caller by, LeaseToken lease) {
    Pending pending = make(new Call("ask", List.of(), Map.of(), limit, by, "", lease));
    pending.does(Task.ask(text, answer));
    return send(pending);
  }

  /** Makes a call ready to begin at a signal. */
  PreparedCall prepare(Call call, Duration within, Runnable ready) {
    PreparedCall prepared =
        new PreparedCall(this, env, name, call, Deadline.nanos(within), limit(call), ready);
    send(prepared.pending());
    return prepared;
  }

  /** The deadline of a prepared call is known now. */
  void begun(Pending pending) {
    synchronized (machine.lock) {
      time(pending);
    }
  }

  /** A call that nobody waits for; it is not sent yet. */
  Pending make(Call call) {
    return Pending.sent(
        name, call, env.nanoTime(), limit(call), new CompletableFuture<>(), env::run);
  }

  private CompletionStage<Result> send(Pending pending) {
    pending
        .future()
        .whenComplete(
            (result, failure) -> {
              if (pending.outcome() == null) {
                takeBack(pending);
              }
            });
    try {
      submit(pending);
    } catch (InstrumentException e) {
      pending.complete(e);
    }
    return pending.future();
  }

  /** The deadline of the call, else of the command, else of the instrument; ns. */
  long limit(Call call) {
    Duration limit = call.deadline();
    InstrumentInfo info = limit == null ? machine.info() : null;
    if (info != null) {
      limit = info.command(call.command()).map(CommandInfo::deadline).orElse(null);
    }
    if (limit == null) {
      limit = machine.plan().spec.deadline();
    }
    return Deadline.nanos(limit == null ? Guard.DEADLINE : limit);
  }

  /**
   * Takes a call.
   *
   * @throws InstrumentException when it is not taken; it has no outcome then
   */
  void submit(Pending pending) {
    InstrumentInfo info = machine.info();
    try {
      if (info != null) {
        pending.bind(info);
      }
      pending.admit(env.permits());
      pending.requireInterlock(env, machine.plan().spec);
      Worker woken;
      synchronized (machine.lock) {
        machine.crew.hold();
        try {
          admit(pending);
          time(pending);
        } finally {
          woken = machine.crew.release();
        }
      }
      if (woken != null) {
        woken.wake();
      }
    } catch (InstrumentException e) {
      synchronized (machine.lock) {
        machine.waiting.refused();
      }
      throw e.at(pending.origin());
    }
  }

  private void admit(Pending pending) {
    if (machine.plan().goal != Plan.Goal.RUN) {
      throw new Refused(ErrorCode.STOPPED, name + " is stopped");
    }
    Phase phase = machine.phase();
    boolean shut = phase == Phase.OFFLINE || phase == Phase.FAULT || phase == Phase.STOPPED;
    if (shut && !machine.exchange.isUnderWay()) {
      throw machine.condition.unavailable();
    }
    if (env.nanoTime() - pending.deadline() >= 0) {
      // Its timer may be over already: nobody else would notice.
      throw pending.expiredInQueue();
    }
    if (pending.urgent() && machine.takes(Event.URGENT)) {
      if (!pending.isTask(Task.SAFE_STATE)) {
        machine.urgents.requireRoom();
      }
      machine.step(Event.URGENT, pending);
      return;
    }
    machine.waiting.add(pending);
    machine.exchange.held();
    if (phase == Phase.READY) {
      machine.next();
    }
  }

  /**
   * Brings the hardware into its safe state, beside a running call; if that writes, once more when
   * it is over, as it may have undone it. Calls that wait to write are refused. A safe state that
   * is under way already is not sent again.
   *
   * @param why what they are told
   */
  Pending safeState(Duration limit, String why) {
    Pending pending = make(Call.of(Task.SAFE_STATE.command().name()).within(limit));
    pending.does(Task.SAFE_STATE);
    synchronized (machine.lock) {
      machine.waiting.failWrites(
          () -> new Refused(ErrorCode.CANCELLED_IN_QUEUE, "the call was not sent: " + why));
      Pending running = machine.current.call();
      if (running != null && !running.reads() && !running.isOwn()) {
        safeAgain = limit;
      }
      if (safeState != null && safeState.outcome() == null) {
        return safeState;
      }
      safeState = pending;
    }
    send(pending);
    return pending;
  }

  /** The driver is free: a safe state that a write may have undone is the next in the queue. */
  void makeSafeAgain() {
    if (safeAgain == null) {
      return;
    }
    Duration limit = safeAgain;
    safeAgain = null;
    Pending again = enqueue(Task.SAFE_STATE, limit);
    again
        .future()
        .whenComplete(
            (done, failure) -> {
              if (failure instanceof InstrumentException e && e.code() != ErrorCode.NOT_SUPPORTED) {
                String text = "it is not known to be safe after a write: " + Texts.message(e);
                env.fault(machine.guard, "SAFE_STATE", text);
              }
            });
  }

  /** Puts something of the guard's own into the queue. */
  Pending enqueue(Task task, Duration limit) {
    Pending pending = make(Call.of(task.command().name()).within(limit));
    pending.does(task);
    machine.waiting.add(pending);
    time(pending);
    return pending;
  }

  // ---- Out ----

  /**
   * Sees to it that a call that nobody waits for is looked at when its deadline passes. One timer
   * serves all of them: most end long before, and a timer for each would cost more than the call.
   */
  private void time(Pending pending) {
    if (!pending.isAwaited() && pending.outcome() == null) {
      timeAt(pending.deadline());
    }
  }

  private void timeAt(long deadline) {
    if (timed && deadline - due >= 0) {
      return;
    }
    untime.run();
    timed = true;
    due = deadline;
    untime = env.later(Math.max(0, deadline - env.nanoTime()), () -> overdue(deadline));
  }

  private void overdue(long deadline) {
    synchronized (machine.lock) {
      if (!timed || due != deadline) {
        return;
      }
      timed = false;
      List<Pending> all = new ArrayList<>(machine.waiting.all());
      all.addAll(machine.urgents.all());
      if (machine.current.call() != null) {
        all.add(machine.current.call());
      }
      all.removeIf(Pending::isAwaited);
      for (Pending pending : all) {
        if (pending.deadline() - deadline <= 0) {
          expire(pending);
        } else {
          time(pending);
        }
      }
    }
  }

  /** The guard is closed. */
  void end() {
    timed = false;
    untime.run();
  }

  /** The deadline of a call has passed: whoever waits for it, or the timer, says so. */
  void expire(Pending pending) {
    synchronized (machine.lock) {
      if (pending.outcome() != null) {
        return;
      }
      if (pending == machine.current.call()) {
        machine.step(Event.TIMEOUT);
        machine.next();
      } else if (machine.waiting.remove(pending)) {
        machine.waiting.fail(pending, pending.expiredInQueue());
      } else {
        machine.urgents.expire(pending);
      }
    }
  }

  /** Nobody wants the result of a call any more: it is not sent if it still waits. */
  private void takeBack(Pending pending) {
    synchronized (machine.lock) {
      if (machine.waiting.remove(pending)) {
        String why = pending + " was not sent: its future was completed before";
        machine.waiting.fail(pending, new Refused(ErrorCode.CANCELLED_IN_QUEUE, why));
      }
    }
  }

  /** Cancels a call that has no outcome yet. */
  void cancel(Pending pending, String why) {
    synchronized (machine.lock) {
      if (pending.outcome() != null) {
        return;
      }
      if (machine.waiting.remove(pending)) {
        machine.waiting.fail(
            pending, new Refused(ErrorCode.CANCELLED_IN_QUEUE, pending + " was not sent: " + why));
      } else if (pending == machine.current.call()) {
        machine.current.cancel(why);
        machine.next();
      }
    }
  }

  /**
   * Cancels the running call and those that wait.
   *
   * @return how many they were
   */
  int cancel(String why) {
    synchronized (machine.lock) {
      int count = machine.waiting.size();
      machine.waiting.failAll(
          () -> new Refused(ErrorCode.CANCELLED_IN_QUEUE, "the call was not sent: " + why));
      Pending running = machine.current.call();
      if (running != null && running.outcome() == null) {
        count++;
        machine.current.cancel(why);
      }
      machine.next();
      return count;
    }
  }
}
