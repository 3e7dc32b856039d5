// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import java.util.List;

/**
 * An installed driver: one factory of one bundle.
 *
 * @param name the name of the driver
 * @param version the version of its bundle
 * @param bundle the symbolic name of its bundle
 * @param bundleId the id of its bundle in this framework
 * @param instruments the names of the instruments whose driver instance comes from it
 */
public record DriverStatus(
    String name, String version, String bundle, long bundleId, List<String> instruments) {}
