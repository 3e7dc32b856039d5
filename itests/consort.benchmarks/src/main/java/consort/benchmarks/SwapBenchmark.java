// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import static consort.benchmarks.Measure.print;

import consort.api.Instrument;
import consort.api.InstrumentException;
import consort.api.State;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.SwapOutcome;
import consort.api.driver.Connection;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.ServiceEvent;
import org.osgi.framework.ServiceListener;

/** How long calls are held while a driver is exchanged, beside a bare {@code Bundle.update()}. */
final class SwapBenchmark {

  private static final int SWAPS = 100;
  private static final int WARM = 5;

  private final Node node;
  private final BundleContext context;

  SwapBenchmark(Node node) {
    this.node = node;
    this.context = node.context();
  }

  void run() throws Exception {
    long[] bare = new long[SWAPS];
    long[] plain = new long[SWAPS];
    long[] state = new long[SWAPS];
    Exchange without = new Exchange("swap.plain", "PLAIN");
    Exchange with = new Exchange("swap.state", "STATE");
    Update update = new Update();
    for (int i = 0; i < SWAPS; i++) {
      bare[i] = update.once(i);
      plain[i] = without.once(i);
      state[i] = with.once(i);
    }
    tell("service missing in a bare Bundle.update()", bare);
    tell("calls held by a swap without state", plain);
    tell("calls held by a swap with 10 kB of state", state);
    print(
        "%-44s %8d calls, %d failed; driver's own connect time: none",
        "called meanwhile",
        without.calls.get() + with.calls.get(),
        without.failed() + with.failed());
    without.end();
    with.end();
    update.bundle.uninstall();
  }

  private static void tell(String what, long[] nanos) {
    long[] warm = Arrays.copyOfRange(nanos, WARM, nanos.length);
    print(
        "%-44s p50 %.2f ms   p99 %.2f ms   (the first, cold: %.1f ms)",
        what,
        Measure.quantile(warm, 0.5) / 1e6,
        Measure.quantile(warm, 0.99) / 1e6,
        nanos[0] / 1e6);
  }

  private static byte[] jar(String name, int version) throws IOException {
    Manifest manifest = new Manifest();
    var main = manifest.getMainAttributes();
    main.putValue("Manifest-Version", "1.0");
    main.putValue("Bundle-ManifestVersion", "2");
    main.putValue("Bundle-SymbolicName", name);
    main.putValue("Bundle-Version", "1." + version);
    main.putValue("Bundle-Activator", SwapDriver.class.getName());
    main.putValue("Import-Package", "org.osgi.framework,consort.api,consort.api.driver");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JarOutputStream jar = new JarOutputStream(out, manifest)) {
      for (String type : new String[] {"SwapDriver", "SwapDriver$Plain", "SwapDriver$Stateful"}) {
        jar.putNextEntry(new JarEntry("consort/benchmarks/" + type + ".class"));
        try (InputStream in = SwapDriver.class.getResourceAsStream(type + ".class")) {
          in.transferTo(jar);
        }
      }
    }
    return out.toByteArray();
  }

  /** An instrument in use, whose driver is exchanged as the deployment does it. */
  private final class Exchange {
    final AtomicLong calls = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final AtomicBoolean going = new AtomicBoolean(true);
    private final String driver;
    private final Instrument instrument;
    private final Thread caller;
    private Bundle now;

    Exchange(String driver, String name) throws Exception {
      this.driver = driver;
      now = install(0);
      now.start();
      node.coordinator().put(InstrumentSpec.of(name, driver, Connection.NONE));
      instrument = node.coordinator().require(name);
      while (instrument.status().state() != State.READY) {
        Thread.onSpinWait();
      }
      caller = new Thread(this::call, "caller " + name);
      caller.start();
    }

    private void call() {
      while (going.get()) {
        try {
          instrument.call("nothing");
        } catch (InstrumentException e) {
          failed.incrementAndGet();
        }
        calls.incrementAndGet();
        LockSupport.parkNanos(1_000_000);
      }
    }

    private Bundle install(int version) throws IOException, BundleException {
      return context.installBundle(
          driver + version, new ByteArrayInputStream(jar(driver, version)));
    }

    /** Installs beside, starts, waits until the instrument has moved; how long calls were held. */
    long once(int i) throws Exception {
      Bundle next = install(i + 1);
      next.start();
      SwapOutcome outcome = null;
      while (outcome == null || outcome.bundle() != next.getBundleId()) {
        LockSupport.parkNanos(100_000);
        outcome = node.coordinator().swaps(instrument.name()).stream().findFirst().orElse(null);
      }
      if (outcome.result() != SwapOutcome.Result.DONE) {
        throw new IllegalStateException(outcome.toString());
      }
      now.uninstall();
      now = next;
      return outcome.times().held().toNanos();
    }

    long failed() {
      return failed.get();
    }

    void end() throws Exception {
      going.set(false);
      caller.join();
      node.coordinator().remove(instrument.name());
      now.uninstall();
    }
  }

  /** The same bundle, updated in place, with nobody to hold anything. */
  private final class Update implements ServiceListener {
    final Bundle bundle;
    private volatile long gone;
    private volatile long back;

    Update() throws Exception {
      bundle = context.installBundle("bare", new ByteArrayInputStream(jar("bare", 0)));
      bundle.start();
      context.addServiceListener(this, "(consort.driver=bare)");
    }

    @Override
    public void serviceChanged(ServiceEvent event) {
      if (event.getType() == ServiceEvent.UNREGISTERING) {
        gone = System.nanoTime();
      } else {
        back = System.nanoTime();
      }
    }

    long once(int i) throws Exception {
      bundle.update(new ByteArrayInputStream(jar("bare", i + 1)));
      return back - gone;
    }
  }
}
