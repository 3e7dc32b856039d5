// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.SwapStatus;
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
import java.util.function.Consumer;
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

  /** Gives an instrument that is new the best driver there is, if it has none yet. */
  synchronized void begin(Guard guard) {
    if (guard.plan().source == null) {
      guard.want(first(guard.plan().spec));
    }
  }

  private Plan first(InstrumentSpec spec) {
    declined.remove(spec.name());
    return Plan.anew(spec, best(spec));
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
    declined.values().removeAll(gone);
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
      if (planMove(guard) && !guard.await(guard::settled, patience.toNanos())) {
        SwapStatus status = guard.postpone();
        if (status != null) {
          postponed.accept(status);
        }
      }
    } catch (RuntimeException e) {
      LOG.error("moving {} failed", guard.name(), e);
    }
  }

  /** Gives an instrument a better driver; whether there is an instance to be exchanged. */
  private synchronized boolean planMove(Guard guard) {
    Plan now = guard.plan();
    DriverSource best = now.goal == Plan.Goal.RUN ? best(now.spec) : now.source;
    if (best == now.source) {
      return false;
    }
    boolean live = guard.source() != null;
    guard.want(new Plan(Plan.Goal.RUN, now.spec, best, live ? fallback(guard, now.spec) : null));
    return live;
  }

  /**
   * A driver failed, or an instrument did not let go of the one it has. Only notes it, as the guard
   * tells it under its lock.
   */
  void failed(Guard guard, DriverSource target, Swap.Blame blame) {
    if (target == null || target.isGone()) {
      return;
    }
    switch (blame) {
      case NEW -> rejected.add(target);
      case OLD -> declined.put(guard.name(), target);
      case NOBODY -> {}
    }
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
    sources.get().stream()
        .filter(source -> source.bundleId() == bundle)
        .map(DriverSource::name)
        .distinct()
        .forEach(this::reconsider);
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
    return pending.values().stream().allMatch(changes -> changes.get() == 0);
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
