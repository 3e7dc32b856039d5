// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.coordinator.Group;

/** A step of the block that is under way. Used by the thread that runs the group. */
interface GroupStep {

  /** In place of a deadline: whoever has the instrument holds it. */
  long NEVER = Long.MAX_VALUE;

  /** What is to be done. */
  Group.Step step();

  /** Sends the call. */
  void submit();

  /** Its result or its exception, null while there is none. */
  Object outcome();

  /** When {@link #expire} is due, ns on the clock of the environment, or {@link #NEVER}. */
  long deadline();

  /** Its deadline has passed; it has an outcome then. */
  void expire();

  /** Nobody waits for it any longer; it has an outcome then. */
  void cancel(String why);
}
