// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import consort.api.Instrument;
import consort.api.coordinator.Coordinator;
import consort.api.coordinator.SwapOutcome;
import consort.api.coordinator.SwapOutcome.Result;
import consort.api.driver.DriverFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.Version;
import org.osgi.framework.wiring.FrameworkWiring;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One accepted jar on its way through the framework. What may run code of others (install, start,
 * uninstall) has a thread of its own, so that the watcher waits for nobody; the rest is the
 * watcher's.
 */
final class DriverBundle {

  /** Where drivers are installed: a location made of the digest of their bytes. */
  static final String LOCATION = "consort:driver/";

  private static final Logger LOG = LoggerFactory.getLogger(DriverBundle.class);

  enum State {
    STARTING,
    WAITING,
    READY,
    FAILED,
    LEAVING,
    GONE
  }

  private final BundleContext context;
  private final Coordinator coordinator;
  private final String file;
  private final Jar jar;
  private volatile Bundle bundle;
  private CompletableFuture<String> work;
  private State state = State.STARTING;
  private long since;
  private String failure;
  private boolean unresolved;

  /** Who may use its drivers, as the coordinator was told; null for all. */
  private volatile Set<String> only;

  /** When the framework last changed its content, by our hand. */
  private volatile long modified;

  /** Since when somebody else's content is on trial, -1 for not. */
  private long onTrial = -1;

  private String note = "";

  /**
   * Installs and starts a jar.
   *
   * @param only who may use its drivers; null for all
   */
  DriverBundle(
      BundleContext context,
      Coordinator coordinator,
      String file,
      Jar jar,
      byte[] bytes,
      Set<String> only,
      long now) {
    this.context = context;
    this.coordinator = coordinator;
    this.file = file;
    this.jar = jar;
    this.only = only;
    this.since = now;
    work = run("deploy start " + file, () -> start(bytes));
  }

  /** Says who may use its drivers from now on; nothing when that is known. */
  void offer(Set<String> now) {
    if (!Objects.equals(only, now)) {
      only = now;
      offerAgain();
    }
  }

  /** Gives its drivers another chance where they failed. */
  void offerAgain() {
    if (bundleId() >= 0) {
      coordinator.offer(bundleId(), only);
    }
  }

  /** Something worth knowing about it; empty for nothing. */
  String note() {
    return note;
  }

  State state() {
    return state;
  }

  Jar jar() {
    return jar;
  }

  String file() {
    return file;
  }

  /** Since when it is in its state. */
  long since() {
    return since;
  }

  /** What is wrong, for people; null when nothing is. */
  String failure() {
    return failure;
  }

  /** Whether another bundle that comes may make it resolve. */
  boolean unresolved() {
    return unresolved;
  }

  /** Negative while it has none. */
  long bundleId() {
    Bundle known = bundle;
    return known == null ? -1 : known.getBundleId();
  }

  /** The coordinator's order: the highest version, then the youngest. */
  boolean betterThan(DriverBundle other) {
    int order = bundle.getVersion().compareTo(other.bundle.getVersion());
    return order > 0 || (order == 0 && bundleId() > other.bundleId());
  }

  Version version() {
    return bundle.getVersion();
  }

