// SPDX-License-Identifier: Apache-2.0
package consort.api.link;

import consort.api.driver.Connection;
import org.osgi.annotation.versioning.ProviderType;

/** Opens links for one driver instance. */
@ProviderType
public interface Links {

  /**
   * A link over a connection. Nothing is opened before its first use, so this never waits.
   *
   * @throws consort.api.Refused when the connection's address or settings are wrong
   */
  Link open(Connection connection, LinkSettings settings);
}
