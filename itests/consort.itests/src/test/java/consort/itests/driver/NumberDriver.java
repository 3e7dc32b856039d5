// SPDX-License-Identifier: Apache-2.0
package consort.itests.driver;

import consort.api.driver.Connectable;
import consort.api.driver.DriverFactory;
import consort.api.driver.Identity;
import consort.api.driver.InstrumentType;
import consort.api.driver.Setup;
import consort.api.link.Link;
import java.util.Dictionary;
import java.util.Hashtable;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** Asks over its link for a number, which the other side gives back. */
public final class NumberDriver implements BundleActivator, DriverFactory {

  /** What it can do. */
  @InstrumentType
  public interface Numbers {
    /** The number that came back. */
    int readNumber(int number);
  }

  @Override
  public void start(BundleContext context) {
    Dictionary<String, Object> properties = new Hashtable<>();
    properties.put(NAME, context.getBundle().getHeaders().get("Test-Driver"));
    context.registerService(DriverFactory.class, this, properties);
  }

  @Override
  public void stop(BundleContext context) {}

  @Override
  public Object create(Setup setup) {
    return new Asking(setup.textLink("\n"));
  }

  private static final class Asking implements Numbers, Connectable {
    private final Link link;

    Asking(Link link) {
      this.link = link;
    }

    @Override
    public Identity connect() {
      return Identity.parse(link.ask("*IDN?"));
    }

    @Override
    public int readNumber(int number) {
      return Integer.parseInt(link.ask("NUMBER? " + number));
    }
  }
}
