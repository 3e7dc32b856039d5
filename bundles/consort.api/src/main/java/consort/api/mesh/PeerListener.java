// SPDX-License-Identifier: Apache-2.0
package consort.api.mesh;

import java.util.Map;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Is told what another node offers, one call at a time, on a thread that may be held up. The OSGi
 * service of this type takes what discoveries find; what is imported of it, and under which name,
 * is decided as for all other nodes.
 */
@ConsumerType
public interface PeerListener {

  /**
   * The node offers an endpoint.
   *
   * @param endpoint its properties as remote services define them; text, numbers, booleans and
   *     lists of text
   */
  void offered(Map<String, Object> endpoint);

  /**
   * The node no longer offers an endpoint, or is not connected any more.
   *
   * @param id the {@code endpoint.id}
   */
  void withdrawn(String id);
}
