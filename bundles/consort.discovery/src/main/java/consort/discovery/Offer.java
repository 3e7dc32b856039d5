// SPDX-License-Identifier: Apache-2.0
package consort.discovery;

import consort.api.Instrument;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.osgi.framework.Constants;

/**
 * An endpoint that another node offers.
 *
 * @param address where the node was found
 * @param id the id of the endpoint
 * @param properties its properties
 */
record Offer(String address, String id, Map<String, Object> properties) {

  /** The name of the instrument there. */
  String instrument() {
    return String.valueOf(properties.get(Instrument.NAME));
  }

  /** The name of the node. */
  String node() {
    Object node = properties.get("consort.node");
    return node == null ? address : node.toString();
  }

  /** Its interfaces. */
  List<String> types() {
    return types(properties);
  }

  /** The interfaces that properties name, as they came from another node. */
  static List<String> types(Map<String, Object> properties) {
    Object types = properties.get(Constants.OBJECTCLASS);
    return types instanceof Collection<?> many
        ? many.stream().map(String::valueOf).toList()
        : List.of();
  }

  /** Whether both are endpoints of one instrument. */
  boolean sameInstrument(Offer other) {
    return address.equals(other.address) && instrument().equals(other.instrument());
  }
}
