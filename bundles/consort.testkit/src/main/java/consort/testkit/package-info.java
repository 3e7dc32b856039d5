// SPDX-License-Identifier: Apache-2.0
/** What tests of drivers and of the runtime stand on. */
@Export
@Version("1.0.0")
package consort.testkit;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
