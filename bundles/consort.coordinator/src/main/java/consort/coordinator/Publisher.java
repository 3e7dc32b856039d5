// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Instrument;
import consort.api.coordinator.InstrumentSpec;
import consort.api.driver.DriverFactory;
import consort.api.driver.Identity;
import consort.api.typed.TypedView;
import java.time.Duration;
import java.util.Arrays;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Hashtable;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts guards into the service registry: one registration under {@link Instrument} and one under
 * each typed interface, as an endpoint with two interfaces is of no use to a consumer that knows
 * one. All on one thread: registering runs the listeners of other bundles, which must not hold up a
 * guard, and some of them rely on seeing one event at a time. A listener that does not return holds
 * up what comes after it; that is said in the log and told to those who ask why.
 */
final class Publisher implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Publisher.class);

  /** How long listeners of other bundles may take before it is said. */
  static final Duration PATIENCE = Duration.ofSeconds(5);

  /** What the thread is at that may run code of others. */
  private static final class Work {
    final String instrument;
    final long since = System.nanoTime();
    private boolean told;

    Work(String instrument) {
      this.instrument = instrument;
    }

    Duration took() {
      return Duration.ofNanos(System.nanoTime() - since);
    }
  }

  private final BundleContext context;
  private final String node;
  private final DriverThreads threads;
  private volatile Thread runner;
  private volatile Work work;
  private final AtomicBoolean watched = new AtomicBoolean();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            runner = DriverThreads.daemon(task, "consort publisher");
            return runner;
          });

  /** Only touched by the thread. */
  private final Map<Guard, Map<Class<?>, Published>> published = new HashMap<>();

  /** A registration; its properties never change, as importers would not see it. */
  private record Published(ServiceRegistration<?> registration, Map<String, Object> properties) {}

  Publisher(BundleContext context, String node, DriverThreads threads) {
    this.context = context;
    this.node = node;
    this.threads = threads;
  }

  /** Publishes a guard whose instance is ready, or adapts what is published to a new driver. */
  void publish(Guard guard, Instance instance) {
    watched(guard, () -> register(guard, instance));
  }

  /** Takes a guard out of the registry. */
  void withdraw(Guard guard) {
    watched(
        guard,
        () -> {
          Map<Class<?>, Published> registrations = published.remove(guard);
          if (registrations != null) {
            registrations.values().forEach(Publisher::unregister);
          }
        });
  }

  /** Runs what may run code of others. */
  private void watched(Guard guard, Runnable task) {
    if (watched.compareAndSet(false, true)) {
      threads.later(PATIENCE.toNanos(), this::watch);
    }
    later(
        () -> {
          work = new Work(guard.name());
          try {
            task.run();
          } finally {
            work = null;
          }
        });
  }

  /** On the timer: says what takes too long, and looks again until nothing does. */
  private void watch() {
    Work now = work;
    if (now == null) {
      watched.set(false);
      return;
    }
    String held = heldUp();
    if (held != null && !now.told) {
      now.told = true;
      // Not here: the log may hang as well.
      threads.run(() -> LOG.warn("{}; other instruments wait to be published", held));
    }
    threads.later(PATIENCE.toNanos(), this::watch);
  }

  /** What holds up everything that is to be published, null for nothing. */
  String heldUp() {
    Work now = work;
    Thread at = runner;
    if (now == null || at == null || now.took().compareTo(PATIENCE) < 0) {
      return null;
    }
    String where =
        Arrays.stream(at.getStackTrace())
            .takeWhile(frame -> !frame.getClassName().equals(Publisher.class.getName()))
            .filter(frame -> !isPlatform(frame.getClassName()))
            .findFirst()
            .map(frame -> " in " + frame.getClassName() + "." + frame.getMethodName())
            .orElse("");
    return "a service listener"
        + where
        + " has not returned for "
        + Texts.seconds(now.took().toNanos())
        + " from being told of "
        + now.instrument;
  }

  private static boolean isPlatform(String name) {
    return Stream.of("java.", "jdk.", "sun.", "org.apache.felix.framework.")
        .anyMatch(name::startsWith);
  }

  /** Whether the whole node is going down. */
  boolean isEnding() {
    try {
      return context.getBundle(0).getState() == Bundle.STOPPING;
    } catch (IllegalStateException e) {
      return true; // this bundle has stopped
    }
  }

  /** Runs something after what is asked for so far. */
  void later(Runnable task) {
    try {
      thread.execute(
          () -> {
            try {
              task.run();
            } catch (RuntimeException e) {
              LOG.error("publishing failed", e);
            }
          });
    } catch (RejectedExecutionException e) {
      // The node is going down: everything is unregistered with the bundle.
    }
  }

  private void register(Guard guard, Instance instance) {
    Set<Class<?>> wanted = new HashSet<>();
    wanted.add(Instrument.class);
    instance.types().stream().filter(type -> isShared(type, instance)).forEach(wanted::add);
    Map<Class<?>, Published> now = published.computeIfAbsent(guard, g -> new HashMap<>());
    now.entrySet()
        .removeIf(
            entry -> {
              boolean fits =
                  wanted.contains(entry.getKey())
                      && properties(guard, instance, entry.getKey())
                          .equals(entry.getValue().properties());
              if (!fits) {
                unregister(entry.getValue());
              }
              return !fits;
            });
    for (Class<?> type : wanted) {
      if (!now.containsKey(type)) {
        Object service = type == Instrument.class ? guard : TypedView.of(guard, type);
        Map<String, Object> properties = properties(guard, instance, type);
        Dictionary<String, Object> given = new Hashtable<>(properties);
        given.put("consort.types", instance.info().types().toArray(String[]::new));
        now.put(
            type,
            new Published(context.registerService(type.getName(), service, given), properties));
      }
    }
  }

  /** A typed interface of the driver's own bundle is nobody else's: a driver exports nothing. */
  private static boolean isShared(Class<?> type, Instance instance) {
    return FrameworkUtil.getBundle(type) == null
        || !Objects.equals(
            FrameworkUtil.getBundle(type), FrameworkUtil.getBundle(instance.driverClass()));
  }

  private Map<String, Object> properties(Guard guard, Instance instance, Class<?> type) {
    InstrumentSpec spec = instance.plan.spec;
    Identity identity = instance.identity();
    Map<String, Object> properties = new HashMap<>();
    properties.put(Instrument.NAME, guard.name());
    properties.put("consort.types", instance.info().types());
    properties.put("consort.vendor", identity.vendor());
    properties.put("consort.model", identity.model());
    properties.put(DriverFactory.NAME, spec.driver());
    properties.put("consort.node", node);
    if (spec.export()) {
      properties.put("service.exported.interfaces", type.getName());
      properties.put("service.exported.configs", "consort.tcp");
    }
    return properties;
  }

  private static void unregister(Published published) {
    unregister(published.registration());
  }

  /** Unregisters, also when the bundle is stopping and did it already. */
  static void unregister(ServiceRegistration<?> registration) {
    try {
      registration.unregister();
    } catch (IllegalStateException e) {
      // gone already: the bundle is stopping
    }
  }

  /** Ends after what is under way, at most a second. */
  @Override
  public void close() {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(1, TimeUnit.SECONDS)) {
        LOG.warn("a service listener holds up unpublishing");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
