// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.State;

/** The phases of a guard: its state in full. Clients see the {@link State}. */
enum Phase {
  /** No instance, or one whose link is lost; waits for a driver or for the next attempt. */
  OFFLINE(State.OFFLINE),
  /** The driver's thread makes the instance or connects it. */
  STARTING(State.STARTING),
  /** The limit for starting has passed, the driver's thread has not come back yet. */
  LATE_START(State.STARTING),
  /** Waits for calls. */
  READY(State.READY),
  /** The driver's thread is in a call. */
  BUSY(State.BUSY),
  /** The driver's thread has returned a stage that is not complete. */
  WAITING(State.BUSY),
  /** The deadline has passed, the driver's thread is still in the call. */
  OVERDUE(State.BUSY),
  /** The deadline has passed, the stage is still not complete. */
  LATE_STAGE(State.BUSY),
  /** The driver's thread resynchronises the link, so that no late answer meets another question. */
  RESYNC(State.BUSY),
  /** The driver's thread saves the state of the instance that is going to be exchanged. */
  SAVING(State.SWAPPING),
  /** The driver's thread closes the instance. */
  CLOSING(State.SWAPPING),
  /** The driver never came back, or its configuration is wrong. */
  FAULT(State.FAULT),
  /** Stopped by a person. */
  STOPPED(State.STOPPED),
  /** Removed; the end. */
  CLOSED(State.STOPPED);

  private final State state;

  Phase(State state) {
    this.state = state;
  }

  State state() {
    return state;
  }
}
