// SPDX-License-Identifier: Apache-2.0
/** What a driver is made of. */
@Export
@Version("1.0.0")
package consort.api.driver;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
