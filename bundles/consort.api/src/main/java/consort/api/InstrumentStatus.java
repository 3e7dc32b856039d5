// SPDX-License-Identifier: Apache-2.0
package consort.api;

import consort.api.driver.Identity;
import java.time.Instant;
import java.util.List;

/**
 * The state of an instrument at one moment.
 *
 * @param name its name
 * @param state its state
 * @param reason why it is offline or at fault, else {@link Reason#NONE}
 * @param text the reason in words, may be empty
 * @param since when it entered the state
 * @param driver the name of its driver
 * @param driverVersion the version of the bundle its driver instance comes from, empty for none
 * @param identity what the hardware says it is; {@link Identity#UNKNOWN} before it was asked
 * @param connection the connection as configured, for people
 * @param waiting the number of calls in its queue
 * @param stuckThreads the number of threads that a driver of it never gave back
 * @param counts the calls so far
 * @param labels the labels of its configuration, as {@code key=value}
 */
public record InstrumentStatus(
    String name,
    State state,
    Reason reason,
    String text,
    Instant since,
    String driver,
    String driverVersion,
    Identity identity,
    String connection,
    int waiting,
    int stuckThreads,
    CallCounts counts,
    List<String> labels) {

  /** State and reason in one word for tables: {@code OFFLINE(no driver)}. */
  public String stateText() {
    return reason == Reason.NONE ? state.name() : state + "(" + reason.text() + ")";
  }
}
