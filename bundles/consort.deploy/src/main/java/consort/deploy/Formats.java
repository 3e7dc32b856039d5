// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import consort.api.deploy.DriverFormat;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.util.tracker.ServiceTracker;

/** Who reads files that are not jars; they come and go. Threadsafe. */
final class Formats {

  private final ServiceTracker<DriverFormat, DriverFormat> tracker;
  private volatile Runnable changed = () -> {};

  Formats(BundleContext context) {
    tracker =
        new ServiceTracker<>(context, DriverFormat.class, null) {
          @Override
          public DriverFormat addingService(ServiceReference<DriverFormat> reference) {
            DriverFormat service = super.addingService(reference);
            changed.run();
            return service;
          }
        };
  }

  /** Begins to look for them. */
  void open(Runnable onChange) {
    changed = onChange;
    tracker.open();
  }

  void close() {
    changed = () -> {};
    tracker.close();
  }

  /** What a definition is taken for that was referred to, whatever it is called. */
  static final String DEFINITION = "definition.yaml";

  /** What the name of a file of Lua ends with: an instrument made of others. */
  static final String LUA = ".lua";

  /** The name by which the format of a file is found that was referred to. */
  static String name(String path) {
    return path.endsWith(LUA) ? "definition" + LUA : DEFINITION;
  }

  /** The one that reads files of this name; null while there is none. */
  DriverFormat of(String name) {
    return tracker.getTracked().values().stream()
        .filter(f -> f.reads(name))
        .findFirst()
        .orElse(null);
  }

  /** Another number whenever one has come or gone. */
  int generation() {
    return tracker.getTrackingCount();
  }
}
