// SPDX-License-Identifier: Apache-2.0
/** The instruments of a node and what keeps them running. */
@Export
@Version("1.0.0")
package consort.api.coordinator;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
