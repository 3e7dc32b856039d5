// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What stands on the pages of other nodes. An endpoint may stand on several, as when its node was
 * killed and runs again before its session has ended: the page that was written last counts. For
 * one thread.
 */
final class Catalogue {

  /** How many endpoints are kept. */
  static final int MOST = 100_000;

  private final Laboratory.Listener listener;
  private final int most;
  private final Map<String, Read> pages = new HashMap<>();
  private final Map<String, Set<String>> pagesOf = new HashMap<>();
  private final Map<String, Announcement> told = new HashMap<>();
  private int count;

  /** A page, and what counts the changes of all of ZooKeeper at the one that wrote it. */
  private record Read(long change, Map<String, Announcement> endpoints) {
    static final Read NOTHING = new Read(0, Map.of());
  }

  Catalogue(Laboratory.Listener listener) {
    this(listener, MOST);
  }

  Catalogue(Laboratory.Listener listener, int most) {
    this.listener = listener;
    this.most = most;
  }

  /** Tells what a page changes; whether there was room for all of it. */
  boolean put(String path, long change, Collection<Announcement> endpoints) {
    Map<String, Announcement> now = new LinkedHashMap<>();
    int others = count - pages.getOrDefault(path, Read.NOTHING).endpoints().size();
    for (Announcement endpoint : endpoints) {
      if (others + now.size() < most || now.containsKey(endpoint.id())) {
        now.put(endpoint.id(), endpoint);
      }
    }
    replace(path, new Read(change, now));
    return endpoints.stream().allMatch(endpoint -> now.containsKey(endpoint.id()));
  }

  void remove(String path) {
    replace(path, Read.NOTHING);
  }

  private void replace(String path, Read now) {
    Read before = pages.getOrDefault(path, Read.NOTHING);
    if (now.endpoints().isEmpty()) {
      pages.remove(path);
    } else {
      pages.put(path, now);
    }
    count += now.endpoints().size() - before.endpoints().size();
    for (String id : before.endpoints().keySet()) {
      if (!now.endpoints().containsKey(id)) {
        pagesOf.computeIfPresent(
            id,
            (key, all) -> {
              all.remove(path);
              return all.isEmpty() ? null : all;
            });
        tell(id);
      }
    }
    for (String id : now.endpoints().keySet()) {
      pagesOf.computeIfAbsent(id, key -> new LinkedHashSet<>(2)).add(path);
      tell(id);
    }
  }

  private void tell(String id) {
    Read newest = Read.NOTHING;
    for (String path : pagesOf.getOrDefault(id, Set.of())) {
      Read page = pages.get(path);
      newest = page.change() >= newest.change() ? page : newest;
    }
    Announcement now = newest.endpoints().get(id);
    Announcement before = now == null ? told.remove(id) : told.put(id, now);
    if (Objects.equals(before, now)) {
      return;
    }
    if (now == null) {
      listener.withdrawn(id);
    } else {
      listener.announced(now);
    }
  }
}
