// SPDX-License-Identifier: Apache-2.0
/** What turns files into drivers and instruments. */
@Export
@Version("1.0.0")
package consort.api.deploy;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
