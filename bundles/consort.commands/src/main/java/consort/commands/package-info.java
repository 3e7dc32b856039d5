// SPDX-License-Identifier: Apache-2.0
/** The operator's commands: one implementation for RPC, command line and shell. */
@Export
@Version("1.0.0")
package consort.commands;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
