// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.driver.DriverFactory;
import java.util.Comparator;
import java.util.function.Supplier;
import org.osgi.framework.Version;

/**
 * A factory that is installed.
 *
 * @param name the name of the driver
 * @param version the version of its bundle
 * @param bundle the symbolic name of its bundle
 * @param bundleId the id of its bundle
 * @param factory gets the factory; may run code of the bundle, so only on a driver's thread
 */
record DriverSource(
    String name, Version version, String bundle, long bundleId, Supplier<DriverFactory> factory) {

  /** The newest first: by version, then by bundle. */
  static final Comparator<DriverSource> NEWEST_FIRST =
      Comparator.comparing(DriverSource::version).thenComparing(DriverSource::bundleId).reversed();

  /** Whether the version fits a pin: all parts that the pin has are equal; null fits all. */
  boolean fits(String pin) {
    return pin == null || (version + ".").startsWith(pin + ".");
  }

  @Override
  public String toString() {
    return name + " " + version;
  }
}
