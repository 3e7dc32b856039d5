// SPDX-License-Identifier: Apache-2.0
package consort.itests.driver;

import consort.api.Instrument;
import consort.api.typed.TypedView;
import java.util.Dictionary;
import java.util.Hashtable;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;

/** Exports the instruments of its framework under an interface that its bundle has. */
public final class Views implements BundleActivator {

  @Override
  public void start(BundleContext context) throws Exception {
    Class<?> type = Class.forName(context.getBundle().getHeaders().get("Test-Type"));
    String filter = context.getBundle().getHeaders().get("Test-Filter");
    for (ServiceReference<Instrument> found :
        context.getServiceReferences(Instrument.class, filter)) {
      Dictionary<String, Object> properties = new Hashtable<>();
      properties.put(Instrument.NAME, found.getProperty(Instrument.NAME));
      properties.put("consort.node", found.getProperty("consort.node"));
      properties.put("service.exported.interfaces", type.getName());
      Object view = TypedView.of(context.getService(found), type);
      context.registerService(type.getName(), view, properties);
    }
  }

  @Override
  public void stop(BundleContext context) {}
}
