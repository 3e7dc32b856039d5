// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Deadline;
import consort.api.ErrorCode;
import consort.api.InstrumentException;
import consort.api.Refused;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * The urgent calls that run in the present instance of a guard, each on a thread of its own. Under
 * the guard's lock, save where the driver runs.
 */
final class UrgentCalls {

  /** The most at once. */
  static final int MOST = 4;

  /** One of them. */
  static final class Run {
    final Pending call;
    final Instance on;
    private Thread thread;
    private CompletionStage<?> stage;

    private Run(Pending call, Instance on) {
      this.call = call;
      this.on = on;
    }

    /** The thread that is in the driver, or null. */
    Thread thread() {
      return thread;
    }
  }

  private final Machine machine;
  private final Environment env;
  private final Map<Pending, Run> runs = new HashMap<>();

  UrgentCalls(Machine machine, Environment env) {
    this.machine = machine;
    this.env = env;
  }

  /** All of them. */
  Set<Pending> all() {
    return runs.keySet();
  }

  boolean isEmpty() {
    return runs.isEmpty();
  }

  /** Refuses a call beyond the limit. */
  void requireRoom() {
    if (runs.size() >= MOST) {
      throw new Refused(ErrorCode.BUSY, MOST + " urgent calls of " + machine.name + " are running");
    }
  }

  /** Runs a call beside the one that is running. */
  void begin(Pending call, Instance on) {
    machine.waiting.sent(call);
    Run run = new Run(call, on);
    runs.put(call, run);
    env.run(() -> run(run));
  }

  /** On a thread of its own, without the lock. */
  private void run(Run run) {
    if (!enter(run)) {
      return;
    }
    Thread thread = Thread.currentThread();
    String poolName = thread.getName();
    thread.setName("guard " + machine.name + " urgent");
    // It may be sent to stop what is overdue, whose input and output are cancelled.
    run.on.links.setUrgent(true);
    try {
      Object outcome = run.call.run(run.on, env);
      if (outcome instanceof CompletionStage<?> returned) {
        await(run, returned);
      } else {
        done(run, outcome);
      }
    } catch (Throwable t) {
      done(run, Thrown.of(t));
    } finally {
      Deadline.set(null);
      run.on.links.setUrgent(false);
      synchronized (machine.lock) {
        run.thread = null;
        machine.crew.back(run);
      }
      // Only now nobody interrupts or names it any more.
      Thread.interrupted();
      thread.setName(poolName);
    }
  }

  /** The current thread is about to enter the driver; false when the call is wanted no more. */
  private boolean enter(Run run) {
    synchronized (machine.lock) {
      if (!runs.containsKey(run.call)) {
        return false;
      }
      if (run.call.outcome() != null) {
        runs.remove(run.call);
        return false;
      }
      run.thread = Thread.currentThread();
      return true;
    }
  }

  private void await(Run run, CompletionStage<?> returned) {
    boolean wanted;
    synchronized (machine.lock) {
      run.stage = returned;
      wanted = runs.containsKey(run.call) && run.call.outcome() == null;
    }
    if (!wanted) {
      machine.answers.cancel(returned);
    }
    Answers.follow(
        returned,
        (value, thrown) -> done(run, machine.answers.of(run.call, run.on, value, thrown)));
  }

  private void done(Run run, Object outcome) {
    synchronized (machine.lock) {
      runs.remove(run.call);
      if (run.call.outcome() == null) {
        machine.waiting.settle(run.call, machine.answers.told(run.call, outcome));
        run.call.signal();
      }
      machine.next();
    }
  }

  /** The deadline of a call has passed; of interest if it is one of these. */
  void expire(Pending call) {
    Run run = runs.get(call);
    if (run != null) {
      machine.waiting.fail(call, call.overdue());
      machine.answers.cancel(run.stage);
      env.later(Guard.GRACE.toNanos(), () -> graceOver(call));
    }
  }

  private void graceOver(Pending call) {
    synchronized (machine.lock) {
      if (!runs.containsKey(call)) {
        return;
      }
      if (machine.takes(Event.URGENT_STUCK)) {
        machine.limit.stuckIn(call.toString());
        machine.step(Event.URGENT_STUCK);
        machine.next();
      } else {
        // The grace of an attempt to connect decides first.
        env.later(Guard.GRACE.toNanos(), () -> graceOver(call));
      }
    }
  }

  /** Gives each an error; the driver goes on. */
  void fail(Function<Pending, InstrumentException> error) {
    runs.keySet().forEach(call -> machine.waiting.fail(call, error.apply(call)));
  }

  /** Their instance goes: they get an error, those in the driver count as stuck. */
  void giveUp() {
    List<Run> all = List.copyOf(runs.values());
    runs.clear();
    for (Run run : all) {
      machine.waiting.fail(run.call, machine.condition.lost(run.call));
      machine.answers.cancel(run.stage);
      if (run.thread != null) {
        machine.crew.stuck(run);
      }
    }
  }
}
