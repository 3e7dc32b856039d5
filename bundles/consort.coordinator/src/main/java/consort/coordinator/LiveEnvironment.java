// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.State;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.SwapOutcome;
import consort.api.coordinator.SwapStatus;
import consort.api.link.LinkService;
import consort.api.link.LinkSession;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The real world of guards. Without a publisher, its guards are nobody else's. */
final class LiveEnvironment implements Environment {

  private static final Logger LOG = LoggerFactory.getLogger("consort.instruments");
  private static final int DISTINCT_MISTAKES = 1000;

  private final DriverThreads threads;
  private final LinkService links;
  private final Publisher publisher;
  private final Events events;
  private final Permits permits;
  private final Interlocks interlocks;
  private final boolean publishes;
  private final Blamed blamed;
  private final Set<String> mistakes =
      Collections.synchronizedSet(
          Collections.newSetFromMap(
              new LinkedHashMap<>() {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
                  return size() > DISTINCT_MISTAKES;
                }
              }));

  /** Told whose fault it is that an exchange did not succeed. */
  interface Blamed {
    void failed(Guard guard, DriverSource target, Swap.Blame blame);
  }

  LiveEnvironment(
      DriverThreads threads,
      LinkService links,
      Publisher publisher,
      Events events,
      Permits permits,
      Interlocks interlocks,
      boolean publishes,
      Blamed blamed) {
    this.threads = threads;
    this.links = links;
    this.publisher = publisher;
    this.events = events;
    this.permits = permits;
    this.interlocks = interlocks;
    this.publishes = publishes;
    this.blamed = blamed;
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public Instant now() {
    return Instant.now();
  }

  @Override
  public void run(Runnable task) {
    threads.run(task);
  }

  @Override
  public Runnable later(long nanos, Runnable task) {
    return threads.later(nanos, task);
  }

  @Override
  public LinkSession links(String instrument, Consumer<String> lost) {
    return links.session(instrument, lost);
  }

  @Override
  public Permits permits() {
    return permits;
  }

  @Override
  public String unmet(InstrumentSpec spec) {
    return interlocks.unmet(spec);
  }

  @Override
  public void held(Guard guard, State state) {
    if (publishes) {
      interlocks.changed(guard, state);
    }
  }

  @Override
  public void changed(Guard guard, Change change) {
    if (!change.news()) {
      return;
    }
    // Logging may write to a disk that hangs: never under a guard's lock.
    publisher.later(
        () -> {
          // What a node that goes down does with its instruments is no news of theirs.
          if (!publisher.isEnding()) {
            LOG.info("{} {}", guard.name(), change);
          }
        });
    if (publishes) {
      events.changed(guard, change);
    }
  }

  @Override
  public void ready(Guard guard, Instance instance) {
    if (publishes) {
      publisher.publish(guard, instance);
    }
  }

  @Override
  public void withdrawn(Guard guard) {
    if (publishes) {
      publisher.withdraw(guard);
    }
  }

  @Override
  public void swapping(Guard guard, SwapStatus status) {
    if (publishes && status != null) {
      events.swap("BEGUN", now(), status);
    }
  }

  @Override
  public void swapped(Guard guard, SwapOutcome outcome, DriverSource target, Swap.Blame blame) {
    if (!publishes) {
      return;
    }
    blamed.failed(guard, target, blame);
    events.swap(outcome);
    publisher.later(
        () -> {
          if (outcome.result() == SwapOutcome.Result.DONE) {
            LOG.info("{}: {}", guard.name(), outcome);
          } else {
            LOG.warn("{}: {}", guard.name(), outcome);
          }
        });
  }

  @Override
  public void fault(Guard guard, String kind, String text) {
    publisher.later(() -> LOG.warn("{}: {}", guard.name(), text));
    if (publishes) {
      events.fault(guard, kind, now(), text);
    }
  }

  @Override
  public void mistake(Guard guard, String where, Thrown thrown) {
    Throwable cause = thrown.shown();
    StackTraceElement[] trace = cause == null ? new StackTraceElement[0] : cause.getStackTrace();
    String kind = where + cause + (trace.length == 0 ? "" : trace[0]);
    boolean first = mistakes.add(kind);
    if (first && publishes) {
      String text = "the driver failed in " + where + ": " + thrown.text();
      events.fault(guard, "DRIVER_ERROR", now(), text);
    }
    if (first) {
      publisher.later(() -> LOG.warn("{}: the driver failed in {}", guard.name(), where, cause));
    } else if (LOG.isDebugEnabled()) {
      String text = String.valueOf(cause);
      publisher.later(
          () -> LOG.debug("{}: the driver failed in {} again: {}", guard.name(), where, text));
    }
  }
}
