// SPDX-License-Identifier: Apache-2.0
/** Measurements in Lua, jobs, and the arrays they leave behind. */
@Export
@Version("1.0.0")
package consort.api.script;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
