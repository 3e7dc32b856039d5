// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that run drivers, and the timer. The pool has no limit, as a limit is what one hung
 * driver could exhaust for all others: it grows with the busy guards, and a thread that is idle for
 * ten seconds ends. Platform threads: a driver may block them in native code for ever.
 */
final class DriverThreads implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(DriverThreads.class);

  private final AtomicLong number = new AtomicLong();
  private final ThreadPoolExecutor pool =
      new ThreadPoolExecutor(
          0, Integer.MAX_VALUE, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), this::driverThread);
  private final ScheduledThreadPoolExecutor timer =
      new ScheduledThreadPoolExecutor(1, task -> daemon(task, "consort timer"));

  DriverThreads() {
    timer.setRemoveOnCancelPolicy(true);
    timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  private Thread driverThread(Runnable task) {
    return daemon(task, "consort driver " + number.incrementAndGet());
  }

  static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  /** Runs something on a thread that may be held for ever. */
  void run(Runnable task) {
    pool.execute(task);
  }

  /**
   * Runs something short after a while; the result takes it off. Nothing any more after the end.
   */
  Runnable later(long nanos, Runnable task) {
    try {
      var scheduled = timer.schedule(() -> guarded(task), nanos, TimeUnit.NANOSECONDS);
      return () -> scheduled.cancel(false);
    } catch (RejectedExecutionException e) {
      return () -> {};
    }
  }

  private static void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      LOG.error("the timer met a mistake", e);
    }
  }

  /** Ends the timer and, as they become free, the threads; what still comes is still run. */
  @Override
  public void close() {
    timer.shutdown();
    pool.setKeepAliveTime(0, TimeUnit.SECONDS);
  }
}
