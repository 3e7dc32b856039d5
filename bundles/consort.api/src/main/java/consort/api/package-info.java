// SPDX-License-Identifier: Apache-2.0
/** Instruments as everybody sees them: values, calls, results, states and errors. */
@Export
@Version("1.0.0")
package consort.api;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
