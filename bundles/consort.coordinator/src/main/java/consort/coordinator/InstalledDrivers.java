// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.coordinator.DriverStatus;
import consort.api.driver.DriverFactory;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;

/** The drivers that are installed, as the service registry has them. */
final class InstalledDrivers {

  private final BundleContext context;
  private final Map<ServiceReference<DriverFactory>, DriverSource> sources =
      new ConcurrentHashMap<>();

  InstalledDrivers(BundleContext context) {
    this.context = context;
  }

  /** A factory appears; null when it does not say what its driver is called. */
  DriverSource add(ServiceReference<DriverFactory> reference) {
    Bundle bundle = reference.getBundle();
    if (bundle == null || !(reference.getProperty(DriverFactory.NAME) instanceof String name)) {
      return null;
    }
    DriverSource source =
        new DriverSource(
            name,
            bundle.getVersion(),
            bundle.getSymbolicName(),
            bundle.getBundleId(),
            () -> context.getService(reference));
    sources.put(reference, source);
    return source;
  }

  /**
   * A factory goes, and with it what shares its time: the drivers of a bundle that stops, and all
   * drivers of a node that ends.
   *
   * @return those that went, a set that null may be looked up in; empty when it was gone already
   */
  Set<DriverSource> remove(ServiceReference<DriverFactory> reference) {
    DriverSource source = sources.get(reference);
    if (source == null) {
      return new HashSet<>();
    }
    Set<DriverSource> going = new HashSet<>(Set.of(source));
    if (stops(0)) {
      going.addAll(sources.values());
    } else if (stops(source.bundleId())) {
      sources.values().stream()
          .filter(other -> other.bundleId() == source.bundleId())
          .forEach(going::add);
    }
    sources.values().removeAll(going);
    return going;
  }

  private boolean stops(long bundleId) {
    Bundle bundle = context.getBundle(bundleId);
    return bundle != null && bundle.getState() == Bundle.STOPPING;
  }

  /** All of them, in no order. */
  Collection<DriverSource> all() {
    return sources.values();
  }

  /** Those of a name, the newest first. */
  List<DriverSource> named(String name) {
    return sources.values().stream()
        .filter(source -> source.name().equals(name))
        .sorted(DriverSource.NEWEST_FIRST)
        .toList();
  }

  /** What people see of them, and who of these uses each. */
  List<DriverStatus> status(Collection<Guard> guards) {
    return sources.values().stream()
        .sorted(Comparator.comparing(DriverSource::name).thenComparing(DriverSource.NEWEST_FIRST))
        .map(
            source ->
                new DriverStatus(
                    source.name(),
                    source.version().toString(),
                    source.bundle(),
                    source.bundleId(),
                    guards.stream().filter(g -> g.source() == source).map(Guard::name).toList()))
        .toList();
  }
}
