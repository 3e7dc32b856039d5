// SPDX-License-Identifier: Apache-2.0
package consort.discovery;

import consort.api.Instrument;
import java.util.Map;

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

  /** Whether both are endpoints of one instrument. */
  boolean sameInstrument(Offer other) {
    return address.equals(other.address) && instrument().equals(other.instrument());
  }
}
