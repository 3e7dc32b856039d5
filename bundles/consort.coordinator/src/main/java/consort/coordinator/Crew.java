// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import java.util.HashSet;
import java.util.Set;

/**
 * The thread of a guard's driver, its job, and the threads that never came back. Under the lock.
 */
final class Crew {

  private final Guard guard;
  private final Environment env;
  private final Set<Object> stuck = new HashSet<>();
  private Worker worker;
  private volatile Job job;
  private boolean working;

  /** Whether the worker is woken once the lock is free, so that it does not run into it. */
  private boolean defers;

  private Worker toWake;

  Crew(Guard guard, Environment env) {
    this.guard = guard;
    this.env = env;
  }

  /** Gives the driver's thread work; gets one where there is none. */
  void dispatch(Job work) {
    job = work;
    if (worker == null) {
      worker = new Worker(guard);
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

  /** The job for a worker; null for none now, {@link Job#LEAVE} when it is no longer wanted. */
  Job take(Worker by) {
    if (by != worker) {
      return Job.LEAVE;
    }
    Job taken = job;
    job = null;
    working = taken != null;
    return taken;
  }

  /** Whether it is worth asking for a job; without the lock. */
  boolean hasWork() {
    return job != null;
  }

  /** Lets a worker go; false when there is work for it after all. */
  boolean leave(Worker by) {
    if (by == worker) {
      if (job != null) {
        return false;
      }
      worker = null;
    }
    return true;
  }

  /**
   * A worker is back from the driver.
   *
   * @return false when it was given up long ago: its answer is nobody's, but its thread is free
   */
  boolean back(Worker by) {
    if (by != worker) {
      stuck.remove(by);
      return false;
    }
    working = false;
    return true;
  }

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
    urgent.thread().setName("guard " + guard.name() + " stuck");
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
