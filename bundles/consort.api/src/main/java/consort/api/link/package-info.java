// SPDX-License-Identifier: Apache-2.0
/** Open byte channels to hardware. */
@Export
@Version("1.0.0")
package consort.api.link;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
