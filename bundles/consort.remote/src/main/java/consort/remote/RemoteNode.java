// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.coordinator.Leases;
import consort.api.mesh.Mesh;
import consort.api.mesh.NodeStatus;
import consort.api.mesh.UserStatus;
import consort.api.security.NodeKeys;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.apache.aries.rsa.spi.DistributionProvider;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventAdmin;
import org.osgi.service.event.EventConstants;
import org.osgi.service.event.EventHandler;
import org.osgi.service.remoteserviceadmin.EndpointDescription;
import org.osgi.service.remoteserviceadmin.RemoteConstants;
import org.osgi.service.remoteserviceadmin.RemoteServiceAdminEvent;
import org.osgi.service.remoteserviceadmin.RemoteServiceAdminListener;
import org.osgi.util.tracker.ServiceTracker;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** This node among others: it listens as told, and offers the services that let it use them. */
final class RemoteNode implements EventHandler, Peers.Own, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(RemoteNode.class);

  /** Incomplete messages take a quarter of the memory at most, all together. */
  private static final int SHARE = 4;

  private final Instant started = Instant.now();
  private final EventAdmin events;
  private final Exports exports;
  private final ServiceTracker<Leases, Leases> leases;
  private final Hello hello;
  private final IoLoop loop;
  private final ExecutorService callbacks =
      Executors.newCachedThreadPool(named("consort remote callback"));
  private final Callbacks answers = new Callbacks(callbacks);
  private final Listener listener;
  private final Peers peers;
  private final InstrumentProvider provider;
  private final NodeExports exporter;
  private final List<ServiceRegistration<?>> registrations = new ArrayList<>();

  /**
   * Listens, and registers services.
   *
   * @param events where what happens at other nodes is told
   * @param keys who this node is, for TLS
   * @throws IOException when it cannot listen
   */
  RemoteNode(BundleContext context, Settings settings, EventAdmin events, NodeKeys keys)
      throws IOException {
    this.events = events;
    leases = new ServiceTracker<>(context, Leases.class, null);
    exports = new Exports(new Lending(leases::getService));
    UnaryOperator<String> property = context::getProperty;
    String node = property.apply("consort.node");
    hello =
        new Hello(
            Hello.VERSION,
            node == null ? "node" : node,
            new SecureRandom().nextLong(),
            settings.heartbeat());
    AtomicLong budget = new AtomicLong(Runtime.getRuntime().maxMemory() / SHARE);
    loop = new IoLoop();
    try {
      listener =
          settings.listen() == null
              ? null
              : new Listener(
                  settings.listen(), settings.permissions(), exports, loop, keys, hello, budget);
    } catch (IOException e) {
      loop.close();
      throw e;
    }
    peers =
        new Peers(
            this,
            settings.plan(),
            settings.heartbeat().multipliedBy(2),
            loop,
            Executors.newSingleThreadExecutor(named("consort mesh")),
            this::happenedThere,
            client ->
                address ->
                    new PeerClient(
                        address,
                        () -> Channels.connect(address, keys, loop, callbacks, hello, budget),
                        loop,
                        callbacks,
                        answers,
                        client));
    provider = new InstrumentProvider(exports, peers, listener == null ? null : listener.address());
    exporter = listener == null ? null : new NodeExports(context, settings.export());
    leases.open();
    loop.add(answers);
    loop.start();
    register(context);
    if (listener != null) {
      listener.start();
      LOG.info("listening for other nodes on {}", listener.address());
    }
  }

  private void register(BundleContext context) {
    registrations.add(
        context.registerService(RemoteServiceAdminListener.class, this::administered, null));
    Hashtable<String, Object> distribution = new Hashtable<>();
    distribution.put(RemoteConstants.REMOTE_CONFIGS_SUPPORTED, provider.getSupportedTypes());
    distribution.put(
        RemoteConstants.REMOTE_INTENTS_SUPPORTED, provider.intents().toArray(String[]::new));
    registrations.add(context.registerService(DistributionProvider.class, provider, distribution));
    registrations.add(context.registerService(Mesh.class, peers, null));
    if (listener != null) {
      Hashtable<String, Object> topics = new Hashtable<>();
      topics.put(
          EventConstants.EVENT_TOPIC,
          new String[] {"consort/instrument/*", "consort/fault/*", "consort/swap/*"});
      registrations.add(context.registerService(EventHandler.class, this, topics));
    }
    if (exporter != null) {
      exporter.open();
    }
  }

  private static ThreadFactory named(String name) {
    AtomicInteger count = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + " " + count.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  /** Imports decide which nodes are needed. */
  private void administered(RemoteServiceAdminEvent event) {
    int change =
        switch (event.getType()) {
          case RemoteServiceAdminEvent.IMPORT_REGISTRATION -> 1;
          case RemoteServiceAdminEvent.IMPORT_UNREGISTRATION -> -1;
          default -> 0;
        };
    EndpointDescription endpoint =
        change == 0 ? null : event.getImportReference().getImportedEndpoint();
    Address address = endpoint == null ? null : InstrumentProvider.address(endpoint);
    if (address != null) {
      peers.imported(address, change);
    }
  }

  /** Something happened here: the nodes that use the instrument are told. */
  @Override
  public void handleEvent(Event event) {
    if (event.getProperty("instrument") instanceof String instrument) {
      Map<String, Object> properties = new HashMap<>();
      for (String key : event.getPropertyNames()) {
        Object value = event.getProperty(key);
        if (!key.equals(EventConstants.EVENT_TOPIC)
            && (value instanceof String || value instanceof Number || value instanceof Boolean)) {
          properties.put(key, value);
        }
      }
      listener
          .sessions()
          .forEach(session -> session.happened(event.getTopic(), instrument, properties));
    }
  }

  /** Something happened at another node: whoever listens here is told as if it were here. */
  private void happenedThere(PeerClient peer, String topic, Map<String, Object> properties) {
    String here = properties.get("instrument") instanceof String there ? peer.shownAs(there) : null;
    if (here != null && topic.matches("consort/(instrument|fault|swap)/[A-Za-z_]{1,40}")) {
      Map<String, Object> renamed = new HashMap<>(properties);
      renamed.put("instrument", here);
      events.postEvent(new Event(topic, renamed));
    }
  }

  @Override
  public NodeStatus self() {
    boolean listens = listener != null;
    return new NodeStatus(
        hello.node(),
        listens ? listener.address().toString() : "",
        listens,
        started,
        listens ? "" : "it listens for no others",
        exports.instruments(export -> true));
  }

  @Override
  public List<UserStatus> users() {
    return listener == null ? List.of() : listener.users();
  }

  @Override
  public void close() {
    if (exporter != null) {
      exporter.close();
    }
    for (ServiceRegistration<?> registration : registrations) {
      try {
        registration.unregister();
      } catch (IllegalStateException e) {
        // gone with the bundle
      }
    }
    peers.close();
    leases.close();
    if (listener != null) {
      listener.close();
    }
    loop.close();
    callbacks.shutdown();
  }
}
