// SPDX-License-Identifier: Apache-2.0
package consort.api.mesh;

import java.time.Instant;
import java.util.List;

/**
 * Another node as this one sees it.
 *
 * @param name its name, empty as long as it never answered
 * @param address where it is looked for
 * @param connected whether it answers now
 * @param since when that began
 * @param text why it does not answer, empty when it does
 * @param instruments the instruments it offers, sorted by their names there
 */
public record NodeStatus(
    String name,
    String address,
    boolean connected,
    Instant since,
    String text,
    List<String> instruments) {

  /** Copies. */
  public NodeStatus {
    instruments = List.copyOf(instruments);
  }
}
