// SPDX-License-Identifier: Apache-2.0
package consort.api.mesh;

import java.util.List;
import java.util.Map;

/**
 * What the configuration says of other nodes.
 *
 * @param peers the addresses of the nodes to be used
 * @param imports an LDAP filter on endpoints, empty for all
 * @param names the names instruments get here, by {@code NODE.NAME}; others keep theirs
 */
public record MeshPlan(List<String> peers, String imports, Map<String, String> names) {

  /** Copies. */
  public MeshPlan {
    peers = List.copyOf(peers);
    names = Map.copyOf(names);
  }
}
