// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.Instrument;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Filter;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.remoteserviceadmin.ExportRegistration;
import org.osgi.service.remoteserviceadmin.RemoteConstants;
import org.osgi.service.remoteserviceadmin.RemoteServiceAdmin;
import org.osgi.util.tracker.ServiceTracker;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Exports the instruments that are marked for it, and those that a filter of the node names.
 *
 * <p>The topology manager exports what is marked as well, and shares the endpoint. But what is
 * registered while a {@link RemoteServiceAdmin} comes, it (1.16.1) may lose: it reads on one thread
 * what another one changes.
 */
final class NodeExports implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(NodeExports.class);

  private final BundleContext context;
  private final Filter wanted;
  private final ServiceTracker<RemoteServiceAdmin, Exporter> admins;

  /**
   * Exports nothing yet.
   *
   * @param instruments which instruments beside those that are marked; empty for none
   */
  NodeExports(BundleContext context, String instruments) {
    this.context = context;
    this.wanted =
        filter(
            "(&("
                + Instrument.NAME
                + "=*)(!("
                + RemoteConstants.SERVICE_IMPORTED
                + "=*))(|("
                + RemoteConstants.SERVICE_EXPORTED_INTERFACES
                + "=*)"
                + instruments
                + "))");
    Filter ours =
        filter(
            "(&(objectClass="
                + RemoteServiceAdmin.class.getName()
                + ")("
                + RemoteConstants.REMOTE_CONFIGS_SUPPORTED
                + "="
                + InstrumentProvider.CONFIG
                + "))");
    this.admins =
        new ServiceTracker<>(context, ours, null) {
          @Override
          public Exporter addingService(ServiceReference<RemoteServiceAdmin> reference) {
            Exporter exporter = new Exporter(context.getService(reference));
            exporter.open();
            return exporter;
          }

          @Override
          public void removedService(
              ServiceReference<RemoteServiceAdmin> reference, Exporter exporter) {
            exporter.close();
            context.ungetService(reference);
          }
        };
  }

  private static Filter filter(String text) {
    try {
      return FrameworkUtil.createFilter(text);
    } catch (InvalidSyntaxException e) {
      throw new IllegalStateException("the settings have checked it", e);
    }
  }

  void open() {
    admins.open();
  }

  @Override
  public void close() {
    admins.close();
  }

  /** Exports through one of those who do. */
  private final class Exporter extends ServiceTracker<Object, Collection<ExportRegistration>> {
    private final RemoteServiceAdmin admin;

    Exporter(RemoteServiceAdmin admin) {
      super(NodeExports.this.context, wanted, null);
      this.admin = admin;
    }

    @Override
    public Collection<ExportRegistration> addingService(ServiceReference<Object> reference) {
      boolean marked = reference.getProperty(RemoteConstants.SERVICE_EXPORTED_INTERFACES) != null;
      // What is marked is exported just as the topology manager does, or it would not be shared.
      Map<String, String> more =
          marked
              ? Map.of()
              : Map.of(
                  RemoteConstants.SERVICE_EXPORTED_INTERFACES,
                  "*",
                  RemoteConstants.SERVICE_EXPORTED_CONFIGS,
                  InstrumentProvider.CONFIG);
      try {
        return admin.exportService(reference, more);
      } catch (IllegalArgumentException e) {
        LOG.warn("{} is not exported: {}", reference, e.getMessage());
        return List.of();
      }
    }

    @Override
    public void removedService(
        ServiceReference<Object> reference, Collection<ExportRegistration> exported) {
      exported.forEach(ExportRegistration::close);
    }
  }
}
