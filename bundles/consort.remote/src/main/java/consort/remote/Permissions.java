// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import java.util.Map;

/**
 * What the nodes that use this one may do.
 *
 * @param others what those may do that are not named
 * @param named what single nodes may do, by the name that their certificate proves
 */
record Permissions(Permission others, Map<String, Permission> named) {

  /** Copies. */
  Permissions {
    named = Map.copyOf(named);
  }

  /**
   * What a node may do.
   *
   * @param proven the name that it proved, empty where nothing is proven
   */
  Permission of(String proven) {
    return named.getOrDefault(proven, others);
  }

  /** Whether anybody is let in. */
  boolean letAnybodyIn() {
    return others.letsIn() || named.values().stream().anyMatch(Permission::letsIn);
  }
}
