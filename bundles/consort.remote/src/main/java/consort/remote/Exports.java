// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.ErrorCode;
import consort.api.Refused;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/** What this node offers, and who is told about it. Any thread. */
final class Exports {

  /** Is told of changes; must not wait. */
  interface Watcher {
    void added(Export export);

    void removed(Export export);
  }

  private final Lending lending;
  private final Map<String, Export> byTarget = new ConcurrentHashMap<>();
  private final Set<Watcher> watchers = ConcurrentHashMap.newKeySet();

  /**
   * Offers nothing yet.
   *
   * @param lending the leases of this node
   */
  Exports(Lending lending) {
    this.lending = lending;
  }

  /** The leases of this node that other nodes hold. */
  Lending lending() {
    return lending;
  }

  /** What is said of an instrument that is not offered. */
  static Refused unknown(String name) {
    return new Refused(
        ErrorCode.UNKNOWN_INSTRUMENT, "there is no instrument '" + name + "' for other nodes here");
  }

  /** Whether it was added: there is no other of that name and interface. */
  boolean add(Export export) {
    if (byTarget.size() >= Limits.ENDPOINTS
        || byTarget.putIfAbsent(export.target(), export) != null) {
      return false;
    }
    watchers.forEach(watcher -> watcher.added(export));
    return true;
  }

  void remove(Export export) {
    if (byTarget.remove(export.target(), export)) {
      watchers.forEach(watcher -> watcher.removed(export));
    }
  }

  /** The one of this target, or null. */
  Export get(String target) {
    return byTarget.get(target);
  }

  /** The names of those that a node may use, sorted. */
  List<String> instruments(Predicate<Export> may) {
    return all().stream()
        .filter(may)
        .map(export -> export.instrument().name())
        .distinct()
        .sorted()
        .toList();
  }

  Collection<Export> all() {
    return byTarget.values();
  }

  void watch(Watcher watcher) {
    watchers.add(watcher);
  }

  void unwatch(Watcher watcher) {
    watchers.remove(watcher);
  }
}
