// SPDX-License-Identifier: Apache-2.0
/**
 * Typed instrument interfaces, named after the IVI classes. A driver implements those that its
 * hardware is; narrower limits of a model stand on the driver's methods.
 */
@Export
@Version("1.0.0")
package consort.instruments;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
