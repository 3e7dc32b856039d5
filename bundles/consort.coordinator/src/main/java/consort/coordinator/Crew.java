// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import java.util.HashSet;
import java.util.Set;

/**
 * The thread of a guard's driver, its job, and the threads that never came back. Under the guard's
 * lock, save what workers call.
 */
final class Crew {

  private final Machine machine;
  private final Environment env;
  private final Set<Object> stuck = new HashSet<>();
  private Worker worker;
  private volatile Job job;
  private boolean working;

  /** Whether the worker is woken once the lock is free, so that it does not run into it. */
  private boolean defers;

  private Worker toWake;

  Crew(Machine machine, Environment env) {
    this.machine = machine;
    this.env = env;
  }

  /** Gives the driver's thread work; gets one where there is none. */
  void dispatch(Job work) {
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

  /** From now on {@link #release} tells whom to wake. */
  void hold() {
    defers = true;
  }

  /** The worker to wake when the lock is free, or null. */
  Worker release() {
    Worker woken = toWake;
    toWake = null;
    defers = false;
    return woken;
  }

  // ---- What workers call, without the lock ----

  /** Whose threads they are. */
  String name() {
    return machine.name;
  }

  /** The job for a worker; null for none now, {@link Job#LEAVE} when it is no longer wanted. */
  Job poll(Worker by) {
    synchronized (machine.lock) {
      return take(by);
    }
  }

  /** Whether it is worth polling. */
  boolean hasWork() {
    return job != null;
  }

  /** Does a job; runs the driver's code. */
  Object perform(Job work) throws Exception {
    return work.perform(env);
  }

  /**
   * Takes the outcome of a job.
   *
   * @return the next job for the same worker; see {@link #poll}
   */
  Job finish(Worker by, Job done, Object outcome) {
    Job following = null;
    boolean answered;
    boolean first;
    synchronized (machine.lock) {
      if (by != worker) {
        // It was given up long ago: its answer is nobody's, but its thread is free.
        stuck.remove(by);
        return Job.LEAVE;
      }
      working = false;
      Object before = done.call() == null ? null : done.call().outcome();
      hold();
      try {
        if (done.kind() == Job.Kind.CLOSE) {
          // What the driver left on its thread is not for the next one.
          worker = null;
        }
        machine.finished(done, outcome);
        machine.next();
      } finally {
        release();
      }
      answered = done.call() != null && before == null && done.call().outcome() != null;
      // What runs here before the next job must not be taken for a driver that does not come back.
      first = answered && done.call().isCompletedAtOnce();
      if (!first) {
        following = take(by);
      }
    }
    if (answered) {
      // After the lock is free: whom it wakes is likely to want it.
      done.call().signalUnlocked();
    }
    return first ? poll(by) : following;
  }

  /** Lets a worker go; false when there is work for it after all. */
  boolean leave(Worker by) {
    synchronized (machine.lock) {
      if (by == worker) {
        if (job != null) {
          return false;
        }
        worker = null;
      }
      return true;
    }
  }

  private Job take(Worker by) {
    if (by != worker) {
      return Job.LEAVE;
    }
    Job taken = job;
    job = null;
    working = taken != null;
    return taken;
  }

  // ---- Those that do not come back ----

  /** Gives the thread up; counts it as stuck when it is in the driver. */
  void abandon() {
    Worker held = worker;
    worker = null;
    job = null;
    if (held != null && working) {
      stuck.add(held);
      held.interrupt();
    } else if (held != null) {
      held.wake();
    }
    working = false;
  }

  /** Gives up the thread of an urgent call that is in the driver. */
  void stuck(UrgentCalls.Run urgent) {
    stuck.add(urgent);
    urgent.thread().setName("guard " + machine.name + " stuck");
    urgent.thread().interrupt();
  }

  /** The thread of an urgent call is back. */
  void back(UrgentCalls.Run urgent) {
    stuck.remove(urgent);
  }

  int stuck() {
    return stuck.size();
  }
}
