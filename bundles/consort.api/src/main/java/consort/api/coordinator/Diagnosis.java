// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import java.util.List;

/**
 * One page on why an instrument is, or is not, available.
 *
 * @param instrument its name
 * @param summary one sentence
 * @param facts what is known, in the order to be read
 */
public record Diagnosis(String instrument, String summary, List<Fact> facts) {

  /** Copies. */
  public Diagnosis {
    facts = List.copyOf(facts);
  }

  /** One line of the page. */
  public record Fact(String label, String text) {}
}
