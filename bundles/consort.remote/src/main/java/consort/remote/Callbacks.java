// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs what others hang onto answers: all on one thread as long as it is quick, as a change of
 * threads costs more than most of it does. What waits from one tick of the loop to the next gets
 * more threads, twice as many with each tick; those that something holds do not count any more, so
 * that it keeps the rest once and not for ever.
 */
final class Callbacks implements Executor, IoLoop.Timed {

  private static final Logger LOG = LoggerFactory.getLogger(Callbacks.class);

  private final Executor threads;
  private final Queue<Runnable> queue = new ConcurrentLinkedQueue<>();
  private final LongAdder added = new LongAdder();
  private final LongAdder taken = new LongAdder();

  /** How many threads there are, without those that are held; another one when these are. */
  private volatile AtomicInteger running = new AtomicInteger();

  // Only touched by the loop.
  private long addedBefore;
  private long takenBefore;

  /**
   * Does nothing before it is told of ticks.
   *
   * @param threads gives each task a thread at once
   */
  Callbacks(Executor threads) {
    this.threads = threads;
  }

  @Override
  public void execute(Runnable task) {
    added.increment();
    queue.add(task);
    AtomicInteger now = running;
    if (now.get() == 0 && now.compareAndSet(0, 1)) {
      begin(now);
    }
  }

  private void begin(AtomicInteger count) {
    try {
      threads.execute(() -> drain(count));
    } catch (RuntimeException | Error e) {
      // There is no thread; the next task, or tick, asks again.
      count.decrementAndGet();
      throw e;
    }
  }

  private void drain(AtomicInteger count) {
    do {
      for (Runnable task = queue.poll(); task != null; task = queue.poll()) {
        taken.increment();
        try {
          task.run();
        } catch (RuntimeException | Error e) {
          LOG.error("what hangs on an answer of another node failed", e);
        }
      }
      // Whoever added something since has seen this thread running.
    } while (count.decrementAndGet() == 0 && !queue.isEmpty() && count.compareAndSet(0, 1));
  }

  @Override
  public void tick(long now) {
    long takenNow = taken.sum();
    if (takenNow < addedBefore) {
      // Something waits since the last tick at least.
      long more = Math.min(Math.max(1, running.get()), added.sum() - takenNow);
      if (takenNow == takenBefore) {
        running = new AtomicInteger();
      }
      for (; more > 0; more--) {
        running.incrementAndGet();
        begin(running);
      }
    }
    takenBefore = takenNow;
    addedBefore = added.sum();
  }
}
