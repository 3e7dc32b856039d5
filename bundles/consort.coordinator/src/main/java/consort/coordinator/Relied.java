// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.State;

/** An instrument as those see it that require it. */
interface Relied {

  /**
   * The state to rely on: BUSY counts as READY, and while the driver is exchanged it is what it was
   * before. Takes no lock, waits for nothing.
   */
  State held();

  /** {@code CRYO is OFFLINE(no link): connection refused}. */
  String told();

  /** What a state counts as, where it was another one before. */
  static State held(State now, State before) {
    return switch (now) {
      case BUSY -> State.READY;
      case SWAPPING -> before;
      case STARTING, READY, OFFLINE, FAULT, STOPPED -> now;
    };
  }
}
