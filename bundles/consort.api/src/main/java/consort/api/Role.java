// SPDX-License-Identifier: Apache-2.0
package consort.api;

/** What a caller may do; each role includes those before it. */
public enum Role {
  /** Reads. */
  OBSERVER,
  /** Reads and writes. */
  OPERATOR,
  /** Also starts, stops, restarts and updates. */
  ADMINISTRATOR;

  /** Whether this role includes the other. */
  public boolean includes(Role other) {
    return compareTo(other) >= 0;
  }
}
