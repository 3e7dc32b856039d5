// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Deadline;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs the driver of one guard on a thread of the pool. It lingers a while after its last job, as
 * handing over to a waiting thread is cheaper than getting one; then the thread goes back, so that
 * idle instruments hold none.
 */
final class Worker implements Runnable {

  private static final long LINGER_NANOS = 200_000_000L;

  private final Crew crew;
  private volatile Thread thread;

  Worker(Crew crew) {
    this.crew = crew;
  }

  @Override
  public void run() {
    Thread current = Thread.currentThread();
    String poolName = current.getName();
    current.setName("guard " + crew.name());
    thread = current;
    try {
      Job job = next(null, null);
      while (job != Job.LEAVE) {
        job = next(job, perform(job));
      }
    } finally {
      thread = null;
      Deadline.set(null);
      current.setName(poolName);
    }
  }

  private Job next(Job done, Object outcome) {
    Job job = done == null ? crew.poll(this) : crew.finish(this, done, outcome);
    // After a call another one is likely; after starting or closing it is not.
    long linger = done != null && done.kind() == Job.Kind.CALL ? LINGER_NANOS : 0;
    long until = System.nanoTime() + linger;
    while (job == null) {
      long left = until - System.nanoTime();
      if (left <= 0) {
        if (crew.leave(this)) {
          return Job.LEAVE;
        }
      } else if (!crew.hasWork()) {
        LockSupport.parkNanos(crew, left);
      }
      job = crew.poll(this);
    }
    return job;
  }

  /** Runs a job; what the driver throws is an outcome like another. */
  private Object perform(Job job) {
    try {
      return crew.perform(job);
    } catch (Throwable t) {
      return Thrown.of(t);
    } finally {
      Deadline.set(null);
      // A driver that kept an interrupt for later must not hand it to the next call.
      Thread.interrupted();
    }
  }

  /** Wakes the thread: there is work, or the guard no longer wants it. */
  void wake() {
    LockSupport.unpark(thread);
  }

  /** For a driver that was given up: its links are closed; if it sleeps, it may notice. */
  void interrupt() {
    Thread held = thread;
    if (held != null) {
      held.setName("guard " + crew.name() + " stuck");
      held.interrupt();
    }
  }
}
