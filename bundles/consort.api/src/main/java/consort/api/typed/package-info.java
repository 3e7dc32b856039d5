// SPDX-License-Identifier: Apache-2.0
/** The bridge between Java interfaces and commands: one is derived from the other, both ways. */
@Export
@Version("1.0.0")
package consort.api.typed;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
