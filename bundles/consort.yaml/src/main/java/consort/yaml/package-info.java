// SPDX-License-Identifier: Apache-2.0
/** Reads YAML files strictly, knows where everything stands, and judges it by a JSON Schema. */
@Export
@Version("1.0.0")
package consort.yaml;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
