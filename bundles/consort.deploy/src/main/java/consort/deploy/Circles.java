// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.Requirement;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;

/** Finds instruments that require each other. */
final class Circles {

  private Circles() {}

  /** The shortest way from an instrument over what it requires back to itself; empty for none. */
  static List<String> of(String name, Map<String, InstrumentSpec> all) {
    Map<String, String> cameFrom = new LinkedHashMap<>();
    Deque<String> next = new ArrayDeque<>(List.of(name));
    while (!next.isEmpty()) {
      String here = next.poll();
      InstrumentSpec spec = all.get(here);
      List<Requirement> requires = spec == null ? List.of() : spec.requires();
      for (Requirement requirement : requires) {
        String other = requirement.instrument();
        if (other.equals(name)) {
          return way(name, here, cameFrom);
        }
        if (!cameFrom.containsKey(other)) {
          cameFrom.put(other, here);
          next.add(other);
        }
      }
    }
    return List.of();
  }

  private static List<String> way(String name, String last, Map<String, String> cameFrom) {
    LinkedList<String> way = new LinkedList<>(List.of(name));
    for (String at = last; !at.equals(name); at = cameFrom.get(at)) {
      way.addFirst(at);
    }
    way.addFirst(name);
    return way;
  }
}
