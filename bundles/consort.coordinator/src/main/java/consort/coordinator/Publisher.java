// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Instrument;
import consort.api.coordinator.InstrumentSpec;
import consort.api.driver.DriverFactory;
import consort.api.driver.Identity;
import consort.api.typed.TypedView;
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
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts guards into the service registry: one registration under {@link Instrument} and one under
 * each typed interface, as an endpoint with two interfaces is of no use to a consumer that knows
 * one. All on one thread: registering runs the listeners of other bundles, which must not hold up a
 * guard, and some of them rely on seeing one event at a time.
 */
final class Publisher implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Publisher.class);

  private final BundleContext context;
  private final String node;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(task -> DriverThreads.daemon(task, "consort publisher"));

  /** Only touched by the thread. */
  private final Map<Guard, Map<Class<?>, Published>> published = new HashMap<>();

  /** A registration; its properties never change, as importers would not see it. */
  private record Published(ServiceRegistration<?> registration, Map<String, Object> properties) {}

  Publisher(BundleContext context, String node) {
    this.context = context;
    this.node = node;
  }

  /** Publishes a guard whose instance is ready, or adapts what is published to a new driver. */
  void publish(Guard guard, Instance instance) {
    later(() -> register(guard, instance));
  }

  /** Takes a guard out of the registry. */
  void withdraw(Guard guard) {
    later(
        () -> {
          Map<Class<?>, Published> registrations = published.remove(guard);
          if (registrations != null) {
            registrations.values().forEach(Publisher::unregister);
          }
        });
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
