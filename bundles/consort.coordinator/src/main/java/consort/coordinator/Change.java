// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Reason;
import consort.api.State;
import java.time.Instant;

/**
 * A change of what people are told of a guard.
 *
 * @param at when
 * @param state the state it entered
 * @param reason why, where the state has a reason
 * @param text the reason in words, may be empty
 * @param version the version of the driver in use, empty for none
 * @param news whether it is worth telling: an attempt to connect that fails as the one before is
 *     not
 */
record Change(Instant at, State state, Reason reason, String text, String version, boolean news) {

  /** {@code OFFLINE(no link) connection refused}. */
  @Override
  public String toString() {
    return state + (reason == Reason.NONE ? "" : "(" + reason.text() + ") " + text);
  }
}
