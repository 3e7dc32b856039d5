// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

/** Work for a driver's thread. */
record Job(Kind kind, Instance instance, Pending call) {

  /** No work any more: the thread goes back. */
  static final Job LEAVE = new Job(null, null, null);

  /** The kinds of work. */
  enum Kind {
    /** Make and connect. */
    START,
    /** Run a call. */
    CALL,
    /** Resynchronise the links. */
    SYNC,
    /** Save the state for the next instance. */
    SAVE,
    /** Close. */
    CLOSE
  }
}
