// SPDX-License-Identifier: Apache-2.0
package consort.itests.driver;

import consort.api.CommandInfo;
import consort.api.InstrumentInfo;
import consort.api.ParameterInfo;
import consort.api.ValueType;
import consort.api.driver.Connectable;
import consort.api.driver.Driver;
import consort.api.driver.DriverFactory;
import consort.api.driver.Handover;
import consort.api.driver.Identity;
import consort.api.driver.SavedState;
import consort.api.driver.SelfTest;
import consort.api.driver.Setup;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/**
 * A driver that counts its calls, and hands the count over. Loaded by the bundles that tests make;
 * the header {@code Test-Does} says what a version does wrong.
 */
public final class StormDriver implements BundleActivator, DriverFactory {

  /** The system property that frees a call which ignores interrupts. */
  public static final String FREE = "consort.itests.free";

  private String does = "";

  @Override
  public void start(BundleContext context) {
    Dictionary<String, String> headers = context.getBundle().getHeaders();
    does = String.valueOf(headers.get("Test-Does"));
    if (does.equals("activator")) {
      throw new IllegalStateException("no licence");
    }
    Dictionary<String, Object> properties = new Hashtable<>();
    properties.put(NAME, headers.get("Test-Driver"));
    context.registerService(DriverFactory.class, this, properties);
  }

  @Override
  public void stop(BundleContext context) {}

  @Override
  public Object create(Setup setup) {
    if (does.equals("factory")) {
      throw new IllegalStateException("the factory is broken");
    }
    return new Counter(does);
  }

  private static final class Counter
      implements Driver, Connectable, Handover, SelfTest, AutoCloseable {

    private final String does;
    private int count;

    Counter(String does) {
      if (does.equals("constructor")) {
        throw new IllegalArgumentException("the constructor is broken");
      }
      this.does = does;
    }

    @Override
    public InstrumentInfo info() {
      return new InstrumentInfo(
          List.of(),
          "Counts.",
          List.of(
              new CommandInfo(
                  "count", List.of(), ValueType.INT, "", false, false, null, "Counts its calls."),
              new CommandInfo(
                  "hang",
                  List.of(ParameterInfo.of("way", ValueType.STRING)),
                  ValueType.VOID,
                  "",
                  false,
                  false,
                  null,
                  "Does not come back.")));
    }

    @Override
    public Identity connect() throws InterruptedException {
      if (does.equals("hang")) {
        new CountDownLatch(1).await();
      }
      return new Identity("Acme", "Counter", does.equals("identity") ? "2" : "1", "");
    }

    @Override
    public String selfTest() {
      if (does.equals("test")) {
        throw new IllegalStateException("the reference is off");
      }
      return "";
    }

    @Override
    public SavedState save() {
      return new SavedState(1, Map.of("count", count));
    }

    @Override
    public void restore(SavedState state) {
      if (does.equals("restore")) {
        throw new IllegalStateException("unknown form");
      }
      count = (Integer) state.values().get("count");
    }

    @Override
    public Object call(String command, Map<String, Object> arguments) throws Exception {
      if (command.equals("hang")) {
        hang((String) arguments.get("way"));
      }
      return ++count;
    }

    private static void hang(String way) throws Exception {
      switch (way) {
        case "never returns" -> new CountDownLatch(1).await();
        case "ignores interrupts" -> {
          while (!System.getProperties().containsKey(FREE)) {
            LockSupport.parkNanos(10_000_000);
            Thread.interrupted();
          }
        }
        case "deadlocks" -> {
          Object mine = new Object();
          Object theirs = new Object();
          CountDownLatch both = new CountDownLatch(2);
          Thread other = new Thread(() -> take(theirs, mine, both), "the other of a deadlock");
          other.setDaemon(true);
          other.start();
          take(mine, theirs, both);
        }
        default -> throw new StackOverflowError();
      }
    }

    private static void take(Object first, Object second, CountDownLatch both) {
      synchronized (first) {
        both.countDown();
        while (both.getCount() > 0) {
          Thread.onSpinWait();
        }
        synchronized (second) {
          throw new AssertionError("never reached");
        }
      }
    }

    @Override
    public void close() {}
  }
}
