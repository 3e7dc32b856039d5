// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.Role;
import org.osgi.framework.Filter;

/**
 * What a node that uses this one may do. What it may not use is, for it, not there.
 *
 * @param role what its callers may do at most; null when it is not let in
 * @param instruments which endpoints it may use; null for all
 */
record Permission(Role role, Filter instruments) {

  /** Everything a role may. */
  Permission(Role role) {
    this(role, null);
  }

  boolean letsIn() {
    return role != null;
  }

  boolean allows(Export export) {
    return instruments == null || instruments.matches(export.properties());
  }
}
