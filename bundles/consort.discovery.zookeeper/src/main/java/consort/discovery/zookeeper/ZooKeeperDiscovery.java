// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import consort.api.mesh.PeerListener;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.aries.rsa.annotations.RSADiscoveryProvider;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.remoteserviceadmin.EndpointDescription;
import org.osgi.service.remoteserviceadmin.EndpointEvent;
import org.osgi.service.remoteserviceadmin.EndpointEventListener;
import org.osgi.service.remoteserviceadmin.RemoteConstants;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Announces this node's endpoints in ZooKeeper, and offers those of other nodes, where {@code
 * etc/consort.yaml} says {@code discovery: zookeeper:}.
 */
@Component(
    service = {},
    immediate = true)
@RSADiscoveryProvider(protocols = "consort.zookeeper")
public final class ZooKeeperDiscovery {

  private static final Logger LOG = LoggerFactory.getLogger(ZooKeeperDiscovery.class);

  private final BundleContext context;
  private final PeerListener offers;
  private Laboratory laboratory;
  private ServiceRegistration<EndpointEventListener> exports;
  private boolean closed;

  /** Made by declarative services. */
  @Activate
  public ZooKeeperDiscovery(BundleContext context, @Reference PeerListener offers) {
    this.context = context;
    this.offers = offers;
  }

  /** Connects by a thread of its own, so that nothing waits for it. */
  @Activate
  void start() {
    Thread thread = new Thread(this::open, "zookeeper start");
    thread.setDaemon(true);
    thread.start();
  }

  private void open() {
    Path home = Path.of(Optional.ofNullable(context.getProperty("consort.home")).orElse("."));
    try {
      Optional<Settings> settings = Settings.read(home);
      if (settings.isPresent()) {
        open(home, settings.get());
      }
    } catch (IOException | IllegalArgumentException e) {
      LOG.error("{}", e.getMessage());
      // The user who started the node sees this, not the log.
      System.err.println("consort: " + e.getMessage());
      end();
    } catch (IllegalStateException e) {
      LOG.debug("the node ends already", e);
    }
  }

  private void open(Path home, Settings settings) throws IOException {
    String framework = context.getProperty(Constants.FRAMEWORK_UUID);
    String node = Optional.ofNullable(context.getProperty("consort.node")).orElse("node");
    Laboratory opened =
        new Laboratory(settings, node, framework, settings.tls() ? keys(home) : null, offering());
    synchronized (this) {
      if (closed) {
        return;
      }
      laboratory = opened;
      opened.start();
    }
    if (!settings.tls() && settings.user().isEmpty()) {
      LOG.warn("{}: whoever reaches it may announce instruments: no user, no tls", settings);
    }
    Dictionary<String, Object> wish = new Hashtable<>();
    wish.put(
        EndpointEventListener.ENDPOINT_LISTENER_SCOPE,
        "(" + RemoteConstants.ENDPOINT_FRAMEWORK_UUID + "=" + framework + ")");
    ServiceRegistration<EndpointEventListener> registered =
        context.registerService(
            EndpointEventListener.class, (event, filter) -> exported(opened, event), wish);
    synchronized (this) {
      if (!closed) {
        exports = registered;
        return;
      }
    }
    registered.unregister(); // closed meanwhile
  }

  private Laboratory.Listener offering() {
    return new Laboratory.Listener() {
      @Override
      public void announced(Announcement endpoint) {
        offers.offered(endpoint.properties());
      }

      @Override
      public void withdrawn(String id) {
        offers.withdrawn(id);
      }
    };
  }

  /** The topology manager tells of what this node exports. */
  private static void exported(Laboratory laboratory, EndpointEvent event) {
    EndpointDescription endpoint = event.getEndpoint();
    Announcement announcement = Announcement.of(endpoint, Computer.id());
    switch (event.getType()) {
      case EndpointEvent.ADDED, EndpointEvent.MODIFIED -> {
        if (endpoint.getId().matches("\\w+://(0\\.0\\.0\\.0|\\[[0:]+\\]):.*")) {
          LOG.warn(
              "{} is not announced: nobody can connect to such an address; say the host by which"
                  + " others reach this node (remote: listen: in etc/consort.yaml)",
              endpoint.getId());
          return;
        }
        try {
          laboratory.announce(announcement);
        } catch (IllegalArgumentException tooLarge) {
          LOG.error("{}", tooLarge.getMessage());
        }
      }
      default -> laboratory.withdraw(announcement);
    }
  }

  /** This node's key as it is, and the authorities it trusts in one file, as ZooKeeper wants it. */
  private static Ensemble.Tls keys(Path home) throws IOException {
    Path key = home.resolve("data/keys/node.pem");
    Path trusted = home.resolve("data/keys/trusted");
    if (!Files.exists(key) || !Files.isDirectory(trusted)) {
      throw new IllegalArgumentException(
          "discovery: zookeeper: tls: this node has no keys ("
              + key
              + "); 'consort keys init' or 'consort keys trust FILE'");
    }
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try (Stream<Path> files = Files.list(trusted)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".pem")).sorted().toList()) {
        all.write(Files.readAllBytes(file));
      }
    }
    Path trust = home.resolve("data/run/zookeeper-trust.pem");
    Files.createDirectories(trust.getParent());
    Files.write(trust, all.toByteArray());
    return new Ensemble.Tls(key, trust);
  }

  private void end() {
    try {
      context.getBundle(0).stop();
    } catch (BundleException | IllegalStateException e) {
      LOG.error("the node does not stop", e);
    }
  }

  /** Withdraws what this node has announced. */
  @Deactivate
  public void close() {
    ServiceRegistration<EndpointEventListener> registered;
    Laboratory open;
    synchronized (this) {
      closed = true;
      registered = exports;
      open = laboratory;
    }
    if (registered != null) {
      try {
        registered.unregister();
      } catch (IllegalStateException alreadyGone) {
        // With the bundle.
      }
    }
    if (open != null) {
      open.close();
    }
  }
}
