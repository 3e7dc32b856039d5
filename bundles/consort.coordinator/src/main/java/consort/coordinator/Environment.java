// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

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

  /** Told that an instance is ready, under the guard's lock: must only note it. */
  void ready(Guard guard, Instance instance);

  /** Told that the instrument is to be unpublished, under the guard's lock: must only note it. */
  void withdrawn(Guard guard);

  /** Told of a mistake in a driver, under the guard's lock: must only note it. */
  void mistake(Guard guard, String where, Thrown thrown);
}
