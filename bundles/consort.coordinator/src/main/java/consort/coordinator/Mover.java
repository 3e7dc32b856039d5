// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.SwapStatus;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
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
  static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Supplier<Collection<Guard>> guards;
  private final Supplier<Collection<DriverSource>> sources;
  private final Duration patience;
  private final Consumer<SwapStatus> postponed;
  private final Set<DriverSource> rejected = ConcurrentHashMap.newKeySet();

  /** What one instrument does not move to, though others may. */
  private final Map<String, DriverSource> declined = new ConcurrentHashMap<>();

  /** Who may use the drivers of a bundle, by its id; all where nothing is said. */
  private final Map<Long, Set<String>> offers = new ConcurrentHashMap<>();

  private final AtomicInteger pending = new AtomicInteger();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(task -> DriverThreads.daemon(task, "consort mover"));

  /**
   * A mover.
   *
   * @param patience how long one instrument is waited for before the next one moves
   * @param postponed told of an instrument that moves when its call is over
   */
  Mover(
      Supplier<Collection<Guard>> guards,
      Supplier<Collection<DriverSource>> sources,
      Duration patience,
      Consumer<SwapStatus> postponed) {
    this.guards = guards;
    this.sources = sources;
    this.patience = patience;
    this.postponed = postponed;
  }

  /** The plan for an instrument that runs nothing yet, or is to begin anew. */
  synchronized Plan first(InstrumentSpec spec) {
    declined.remove(spec.name());
    return Plan.anew(spec, best(spec));
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
    guard.want(new Plan(Plan.Goal.RUN, spec, best(spec), fallback(guard)));
  }

  /** What an instrument can go back to: the plan that worked last, if its driver is still here. */
  private Plan fallback(Guard guard) {
    Plan last = guard.lastGood();
    if (last == null || !sources.get().contains(last.source)) {
      return null;
    }
    return new Plan(Plan.Goal.RUN, last.spec, last.source, null);
  }

  private DriverSource best(InstrumentSpec spec) {
    DriverSource best = null;
    for (DriverSource source : sources.get()) {
      if (source.name().equals(spec.driver())
          && source.fits(spec.version())
          && mayUse(spec.name(), source)
          && isBetter(source, best)) {
        best = source;
      }
    }
    return best;
  }

  private boolean mayUse(String instrument, DriverSource source) {
    Set<String> only = offers.get(source.bundleId());
    return (only == null || only.contains(instrument)) && declined.get(instrument) != source;
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
      // Those that run nothing begin at once; those that do move one by one.
      for (Guard guard : guards.get()) {
        if (guard.source() == null) {
          move(guard, false);
        }
      }
      for (Guard guard : guards.get()) {
        try {
          move(guard, true);
        } catch (RuntimeException e) {
          LOG.error("moving {} failed", guard.name(), e);
        }
      }
    } while (!pending.compareAndSet(seen, 0));
  }

  private void move(Guard guard, boolean waits) {
    boolean live;
    synchronized (this) {
      Plan now = guard.plan();
      DriverSource best = now.goal == Plan.Goal.RUN ? best(now.spec) : now.source;
      if (best == now.source) {
        return;
      }
      live = guard.source() != null;
      guard.want(new Plan(Plan.Goal.RUN, now.spec, best, live ? fallback(guard) : null));
    }
    if (live && waits && !guard.await(guard::settled, patience.toNanos())) {
      SwapStatus status = guard.postpone();
      if (status != null) {
        postponed.accept(status);
      }
    }
  }

  /**
   * A driver failed, or an instrument did not let go of the one it has. Only notes it, as the guard
   * tells it under its lock.
   */
  void failed(Guard guard, DriverSource target, Swap.Blame blame) {
    if (target == null || !sources.get().contains(target)) {
      return;
    }
    switch (blame) {
      case NEW -> rejected.add(target);
      case OLD -> declined.put(guard.name(), target);
      case NOBODY -> {}
    }
  }

  /** A driver is gone. */
  void forget(DriverSource source) {
    rejected.remove(source);
    declined.values().remove(source);
  }

  /** Says who may use the drivers of a bundle, null for all, and gives them another chance. */
  void offer(long bundle, Collection<String> only) {
    if (only == null) {
      offers.remove(bundle);
    } else {
      offers.put(bundle, Set.copyOf(only));
    }
    rejected.removeIf(source -> source.bundleId() == bundle);
    declined.values().removeIf(source -> source.bundleId() == bundle);
    reconsider();
  }

  /** The move that an instrument waits for while others move, null for none. */
  synchronized SwapStatus awaited(Guard guard) {
    Plan now = guard.plan();
    DriverSource from = guard.source();
    DriverSource best = now.goal == Plan.Goal.RUN ? best(now.spec) : null;
    return best == null || best == now.source || from == null
        ? null
        : new SwapStatus(
            guard.name(),
            best.name(),
            from.version().toString(),
            best.version().toString(),
            best.bundleId(),
            false,
            "waiting");
  }

  /** Who alone may use the drivers of a bundle; null for all. */
  Set<String> only(DriverSource source) {
    return offers.get(source.bundleId());
  }

  boolean isDeclined(Guard guard, DriverSource source) {
    return declined.get(guard.name()) == source;
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
