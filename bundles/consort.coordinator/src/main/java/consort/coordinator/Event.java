// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

/** What happens to a guard. */
enum Event {
  /** An instance is to be made, or to be connected again. */
  START,
  /** The instance is made and connected. */
  STARTED,
  /** Making or connecting failed; trying again may help. */
  START_FAILED,
  /** Making failed in a way that trying again does not help. */
  BROKEN,
  /** There is no driver to make an instance with. */
  NO_DRIVER,
  /** Too many threads of the instrument's drivers are stuck to begin anew. */
  EXHAUSTED,
  /** A call is taken from the queue. */
  CALL,
  /** An urgent call. */
  URGENT,
  /** The driver's thread is back, or the stage complete, with a result or an error. */
  RETURN,
  /** As RETURN, but an answer may still be on the way. */
  RETURN_DIRTY,
  /** As RETURN, with the link lost. */
  RETURN_LOST,
  /** The driver's thread is back with a stage that is not complete. */
  STAGE,
  /** The deadline of what the driver does has passed. */
  TIMEOUT,
  /** The grace after a deadline is over. */
  GRACE_OVER,
  /** The thread of an urgent call did not come back within its grace. */
  URGENT_STUCK,
  /** The link is resynchronised. */
  SYNCED,
  /** The link cannot be resynchronised. */
  SYNC_FAILED,
  /** The link was found lost although nobody used it. */
  LINK_LOST,
  /** The instance is to be exchanged, and has a state to hand over. */
  SAVE,
  /** The state is saved, or the exchange goes on without. */
  SAVED,
  /** The state cannot be saved: the instance stays. */
  SAVE_FAILED,
  /** The instance is to be closed. */
  DISCARD,
  /** The instance is closed. */
  DISCARDED,
  /** Calls were held long enough for a driver to come back. */
  HOLD_OVER,
  /** A person stops the instrument. */
  STOP,
  /** The instrument is removed. */
  CLOSE
}
