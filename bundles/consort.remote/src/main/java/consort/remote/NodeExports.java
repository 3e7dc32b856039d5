// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.Instrument;
import java.util.Collection;
import java.util.Map;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.remoteserviceadmin.ExportRegistration;
import org.osgi.service.remoteserviceadmin.RemoteConstants;
import org.osgi.service.remoteserviceadmin.RemoteServiceAdmin;
import org.osgi.util.tracker.ServiceTracker;

/** Exports the instruments that a filter of the node names, beside those whose file says so. */
final class NodeExports implements AutoCloseable {

  private final BundleContext context;
  private final String filter;
  private final ServiceTracker<RemoteServiceAdmin, Exporter> admins;

  NodeExports(BundleContext context, String filter) {
    this.context = context;
    this.filter =
        "(&("
            + Instrument.NAME
            + "=*)(!("
            + RemoteConstants.SERVICE_IMPORTED
            + "=*))(!("
            + RemoteConstants.SERVICE_EXPORTED_INTERFACES
            + "=*))"
            + filter
            + ")";
    this.admins =
        new ServiceTracker<>(context, RemoteServiceAdmin.class, null) {
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
      super(NodeExports.this.context, filter(), null);
      this.admin = admin;
    }

    @Override
    public Collection<ExportRegistration> addingService(ServiceReference<Object> reference) {
      return admin.exportService(
          reference,
          Map.of(
              RemoteConstants.SERVICE_EXPORTED_INTERFACES,
              "*",
              RemoteConstants.SERVICE_EXPORTED_CONFIGS,
              InstrumentProvider.CONFIG));
    }

    @Override
    public void removedService(
        ServiceReference<Object> reference, Collection<ExportRegistration> exported) {
      exported.forEach(ExportRegistration::close);
    }
  }

  private org.osgi.framework.Filter filter() {
    try {
      return FrameworkUtil.createFilter(filter);
    } catch (InvalidSyntaxException e) {
      throw new IllegalStateException("the settings have checked it", e);
    }
  }
}
