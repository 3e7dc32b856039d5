// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.driver.Connectable;
import consort.api.driver.DriverFactory;
import consort.api.driver.Identity;
import consort.api.driver.InstrumentType;
import consort.api.driver.Urgent;
import java.util.Hashtable;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/**
 * A driver that a test puts into bundles of its own, so that each has a class loader. It leaves
 * behind whatever careless drivers leave behind.
 */
public final class BundledDriver implements BundleActivator {

  private static final ThreadLocal<Device> LAST = new ThreadLocal<>();

  /** A mode. */
  public enum Mode {
    /** Slow. */
    SLOW,
    /** Fast. */
    FAST
  }

  /** A state. */
  public record Reading(Mode mode, double value) {}

  /** A typed interface of the driver's own. */
  @InstrumentType
  public interface Meter {
    /** Reads. */
    Reading read(Mode mode);

    /** Reads and completes on a thread of its own. */
    CompletionStage<Reading> readLater(Mode mode);

    /** Fails with an exception of its own. */
    void fail();

    /** Stops. */
    @Urgent
    void stop();
  }

  /** An exception of the driver's own. */
  static final class Broken extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** The driver. */
  static final class Device implements Meter, Connectable, AutoCloseable {
    private final Reading reading = new Reading(Mode.FAST, 1);

    @Override
    public Identity connect() {
      litter();
      return new Identity("Acme", "Meter", "1", "1");
    }

    private void litter() {
      LAST.set(this);
      Thread.currentThread().setContextClassLoader(Device.class.getClassLoader());
    }

    @Override
    public Reading read(Mode mode) {
      litter();
      return reading;
    }

    @Override
    public CompletionStage<Reading> readLater(Mode mode) {
      CompletableFuture<Reading> later = new CompletableFuture<>();
      Thread thread =
          new Thread(
              () -> {
                litter();
                later.complete(reading);
              });
      thread.start();
      return later;
    }

    @Override
    public void fail() {
      throw new Broken();
    }

    @Override
    public void stop() {
      litter();
    }

    @Override
    public void close() {
      litter();
    }
  }

  @Override
  public void start(BundleContext context) {
    context.registerService(
        DriverFactory.class,
        setup -> new Device(),
        new Hashtable<>(Map.of(DriverFactory.NAME, "acme.meter")));
  }

  @Override
  public void stop(BundleContext context) {}
}
