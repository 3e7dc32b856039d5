// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import consort.api.CommandInfo;
import consort.api.InstrumentInfo;
import consort.api.ValueType;
import consort.api.driver.Connectable;
import consort.api.driver.Driver;
import consort.api.driver.DriverFactory;
import consort.api.driver.Handover;
import consort.api.driver.Identity;
import consort.api.driver.SavedState;
import consort.api.driver.Setup;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** A driver that costs nothing, loaded by the bundles that are exchanged. */
public final class SwapDriver implements BundleActivator, DriverFactory {

  @Override
  public void start(BundleContext context) {
    String name = context.getBundle().getSymbolicName();
    context.registerService(
        DriverFactory.class, this, new Hashtable<>(Map.of(DriverFactory.NAME, name)));
  }

  @Override
  public void stop(BundleContext context) {}

  @Override
  public Object create(Setup setup) {
    return setup.instrument().startsWith("STATE") ? new Stateful() : new Plain();
  }

  private static class Plain implements Driver, Connectable {
    @Override
    public InstrumentInfo info() {
      return new InstrumentInfo(
          List.of(),
          "",
          List.of(
              new CommandInfo(
                  "nothing", List.of(), ValueType.INT, "", false, true, null, "Nothing.")));
    }

    @Override
    public Identity connect() {
      return new Identity("Acme", "Swap", "1", "");
    }

    @Override
    public Object call(String command, Map<String, Object> arguments) {
      return 0;
    }
  }

  private static final class Stateful extends Plain implements Handover {
    private Map<String, Object> values = Map.of("offset", 0.25, "table", new byte[10_000]);

    @Override
    public SavedState save() {
      return new SavedState(1, values);
    }

    @Override
    public void restore(SavedState state) {
      values = state.values();
    }
  }
}
