// SPDX-License-Identifier: Apache-2.0
/** The other nodes, whose instruments are used as if they were here. */
@Export
@Version("1.1.0")
package consort.api.mesh;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
