// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.InstrumentStatus;
import consort.api.State;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Looks at the instruments of other nodes that instruments of this one require. Each is asked for
 * its status on a thread of the pool, as that may be a question to another node; one that is gone,
 * or does not answer, does not count as anything. Without such instruments it costs nothing.
 */
final class Elsewhere {

  /** How often each is asked. */
  static final Duration INTERVAL = Duration.ofMillis(250);

  /** How old an answer may be. */
  static final Duration PATIENCE = Duration.ofSeconds(2);

  /** What is known of one of them. */
  private final class Seen implements Relied {
    final String name;
    final AtomicBoolean asking = new AtomicBoolean();
    private volatile State state;
    private volatile String text;
    private volatile long at = clock.getAsLong();
    private State reported;

    Seen(String name) {
      this.name = name;
      this.text = "there is no " + name;
    }

    @Override
    public State held() {
      return clock.getAsLong() - at > PATIENCE.toNanos() ? null : state;
    }

    @Override
    public String told() {
      return clock.getAsLong() - at > PATIENCE.toNanos()
          ? name + " has not answered for " + PATIENCE.toSeconds() + " s"
          : text;
    }

    void ask() {
      try {
        InstrumentStatus status = abroad.apply(name);
        if (status == null) {
          learn(null, "there is no " + name);
        } else {
          String why = status.text().isEmpty() ? "" : ": " + status.text();
          learn(Relied.held(status.state(), state), name + " is " + status.stateText() + why);
        }
      } catch (RuntimeException e) {
        learn(null, name + " does not answer: " + Texts.message(e));
      } finally {
        asking.set(false);
      }
    }

    private void learn(State now, String words) {
      state = now;
      text = words;
      at = clock.getAsLong();
    }
  }

  private final Function<String, InstrumentStatus> abroad;
  private final DriverThreads threads;
  private final LongSupplier clock;
  private final BiConsumer<String, State> changed;
  private final Map<String, Seen> seen = new ConcurrentHashMap<>();
  private final AtomicBoolean looking = new AtomicBoolean();

  /**
   * Looks at nothing yet.
   *
   * @param abroad what an instrument of another node says, null when there is none; may ask it
   * @param clock monotonic time, ns
   * @param changed told of another state, null when there is none to rely on; must only note it
   */
  Elsewhere(
      Function<String, InstrumentStatus> abroad,
      DriverThreads threads,
      LongSupplier clock,
      BiConsumer<String, State> changed) {
    this.abroad = abroad;
    this.threads = threads;
    this.clock = clock;
    this.changed = changed;
  }

  /** What is known of an instrument; null for one that nobody asked to watch. */
  Relied find(String name) {
    return seen.get(name);
  }

  /** From now on these are looked at, and no others. */
  void watch(Collection<String> names) {
    seen.keySet().retainAll(names);
    names.forEach(name -> seen.computeIfAbsent(name, Seen::new));
    if (!seen.isEmpty() && looking.compareAndSet(false, true)) {
      look();
    }
  }

  /** On the timer: waits for nothing. */
  private void look() {
    for (Seen one : seen.values()) {
      State now = one.held();
      if (now != one.reported) {
        one.reported = now;
        changed.accept(one.name, now);
      }
      if (one.asking.compareAndSet(false, true)) {
        threads.run(one::ask);
      }
    }
    if (seen.isEmpty()) {
      looking.set(false);
      // Somebody may have come between.
      if (seen.isEmpty() || !looking.compareAndSet(false, true)) {
        return;
      }
    }
    threads.later(INTERVAL.toNanos(), this::look);
  }
}
