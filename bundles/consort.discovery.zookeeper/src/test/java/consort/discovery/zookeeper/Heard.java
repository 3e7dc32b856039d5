// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** What one node hears of others. */
final class Heard implements Laboratory.Listener {

  final Map<String, Announcement> now = new ConcurrentHashMap<>();
  final List<String> history = new CopyOnWriteArrayList<>();

  @Override
  public void announced(Announcement endpoint) {
    now.put(endpoint.id(), endpoint);
    history.add("+" + endpoint.id());
  }

  @Override
  public void withdrawn(String id) {
    now.remove(id);
    history.add("-" + id);
  }
}
