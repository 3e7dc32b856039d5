// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** What this node offers, and who is told about it. Any thread. */
final class Exports {

  /** Is told of changes; must not wait. */
  interface Watcher {
    void added(Export export);

    void removed(Export export);
  }

  private final Map<String, Export> byTarget = new ConcurrentHashMap<>();
  private final Set<Watcher> watchers = ConcurrentHashMap.newKeySet();

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
