// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.State;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.SwapOutcome;
import consort.api.coordinator.SwapStatus;
import consort.api.link.LinkSession;
import java.time.Instant;
import java.util.function.Consumer;

/** What a guard needs of the world: clocks, threads, links, and somebody who listens. */
interface Environment {

  /** Monotonic time, ns. */
  long nanoTime();

  /** The wall clock. */
  Instant now();

  /** Runs something on a thread that driver code may hold for ever. */
  void run(Runnable task);

  /**
   * Runs something short later.
   *
   * @return takes it off
   */
  Runnable later(long nanos, Runnable task);

  /** Begins a session of links for an instrument. */
  LinkSession links(String instrument, Consumer<String> lost);

  /** The leases that calls are checked against. */
  default Permits permits() {
    return Permits.ALL;
  }

  /** Told of each transition, under the guard's lock; for tests of the table. */
  default void stepped(Phase from, Event event) {}

  /** Told of each change of state, under the guard's lock: must only note it. */
  void changed(Guard guard, Change change);

  /** Told of each change of what others rely on, under the guard's lock: must only note it. */
  default void held(Guard guard, State state) {}

  /** Told that an instance is ready, under the guard's lock: must only note it. */
  void ready(Guard guard, Instance instance);

  /** Told that the instrument is to be unpublished, under the guard's lock: must only note it. */
  void withdrawn(Guard guard);

  /** Told that a driver instance is to be exchanged, under the guard's lock: must only note it. */
  default void swapping(Guard guard, SwapStatus status) {}

  /**
   * Told how an exchange ended, under the guard's lock: must only note it.
   *
   * @param target the driver it was to get
   * @param blame whose fault it is that it was taken back
   */
  default void swapped(Guard guard, SwapOutcome outcome, DriverSource target, Swap.Blame blame) {}

  /** Why others keep an instrument from being written to; null when none does. Under no lock. */
  default String unmet(InstrumentSpec spec) {
    return null;
  }

  /** Told of what went wrong in an instrument that goes on, under its lock: must only note it. */
  default void fault(Guard guard, String kind, String text) {}

  /** Told of a mistake in a driver, under the guard's lock: must only note it. */
  void mistake(Guard guard, String where, Thrown thrown);
}
