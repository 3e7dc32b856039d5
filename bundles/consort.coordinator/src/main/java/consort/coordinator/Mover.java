// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.coordinator.InstrumentSpec;
import java.time.Duration;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses the driver of each instrument: the newest that fits its pin. When a newer one appears the
 * instruments move to it one by one; a driver that fails for one instrument is given to no other,
 * and those that moved before stay.
 */
final class Mover implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Mover.class);

  /** How long one instrument is waited for before the next one moves; it goes on by itself. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Supplier<Collection<Guard>> guards;
  private final Supplier<Collection<DriverSource>> sources;
  private final Set<DriverSource> rejected = ConcurrentHashMap.newKeySet();
  private final AtomicInteger pending = new AtomicInteger();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(task -> DriverThreads.daemon(task, "consort mover"));

  Mover(Supplier<Collection<Guard>> guards, Supplier<Collection<DriverSource>> sources) {
    this.guards = guards;
    this.sources = sources;
  }

  /** The plan for an instrument that runs nothing yet, or is to begin anew. */
  synchronized Plan first(InstrumentSpec spec) {
    return new Plan(Plan.Goal.RUN, spec, best(spec), null);
  }

  /**
   * Gives a running instrument the best driver there is now; waits for nothing.
   *
   * @param changed its new specification, null for the one it has
   */
  synchronized void plan(Guard guard, InstrumentSpec changed) {
    Plan now = guard.plan();
    InstrumentSpec spec = changed == null ? now.spec : changed;
    if (now.goal != Plan.Goal.RUN) {
      if (now.goal == Plan.Goal.STOP) {
        guard.want(new Plan(Plan.Goal.STOP, spec, null, null));
      }
      return;
    }
    guard.want(new Plan(Plan.Goal.RUN, spec, best(spec), fallback(guard, spec)));
  }

  /**
   * What an instrument can go back to: the plan that worked last, if its driver is still here.
   * Never to another connection: commands would go to hardware that the file no longer names.
   */
  private Plan fallback(Guard guard, InstrumentSpec spec) {
    Plan last = guard.lastGood();
    if (last == null
        || !sources.get().contains(last.source)
        || !last.spec.connection().equals(spec.connection())) {
      return null;
    }
    return new Plan(Plan.Goal.RUN, last.spec, last.source, null);
  }

  private DriverSource best(InstrumentSpec spec) {
    DriverSource best = null;
    for (DriverSource source : sources.get()) {
      if (source.name().equals(spec.driver())
          && source.fits(spec.version())
          && isBetter(source, best)) {
        best = source;
      }
    }
    return best;
  }

  private boolean isBetter(DriverSource source, DriverSource than) {
    if (than == null || rejected.contains(than) != rejected.contains(source)) {
      return than == null || rejected.contains(than);
    }
    return DriverSource.NEWEST_FIRST.compare(source, than) < 0;
  }

  /** The drivers have changed: looks at all instruments, on the mover's own thread. */
  void reconsider() {
    if (pending.getAndIncrement() == 0) {
      try {
        thread.execute(this::moveAll);
      } catch (RejectedExecutionException e) {
        pending.set(0);
      }
    }
  }

  private void moveAll() {
    int seen;
    do {
      seen = pending.get();
      for (Guard guard : guards.get()) {
        try {
          move(guard);
        } catch (RuntimeException e) {
          LOG.error("moving {} failed", guard.name(), e);
        }
      }
    } while (!pending.compareAndSet(seen, 0));
  }

  private void move(Guard guard) {
    Plan planned;
    boolean live;
    synchronized (this) {
      Plan now = guard.plan();
      DriverSource best = now.goal == Plan.Goal.RUN ? best(now.spec) : now.source;
      if (best == now.source) {
        return;
      }
      live = guard.source() != null;
      planned = new Plan(Plan.Goal.RUN, now.spec, best, live ? fallback(guard, now.spec) : null);
      guard.want(planned);
    }
    if (live) {
      guard.await(guard::settled, PATIENCE.toNanos());
      if (guard.plan() == planned.fallback) {
        rejected.add(planned.source);
        LOG.warn(
            "{} failed for {} and is not used; {}", planned.source, guard.name(), guard.errors());
      }
    }
  }

  /** A driver is gone. */
  void forget(DriverSource source) {
    rejected.remove(source);
  }

  boolean isRejected(DriverSource source) {
    return rejected.contains(source);
  }

  /** Whether there is nothing to move. */
  boolean idle() {
    return pending.get() == 0;
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
