// SPDX-License-Identifier: Apache-2.0
package consort.api;

import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/** Tells who presents a token. An OSGi service; every face asks it and none keeps tokens itself. */
@ProviderType
public interface Authenticator {

  /**
   * The caller a token belongs to; takes equally long for a wrong token as for a right one.
   *
   * @param token what the client presents
   * @param face the face it comes through, which becomes {@link Caller#face}
   * @return empty when nobody has that token
   */
  Optional<Caller> authenticate(String token, String face);
}
