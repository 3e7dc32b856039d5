// SPDX-License-Identifier: Apache-2.0
package consort.script;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Looks after one run from outside: its time, the memory its threads take, its leases. {@link
 * #look} is called every {@link #EVERY} by one thread.
 */
final class Watch implements Runnable {

  static final Duration EVERY = Duration.ofMillis(20);

  /** How full the heap may be after a collection, as a fraction, before scripts are ended. */
  private static final double FULL = 0.9;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final Run run;
  private final Budget budget;
  private final ThreadGroup threads;
  private final Duration limit;
  private final long end;
  private final long most;
  private final Map<Long, Long> allocated = new HashMap<>();
  private long progress = -1;
  private long base;

  Watch(Run run, Budget budget, ThreadGroup threads, Duration limit, long most) {
    this.run = run;
    this.budget = budget;
    this.threads = threads;
    this.limit = limit;
    this.most = most;
    this.end = System.nanoTime() + limit.toNanos();
  }

  /** The bytes that a script may take in a row when the heap has this size. */
  static long most(long heap) {
    return Math.max(16L << 20, Math.min(512L << 20, heap / 4));
  }

  /** Ends the run. */
  void stop(String why) {
    run.stop(why);
  }

  @Override
  public void run() {
    if (end - System.nanoTime() <= 0) {
      run.stop("it took longer than its limit of " + limit.toMillis() / 1e3 + " s");
    }
    memory();
    run.renewLeases();
  }

  private void memory() {
    Thread[] now = new Thread[Budget.MOST_COROUTINES + 8];
    int count = threads.enumerate(now);
    for (int i = 0; i < count; i++) {
      long bytes = THREADS.getThreadAllocatedBytes(now[i].getId());
      if (bytes > 0) {
        allocated.merge(now[i].getId(), bytes, Math::max);
      }
    }
    long sum = allocated.values().stream().mapToLong(Long::longValue).sum();
    if (budget.progress() != progress) {
      progress = budget.progress();
      base = sum;
    } else if (sum - base > most) {
      run.stop("it took more than " + (most >> 20) + " MiB of memory without a call or a pause");
    }
    if (isHeapFull()) {
      run.stop("the memory of the node is nearly used up");
    }
  }

  /** Whether little was free after the last collection, of which nobody knows whose it is. */
  private static boolean isHeapFull() {
    long used = 0;
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      MemoryUsage after = pool.getType() == MemoryType.HEAP ? pool.getCollectionUsage() : null;
      if (after != null) {
        used += after.getUsed();
      }
    }
    return used > FULL * Runtime.getRuntime().maxMemory();
  }
}
