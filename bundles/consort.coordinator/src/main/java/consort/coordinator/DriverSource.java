// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.driver.DriverFactory;
import java.util.Comparator;
import java.util.function.Supplier;
import org.osgi.framework.Version;

/** A factory that is, or was, installed. */
final class DriverSource {

  /** The newest first: by version, then by bundle. */
  static final Comparator<DriverSource> NEWEST_FIRST =
      Comparator.comparing(DriverSource::version).thenComparing(DriverSource::bundleId).reversed();

  private final String name;
  private final Version version;
  private final String bundle;
  private final long bundleId;
  private volatile Supplier<DriverFactory> factory;

  /**
   * A factory that is installed.
   *
   * @param name the name of the driver
   * @param version the version of its bundle
   * @param bundle the symbolic name of its bundle
   * @param bundleId the id of its bundle
   * @param factory gets the factory
   */
  DriverSource(
      String name, Version version, String bundle, long bundleId, Supplier<DriverFactory> factory) {
    this.name = name;
    this.version = version;
    this.bundle = bundle;
    this.bundleId = bundleId;
    this.factory = factory;
  }

  String name() {
    return name;
  }

  Version version() {
    return version;
  }

  String bundle() {
    return bundle;
  }

  long bundleId() {
    return bundleId;
  }

  /** The factory, null when it is gone; may run code of its bundle: only on a driver's thread. */
  DriverFactory factory() {
    Supplier<DriverFactory> present = factory;
    return present == null ? null : present.get();
  }

  /** It is gone: whoever still knows this source keeps nothing of its bundle alive. */
  void forget() {
    factory = null;
  }

  boolean isGone() {
    return factory == null;
  }

  /** Whether the version fits a pin: all parts that the pin has are equal; null fits all. */
  boolean fits(String pin) {
    return pin == null || (version + ".").startsWith(pin + ".");
  }

  @Override
  public String toString() {
    return name + " " + version;
  }
}
