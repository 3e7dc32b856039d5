// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.coordinator.InstrumentSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses the driver of each instrument: the newest that fits its pin. When a newer one appears its
 * instruments move to it one by one; a driver that fails for one instrument is given to no other,
 * and those that moved before stay.
 *
 * <p>Its lock is held while a plan is made from the one before and from the drivers there are, so
 * that nobody's plan is lost and none is made with a driver that has just gone.
 */
final class Mover implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Mover.class);

  /** How long one instrument is waited for before the next one moves; it goes on by itself. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Supplier<Collection<Guard>> guards;
  private final Supplier<Collection<DriverSource>> sources;
  private final Set<DriverSource> rejected = ConcurrentHashMap.newKeySet();

  /** How often each driver has changed since its instruments were looked at. */
  private final Map<String, AtomicInteger> pending = new ConcurrentHashMap<>();

  /** One for each driver that moves: the instruments of one must not wait for those of another. */
  private final ExecutorService threads =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE,
          1,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          task -> DriverThreads.daemon(task, "consort mover"));

  Mover(Supplier<Collection<Guard>> guards, Supplier<Collection<DriverSource>> sources) {
    this.guards = guards;
    this.sources = sources;
  }

  /** Gives an instrument that is new the best driver there is, if it has none yet. */
  synchronized void begin(Guard guard) {
    if (guard.plan().source == null) {
      guard.want(first(guard.plan().spec));
    }
  }

  private Plan first(InstrumentSpec spec) {
    return new Plan(Plan.Goal.RUN, spec, best(spec), null);
  }

  /** Gives an instrument another specification; an equal one changes nothing. */
  synchronized void change(Guard guard, InstrumentSpec spec) {
    Plan now = guard.plan();
    if (now.spec.equals(spec)) {
      return;
    }
    if (now.goal == Plan.Goal.RUN) {
      guard.want(new Plan(Plan.Goal.RUN, spec, best(spec), fallback(guard, spec)));
    } else {
      guard.want(new Plan(now.goal, spec, null, null));
    }
  }

  /** Stops an instrument. */
  synchronized void stop(Guard guard) {
    guard.want(new Plan(Plan.Goal.STOP, guard.plan().spec, null, null));
  }

  /** Starts an instrument that is stopped. */
  synchronized void start(Guard guard) {
    if (guard.plan().goal == Plan.Goal.STOP) {
      guard.want(first(guard.plan().spec));
    }
  }

  /** Begins an instrument anew. */
  synchronized void restart(Guard guard) {
    guard.want(first(guard.plan().spec));
  }

  /** Drivers are gone: from now on no plan is made with them. */
  synchronized void forget(Collection<DriverSource> gone) {
    rejected.removeAll(gone);
    gone.forEach(DriverSource::forget);
  }

  /** Gives an instrument the best driver that remains; waits for nothing. */
  synchronized void replace(Guard guard) {
    Plan now = guard.plan();
    if (now.goal == Plan.Goal.RUN) {
      guard.want(new Plan(Plan.Goal.RUN, now.spec, best(now.spec), fallback(guard, now.spec)));
    }
  }

  /**
   * What an instrument can go back to: the plan that worked last, if its driver is still here.
   * Never to another connection: commands would go to hardware that the file no longer names.
   */
  private static Plan fallback(Guard guard, InstrumentSpec spec) {
    Plan last = guard.lastGood();
    if (last == null || last.source.isGone() || !last.spec.connection().equals(spec.connection())) {
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

  /** A driver has appeared: looks at all its instruments, on a thread of the mover's own. */
  void reconsider(String driver) {
    AtomicInteger changes = pending.computeIfAbsent(driver, d -> new AtomicInteger());
    if (changes.getAndIncrement() == 0) {
      try {
        threads.execute(() -> moveAll(driver, changes));
      } catch (RejectedExecutionException e) {
        changes.set(0);
      }
    }
  }

  private void moveAll(String driver, AtomicInteger changes) {
    int seen;
    do {
      seen = changes.get();
      List<Guard> live = new ArrayList<>();
      for (Guard guard : guards.get()) {
        if (guard.plan().spec.driver().equals(driver)) {
          if (guard.source() == null) {
            move(guard);
          } else {
            live.add(guard);
          }
        }
      }
      live.forEach(this::move);
    } while (!changes.compareAndSet(seen, 0));
  }

  private void move(Guard guard) {
    if (threads.isShutdown()) {
      return;
    }
    try {
      Plan planned = planMove(guard);
      if (planned != null) {
        guard.await(guard::settled, PATIENCE.toNanos());
        rejectIfTakenBack(guard, planned);
      }
    } catch (RuntimeException e) {
      LOG.error("moving {} failed", guard.name(), e);
    }
  }

  /** Gives an instrument a better driver; the plan, if there is an instance to be exchanged. */
  private synchronized Plan planMove(Guard guard) {
    Plan now = guard.plan();
    DriverSource best = now.goal == Plan.Goal.RUN ? best(now.spec) : now.source;
    if (best == now.source) {
      return null;
    }
    boolean live = guard.source() != null;
    Plan planned = new Plan(Plan.Goal.RUN, now.spec, best, live ? fallback(guard, now.spec) : null);
    guard.want(planned);
    return live ? planned : null;
  }

  private synchronized void rejectIfTakenBack(Guard guard, Plan planned) {
    boolean takenBack = planned.fallback != null && guard.plan() == planned.fallback;
    if (takenBack && !planned.source.isGone()) {
      rejected.add(planned.source);
      LOG.warn(
          "{} failed for {} and is not used; {}", planned.source, guard.name(), guard.errors());
    }
  }

  boolean isRejected(DriverSource source) {
    return rejected.contains(source);
  }

  /** Whether there is nothing to move. */
  boolean idle() {
    return pending.values().stream().allMatch(changes -> changes.get() == 0);
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
