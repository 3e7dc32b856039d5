// SPDX-License-Identifier: Apache-2.0
/** Who other nodes are, and how this one proves who it is. */
@Export
@Version("1.0.0")
package consort.api.security;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
