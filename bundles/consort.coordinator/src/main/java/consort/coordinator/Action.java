// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

/** What a guard does on a transition, in this order. */
enum Action {
  /** Gives the running call its result or error. */
  ANSWER,
  /** Gives the running call {@code TimedOut}. */
  EXPIRE,
  /** Gives the running call {@code Unreachable}: its driver is gone. */
  FAIL_RUNNING,
  /** Ends the input and output of the instance. */
  CANCEL_IO,
  /** Cancels the stage that is waited for. */
  CANCEL_STAGE,
  /** Waits for the stage that the driver returned. */
  AWAIT_STAGE,
  /** Gives up the driver's thread and its instance: never used again, counted, its links closed. */
  ABANDON,
  /**
   * Gives all waiting calls {@code Unreachable} with the reason, unless another driver is tried at
   * once, or awaited for a while: then they go on waiting.
   */
  FAIL_WAITING,
  /** Refuses all waiting calls as stopped. */
  REFUSE_WAITING,
  /** Tries again after the back-off. */
  RETRY_LATER,
  /** Publishes the instrument and lets calls in. */
  ADMIT,
  /** Takes the instrument out of the service registry. */
  WITHDRAW,
  /** The driver's thread makes the instance where there is none, and connects it. */
  DO_START,
  /** The driver's thread runs the first call of the queue. */
  DO_CALL,
  /** A thread of its own runs the urgent call. */
  DO_URGENT,
  /** The driver's thread resynchronises the links. */
  DO_SYNC,
  /** The driver's thread saves the state for the next instance. */
  DO_SAVE,
  /** The driver's thread closes the instance. */
  DO_CLOSE
}
