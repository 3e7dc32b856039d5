// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.api.driver.DriverFactory;
import java.io.IOException;
import java.util.Map;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.namespace.extender.ExtenderNamespace;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.util.tracker.BundleTracker;
import org.osgi.util.tracker.BundleTrackerCustomizer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers the driver factory of each bundle with a definition, while it is active, in the name of
 * that bundle: to everybody else it is a driver bundle as any other. Runs on the threads that start
 * and stop such bundles.
 */
@Component(service = {})
@Capability(
    namespace = ExtenderNamespace.EXTENDER_NAMESPACE,
    name = DefinitionBundle.EXTENDER,
    version = "1.0.0")
public final class DefinitionExtender
    implements BundleTrackerCustomizer<ServiceRegistration<DriverFactory>> {

  private static final Logger LOG = LoggerFactory.getLogger(DefinitionExtender.class);

  private final DefinitionReader reader = new DefinitionReader();
  private final BundleTracker<ServiceRegistration<DriverFactory>> tracker;

  @Activate
  public DefinitionExtender(BundleContext context) {
    tracker = new BundleTracker<>(context, Bundle.ACTIVE, this);
    tracker.open();
  }

  /** Unregisters all. */
  @Deactivate
  public void close() {
    tracker.close();
  }

  @Override
  public ServiceRegistration<DriverFactory> addingBundle(Bundle bundle, BundleEvent event) {
    String driver = DefinitionBundle.driver(bundle);
    BundleContext context = bundle.getBundleContext();
    if (driver == null || context == null) {
      return null;
    }
    try {
      DefinitionReader.Reading reading =
          reader.read(bundle.getSymbolicName(), DefinitionBundle.definition(bundle));
      if (reading.definition() == null) {
        LOG.error("{} has no usable definition: {}", bundle, reading.findings());
        return null;
      }
      return context.registerService(
          DriverFactory.class,
          new DefinedFactory(reading.definition()),
          FrameworkUtil.asDictionary(Map.of(DriverFactory.NAME, driver)));
    } catch (IOException e) {
      LOG.error("{} has no usable definition", bundle, e);
      return null;
    } catch (IllegalStateException e) {
      LOG.debug("{} was stopped meanwhile", bundle, e);
      return null;
    }
  }

  @Override
  public void modifiedBundle(
      Bundle bundle, BundleEvent event, ServiceRegistration<DriverFactory> registration) {
    // it stays active, so nothing changes
  }

  @Override
  public void removedBundle(
      Bundle bundle, BundleEvent event, ServiceRegistration<DriverFactory> registration) {
    try {
      registration.unregister();
    } catch (IllegalStateException e) {
      // the framework was quicker: a bundle that stops takes its services along
      LOG.trace("{} has no service any more", bundle, e);
    }
  }
}
