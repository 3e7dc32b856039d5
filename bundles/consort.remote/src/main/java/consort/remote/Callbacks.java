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
 * threads costs more than most of it does. One that blocks keeps the rest for two ticks of the loop
 * at most; from then on there are more threads, twice as many with each tick.
 */
final class Callbacks implements Executor, IoLoop.Timed {

  private static final Logger LOG = LoggerFactory.getLogger(Callbacks.class);

  private final Executor threads;
  private final Queue<Runnable> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger running = new AtomicInteger();
  private final LongAdder done = new LongAdder();

  // Only touched by the loop.
  private long doneBefore = -1;

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
    queue.add(task);
    if (running.get() == 0 && running.compareAndSet(0, 1)) {
      threads.execute(this::drain);
    }
  }

  private void drain() {
    do {
      for (Runnable task = queue.poll(); task != null; task = queue.poll()) {
        try {
          task.run();
        } catch (RuntimeException | Error e) {
          LOG.error("what hangs on an answer of another node failed", e);
        }
        done.increment();
      }
      // Whoever added something since has seen this thread running.
    } while (running.decrementAndGet() == 0 && !queue.isEmpty() && running.compareAndSet(0, 1));
  }

  @Override
  public void tick(long now) {
    long doneNow = done.sum();
    if (doneNow == doneBefore && !queue.isEmpty()) {
      for (int more = running.get(); more > 0; more--) {
        running.incrementAndGet();
        threads.execute(this::drain);
      }
    }
    doneBefore = doneNow;
  }
}
