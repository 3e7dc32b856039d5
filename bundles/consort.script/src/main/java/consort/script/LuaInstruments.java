// SPDX-License-Identifier: Apache-2.0
package consort.script;

import consort.api.deploy.DriverFormat;
import consort.api.deploy.Finding;
import consort.api.driver.DriverFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.luaj.vm2.LuaError;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.util.tracker.BundleTracker;
import org.osgi.util.tracker.BundleTrackerCustomizer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Composite instruments: a file of Lua becomes a driver bundle, whose factory is registered in the
 * name of that bundle while it is active. Nothing of Lua is loaded before there is such a file.
 */
@Component(service = DriverFormat.class, immediate = true)
@Capability(namespace = "osgi.extender", name = CompositeBundle.EXTENDER, version = "1.0.0")
public final class LuaInstruments
    implements DriverFormat, BundleTrackerCustomizer<ServiceRegistration<DriverFactory>> {

  private static final Logger LOG = LoggerFactory.getLogger(LuaInstruments.class);
  private static final Pattern PLACE = Pattern.compile("(?s)[^\\n]*?:(\\d+): (.*)");

  private final BundleContext context;
  private final ServiceReference<LuaScripts> scripts;
  private final BundleTracker<ServiceRegistration<DriverFactory>> tracker;

  /** Begins to look for such bundles. */
  @Activate
  public LuaInstruments(
      BundleContext context,
      @Reference(service = LuaScripts.class) ServiceReference<LuaScripts> scripts) {
    this.context = context;
    this.scripts = scripts;
    tracker = new BundleTracker<>(context, Bundle.ACTIVE, this);
    tracker.open();
  }

  /** Unregisters all. */
  @Deactivate
  public void close() {
    tracker.close();
  }

  private LuaScripts scripts() {
    LuaScripts service = context.getService(scripts);
    if (service == null) {
      throw new LuaError("the node runs no scripts any more");
    }
    return service;
  }

  private Path folder() {
    return LuaScripts.home(context).resolve("instruments");
  }

  @Override
  public boolean reads(String fileName) {
    return fileName.endsWith(".lua");
  }

  @Override
  public Converted convert(String shown, byte[] bytes, String driver) {
    String file = Path.of(shown).getFileName().toString();
    String name = driver == null ? file.substring(0, file.length() - ".lua".length()) : driver;
    try {
      Composite composite =
          CompositeDriver.read(scripts(), new Sandbox.Source(file, bytes.clone()), folder());
      return new Converted(
          List.of(),
          name,
          composite.version(),
          CompositeBundle.jar(name, composite.version(), file, bytes));
    } catch (LuaError e) {
      return new Converted(List.of(finding(shown, String.valueOf(e.getMessage()))), name, "", null);
    }
  }

  /** The engine says file and line in its message. */
  private static Finding finding(String shown, String message) {
    Matcher place = PLACE.matcher(message);
    return place.matches()
        ? new Finding(shown, Integer.parseInt(place.group(1)), 0, true, place.group(2))
        : new Finding(shown, 0, 0, true, message);
  }

  @Override
  public ServiceRegistration<DriverFactory> addingBundle(Bundle bundle, BundleEvent event) {
    String driver = CompositeBundle.driver(bundle);
    BundleContext its = bundle.getBundleContext();
    if (driver == null || its == null) {
      return null;
    }
    try {
      Sandbox.Source source = CompositeBundle.source(bundle);
      DriverFactory factory =
          setup ->
              new CompositeDriver(
                  setup.instrument(),
                  scripts(),
                  new Sandbox.Source(source.name(), source.text().clone()),
                  folder());
      return its.registerService(
          DriverFactory.class,
          factory,
          FrameworkUtil.asDictionary(Map.of(DriverFactory.NAME, driver)));
    } catch (IOException e) {
      LOG.error("{} has no usable file", bundle, e);
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