  /** Waits briefly for what runs, so that drivers usually start one after the other. */
  void awaitWork(Duration most) throws InterruptedException {
    try {
      work.get(most.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      // it goes on beside the others
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Looks where it is now. */
  void step(long now, Drivers.Limits limits) {
    switch (state) {
      case STARTING -> {
        if (work.isDone()) {
          started(work.join(), now);
        } else if (now - since > limits.start().toNanos()) {
          failure = "it did not start in time: its activator hangs";
        }
      }
      case WAITING -> {
        if (hasFactory() || modified != bundle.getLastModified()) {
          to(State.READY, now);
        } else if (now - since > limits.factory().toNanos()) {
          failure = noFactory();
          leave(now);
        }
      }
      case LEAVING -> {
        if (work.isDone()) {
          to(failure == null ? State.GONE : State.FAILED, now);
        }
      }
      case READY -> watch(now, limits);
      case FAILED, GONE -> {}
    }
  }

  /**
   * Somebody may update the bundle by hand. What does not start, or fails for an instrument, gives
   * way to the bytes that were accepted.
   */
  private void watch(long now, Drivers.Limits limits) {
    if (bundle.getState() == Bundle.UNINSTALLED) {
      return;
    }
    if (modified != bundle.getLastModified()) {
      modified = bundle.getLastModified();
      onTrial = now;
    }
    if (onTrial < 0) {
      return;
    }
    String wrong = wrong(now - onTrial, limits);
    if (wrong != null) {
      goBack(wrong, now);
    } else if (now - onTrial > limits.move().toNanos()) {
      onTrial = -1;
    } else {
      note =
          "its bundle was updated by hand to version "
              + bundle.getVersion()
              + "; the file counts again after a restart";
    }
  }

  /** Whether it was updated by hand just now, so that it is looked at often. */
  boolean onTrial(long now, Drivers.Limits limits) {
    return onTrial >= 0 && now - onTrial < 4 * limits.update().toNanos();
  }

  private String wrong(long nanos, Drivers.Limits limits) {
    if (hasFactory()) {
      return coordinator.instruments().stream()
          .map(Instrument::name)
          .map(coordinator::swaps)
          .filter(swaps -> !swaps.isEmpty())
          .map(swaps -> swaps.get(0))
          .filter(s -> s.bundle() == bundle.getBundleId() && s.result() == Result.FAILED)
          .map(SwapOutcome::reason)
          .findFirst()
          .orElse(null);
    }
    if (nanos < limits.update().toNanos()) {
      return null;
    }
    return bundle.getState() == Bundle.ACTIVE ? noFactory() : "it does not start";
  }

  private void goBack(String wrong, long now) {
    onTrial = -1;
    note = "its bundle was updated by hand, and that was taken back: " + wrong;
    LOG.warn("{}: {}", file, note);
    to(State.STARTING, now);
    work = run("deploy back " + file, this::restore);
  }

  private String restore() throws BundleException {
    try (InputStream bytes = Files.newInputStream(kept())) {
      bundle.update(bytes);
    } catch (IOException e) {
      return "what was accepted cannot be read again: " + e.getMessage();
    }
    modified = bundle.getLastModified();
    bundle.start(Bundle.START_ACTIVATION_POLICY);
    return null;
  }

  /** Where the bytes are that were accepted: the file may have others by now. */
  private Path kept() {
    return context.getDataFile(jar.digest() + ".jar").toPath();
  }

  private void started(String wrong, long now) {
    failure = wrong;
    if (wrong == null) {
      to(hasFactory() ? State.READY : State.WAITING, now);
    } else {
      leave(now);
    }
  }

  /** Uninstalls it. */
  void leave(long now) {
    Bundle known = bundle;
    to(State.LEAVING, now);
    work =
        run(
            "deploy stop " + file,
            () -> {
              if (known != null && known.getState() != Bundle.UNINSTALLED) {
                known.uninstall();
              }
              forget();
              return null;
            });
  }

  private void forget() {
    if (only != null) {
      coordinator.offer(bundleId(), null);
    }
    try {
      Files.deleteIfExists(kept());
    } catch (IOException e) {
      LOG.debug("{}: its copy stays until the next start", file, e);
    }
  }

  /** Uninstalls a bundle that is not known, on a thread of its own. */
  static void uninstall(Bundle bundle, String name) {
    run(
        "deploy stop " + name,
        () -> {
          bundle.uninstall();
          return null;
        });
  }

  private void to(State next, long now) {
    state = next;
    since = now;
  }

  private interface Work {
    String run() throws BundleException;
  }

  private static CompletableFuture<String> run(String name, Work body) {
    CompletableFuture<String> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                done.complete(body.run());
              } catch (BundleException e) {
                done.complete(said(e));
              } catch (Throwable e) { // an activator may throw anything; the watcher goes on
                done.complete("it failed: " + e);
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
    return done;
  }

  private String start(byte[] bytes) throws BundleException {
    try {
      Files.write(kept(), bytes);
    } catch (IOException e) {
      LOG.warn("{}: no copy is kept for updates by hand: {}", file, e.toString());
    }
    Bundle installed =
        context.installBundle(LOCATION + jar.digest(), new ByteArrayInputStream(bytes));
    bundle = installed;
    modified = installed.getLastModified();
    FrameworkWiring wiring =
        context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION).adapt(FrameworkWiring.class);
    if (installed.getState() == Bundle.INSTALLED && !wiring.resolveBundles(List.of(installed))) {
      unresolved = true;
      List<String> missing = Requirements.missing(installed, wiring);
      return missing.isEmpty()
          ? "does not resolve: what it needs is there, but in versions that do not fit together"
          : String.join("; ", missing);
    }
    if (only != null) {
      // before anybody sees its drivers
      offerAgain();
    }
    installed.start(Bundle.START_ACTIVATION_POLICY);
    return null;
  }

  private static String said(BundleException e) {
    Throwable cause = e;
    while (cause.getCause() != null && cause.getCause() != cause) {
      cause = cause.getCause();
    }
    return switch (e.getType()) {
      case BundleException.MANIFEST_ERROR -> "its manifest is wrong: " + cause.getMessage();
      case BundleException.ACTIVATOR_ERROR -> "its activator failed: " + cause;
      case BundleException.NATIVECODE_ERROR ->
          "its native code is not for this system: " + cause.getMessage();
      default ->
          "the framework refuses it: " + (cause.getMessage() == null ? cause : cause.getMessage());
    };
  }

  private boolean hasFactory() {
    return factories()
        .anyMatch(s -> s.isAssignableTo(context.getBundle(), DriverFactory.class.getName()));
  }

  private Stream<ServiceReference<?>> factories() {
    if (bundle.getState() == Bundle.UNINSTALLED) {
      return Stream.empty();
    }
    ServiceReference<?>[] services = bundle.getRegisteredServices();
    return services == null
        ? Stream.empty()
        : Arrays.stream(services).filter(DriverBundle::isFactory);
  }

  private static boolean isFactory(ServiceReference<?> service) {
    String[] types = (String[]) service.getProperty(Constants.OBJECTCLASS);
    return Arrays.asList(types).contains(DriverFactory.class.getName())
        && service.getProperty(DriverFactory.NAME) instanceof String name
        && !name.isBlank();
  }

  private String noFactory() {
    if (factories().findAny().isPresent()) {
      return "its driver factory has its own copy of consort.api; import the package, do not embed it";
    }
    return "has no driver factory: no service "
        + DriverFactory.class.getSimpleName()
        + " with the property "
        + DriverFactory.NAME
        + " appeared";
  }
}
