// SPDX-License-Identifier: Apache-2.0
package consort.discovery;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What other nodes offer, by the names that it would have here, and what was decided about it. A
 * change is decided about together with what has the same name, and with nothing else. For one
 * thread.
 */
final class Offers {

  private final Policy policy;

  /** By id and the way it was found: it is there until the last of them loses it. */
  private final Map<String, Map<String, Offer>> found = new HashMap<>();

  private final Map<String, Name> names = new HashMap<>();
  private final Set<Name> undecided = new LinkedHashSet<>();

  /** The offers of one name, who came first first. */
  private static final class Name {
    final String name;
    final Map<String, Offer> offers = new LinkedHashMap<>();
    Map<String, Policy.Decision> decided = Map.of();
    boolean own;

    Name(String name) {
      this.name = name;
    }
  }

  /** An endpoint, and what was decided about it. */
  record Decided(String id, Policy.Decision decision) {}

  /**
   * What is different.
   *
   * @param past what was decided and no longer holds
   * @param present what holds now
   */
  record Changes(List<Decided> past, List<Decided> present) {

    private Changes() {
      this(new ArrayList<>(), new ArrayList<>());
    }
  }

  Offers(Policy policy) {
    this.policy = policy;
  }

  /** An endpoint was found in some way. The first way counts as long as it lasts. */
  void put(String way, Offer offer) {
    Map<String, Offer> ways = found.computeIfAbsent(offer.id(), id -> new LinkedHashMap<>(2));
    Offer before = ways.isEmpty() ? null : ways.values().iterator().next();
    ways.put(way, offer);
    replace(before, ways.values().iterator().next());
  }

  void remove(String way, String id) {
    Map<String, Offer> ways = found.get(id);
    if (ways == null) {
      return;
    }
    Offer before = ways.values().iterator().next();
    ways.remove(way);
    if (ways.isEmpty()) {
      found.remove(id);
    }
    replace(before, ways.isEmpty() ? null : ways.values().iterator().next());
  }

  private void replace(Offer before, Offer now) {
    if (before == now) {
      return;
    }
    Name nameBefore = before == null ? null : names.get(policy.name(before));
    Name nameNow = now == null ? null : names.computeIfAbsent(policy.name(now), Name::new);
    if (nameBefore != null && nameBefore != nameNow) {
      nameBefore.offers.remove(before.id());
      undecided.add(nameBefore);
    }
    if (nameNow != null) {
      nameNow.offers.put(now.id(), now);
      undecided.add(nameNow);
    }
  }

  /** Looks whether names of this node's own instruments, or packages, have come or gone. */
  void look() {
    if (policy.packagesChanged()) {
      undecided.addAll(names.values());
    }
    for (Name name : names.values()) {
      if (policy.owns(name.name) != name.own) {
        undecided.add(name);
      }
    }
  }

  /** Decides about what has changed since it was asked before. */
  Changes decide() {
    Changes changes = new Changes();
    for (Name name : undecided) {
      name.own = policy.owns(name.name);
      Map<String, Policy.Decision> now = new LinkedHashMap<>();
      policy
          .decide(name.offers.values())
          .forEach((offer, decision) -> now.put(offer.id(), decision));
      name.decided.forEach(
          (id, decision) -> {
            if (!decision.equals(now.get(id))) {
              changes.past().add(new Decided(id, decision));
            }
          });
      now.forEach(
          (id, decision) -> {
            if (!decision.equals(name.decided.get(id))) {
              changes.present().add(new Decided(id, decision));
            }
          });
      name.decided = now;
      if (name.offers.isEmpty()) {
        names.remove(name.name);
      }
    }
    undecided.clear();
    return changes;
  }
}
