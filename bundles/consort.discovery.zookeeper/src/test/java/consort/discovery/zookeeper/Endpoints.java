// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.osgi.service.remoteserviceadmin.EndpointDescription;

/** Endpoints as a node exports them. */
final class Endpoints {

  private Endpoints() {}

  static String id(String node, String instrument) {
    return "tcp://127.0.0.1:8600#" + node + "_" + instrument + "#consort.api.Instrument";
  }

  static Announcement of(String node, String instrument) {
    return of(node, instrument, Map.of());
  }

  static Announcement of(String node, String instrument, Map<String, Object> more) {
    return Announcement.of(description(node, instrument, more), Computer.id());
  }

  static EndpointDescription description(String node, String instrument, Map<String, Object> more) {
    Map<String, Object> properties = new HashMap<>();
    properties.put("endpoint.id", id(node, instrument));
    properties.put("endpoint.framework.uuid", "uuid-of-" + node);
    properties.put("endpoint.service.id", 42L);
    properties.put("endpoint.package.version.consort.api", "1.0.0");
    properties.put("objectClass", new String[] {"consort.api.Instrument"});
    properties.put("service.imported.configs", new String[] {"consort.tcp"});
    properties.put("service.intents", List.of("osgi.basic", "osgi.async"));
    properties.put("consort.node", node);
    properties.put("consort.instrument", instrument);
    properties.put("service.ranking", 7);
    properties.put("not.plain", new Object());
    properties.putAll(more);
    return new EndpointDescription(properties);
  }
}
