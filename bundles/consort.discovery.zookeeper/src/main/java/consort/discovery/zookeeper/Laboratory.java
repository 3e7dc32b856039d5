// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.apache.curator.framework.recipes.cache.CuratorCacheStorage;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.data.Stat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The endpoints of a laboratory in ZooKeeper: {@code ROOT/NODE/ENDPOINT}, one ephemeral node for
 * each. What this node announces is written again whenever its session was lost; what others have
 * announced stays known while ZooKeeper cannot be reached, as their nodes may well be.
 *
 * <p>Methods may be called by any thread and do not wait, but for {@link #close}, which takes 2 s
 * at most.
 */
public final class Laboratory implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Laboratory.class);
  private static final long END_MILLIS = 2_000;
  private static final long PATIENCE_SECONDS = 10;
  private static final int MOST_HEARD = 100_000;

  /** Hears what other nodes announce, one call at a time. */
  public interface Listener {

    /** Another node announces an endpoint, or other properties of it. */
    void announced(Announcement endpoint);

    /** An endpoint is no longer announced. */
    void withdrawn(String id);
  }

  private final Settings settings;
  private final String folder;
  private final String framework;
  private final String computer = Computer.id();
  private final Listener listener;
  private final CuratorFramework client;
  private final CuratorCache others;
  private final ScheduledExecutorService writer;

  // By path, what is to be there, empty for what is to be gone; only touched by the writer's
  // thread.
  private final Map<String, Optional<byte[]>> own = new HashMap<>();

  // By path, what the listener was told; only changed by the cache's thread.
  private final Map<String, Announcement> heard = new ConcurrentHashMap<>();

  /**
   * Wires.
   *
   * @param node the name of this node
   * @param framework the UUID by which this node's endpoints are known
   * @param tls the keys to connect with, null for none
   */
  Laboratory(
      Settings settings, String node, String framework, Ensemble.Tls tls, Listener listener) {
    this.settings = settings;
    this.folder = settings.root() + "/" + Announcement.segment(node);
    this.framework = framework;
    this.listener = listener;
    this.client = Ensemble.client(settings, tls);
    this.others =
        CuratorCache.builder(client, settings.root())
            .withStorage(CuratorCacheStorage.dataNotCached())
            .withExceptionHandler(e -> LOG.warn("{}: {}", settings, e.getMessage()))
            .build();
    this.writer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "zookeeper announcements");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** A laboratory without keys, already connecting. */
  public static Laboratory open(
      Settings settings, String node, String framework, Listener listener) {
    Laboratory laboratory = new Laboratory(settings, node, framework, null, listener);
    laboratory.start();
    return laboratory;
  }

  /** Connects, and goes on trying for as long as it takes. */
  void start() {
    client.getConnectionStateListenable().addListener((c, state) -> connection(state));
    others.listenable().addListener(CuratorCacheListener.builder().forAll(this::changed).build());
    client.start();
    others.start();
    writer.schedule(
        () -> {
          if (!client.getZookeeperClient().isConnected()) {
            LOG.warn("{}: not reached so far; this node goes on trying", settings);
          }
        },
        PATIENCE_SECONDS,
        TimeUnit.SECONDS);
  }

  private void connection(ConnectionState state) {
    switch (state) {
      case CONNECTED, RECONNECTED -> {
        LOG.info("{}: connected", settings);
        later(
            () -> {
              for (String path : List.copyOf(own.keySet())) {
                write(path, false);
              }
            });
      }
      case SUSPENDED -> LOG.warn("{}: not reached; what is known of other nodes stays", settings);
      case LOST ->
          LOG.warn("{}: the session has ended; this node is announced again later", settings);
      default -> LOG.info("{}: {}", settings, state);
    }
  }

  /**
   * Tells other nodes of an endpoint, or of its other properties.
   *
   * @throws IllegalArgumentException when its properties are too many
   */
  public void announce(Announcement endpoint) {
    String path = path(endpoint);
    byte[] content = endpoint.bytes();
    later(
        () -> {
          own.put(path, Optional.of(content));
          write(path, true);
        });
  }

  /** Tells other nodes that an endpoint is gone. */
  public void withdraw(Announcement endpoint) {
    String path = path(endpoint);
    later(
        () -> {
          own.put(path, Optional.empty());
          write(path, true);
        });
  }

  private String path(Announcement endpoint) {
    return folder + "/" + endpoint.nodeName();
  }

  /**
   * Makes what is there what it should be. Without a connection nothing is done: it is done when
   * there is one.
   *
   * @param different whether what this session wrote before is no longer right
   */
  private void write(String path, boolean different) throws Exception {
    if (!client.getZookeeperClient().isConnected()) {
      return;
    }
    Optional<byte[]> content = own.getOrDefault(path, Optional.empty());
    try {
      if (content.isEmpty()) {
        client.delete().forPath(path);
      } else {
        client
            .create()
            .creatingParentContainersIfNeeded()
            .withMode(CreateMode.EPHEMERAL)
            .forPath(path, content.get());
      }
    } catch (KeeperException.NodeExistsException there) {
      overwrite(path, content.get(), different);
    } catch (KeeperException.NoNodeException gone) {
      // As it should be.
    }
    if (content.isEmpty()) {
      own.remove(path);
    }
  }

  /**
   * A node that was killed and runs again finds what it had announced before: that belongs to a
   * session that will end soon, and take it along.
   */
  private void overwrite(String path, byte[] content, boolean different) throws Exception {
    Stat stat = client.checkExists().forPath(path);
    if (stat == null) {
      later(() -> write(path, different));
    } else if (stat.getEphemeralOwner() != session()) {
      client
          .transaction()
          .forOperations(
              client.transactionOp().delete().forPath(path),
              client
                  .transactionOp()
                  .create()
                  .withMode(CreateMode.EPHEMERAL)
                  .forPath(path, content));
    } else if (different) {
      client.setData().forPath(path, content);
    }
  }

  private long session() throws Exception {
    return client.getZookeeperClient().getZooKeeper().getSessionId();
  }

  private void changed(CuratorCacheListener.Type type, ChildData before, ChildData now) {
    String path = (now == null ? before : now).getPath();
    if (path.split("/").length != settings.root().split("/").length + 2) {
      return; // the root, the node of a node
    }
    if (now == null && path.startsWith(folder + "/")) {
      later(
          () -> {
            if (own.containsKey(path)) {
              write(path, false); // somebody else has removed it
            }
          });
    }
    Announcement announced = now == null ? null : read(path, now.getData());
    Announcement known = heard.get(path);
    if (announced == null) {
      heard.remove(path);
    } else {
      heard.put(path, announced);
    }
    if (known != null && (announced == null || !announced.id().equals(known.id()))) {
      if (heard.values().stream().noneMatch(other -> other.id().equals(known.id()))) {
        listener.withdrawn(known.id());
      }
    }
    if (announced != null && !announced.equals(known)) {
      listener.announced(announced);
    }
  }

  /** Null for what is not to be told. */
  private Announcement read(String path, byte[] content) {
    try {
      Announcement announced = Announcement.read(content == null ? new byte[0] : content);
      if (announced.framework().equals(framework)) {
        return null;
      }
      if (!announced.computer().isEmpty() && !announced.computer().equals(computer)) {
        LOG.info(
            "{} is ignored: {} can be reached from its own computer only", path, announced.id());
        return null;
      }
      if (heard.size() >= MOST_HEARD) {
        LOG.warn("{} is ignored: more than {} endpoints are announced", path, MOST_HEARD);
        return null;
      }
      return announced;
    } catch (IllegalArgumentException e) {
      LOG.warn("{} is ignored: {}", path, cut(e.getMessage()));
      return null;
    }
  }

  private static String cut(String text) {
    String line = String.valueOf(text).replaceAll("[\\p{Cntrl}]", "?");
    return line.length() > 200 ? line.substring(0, 200) + "..." : line;
  }

  /** A task for the writer; its exceptions are Curator's. */
  private interface Task {
    void run() throws Exception;
  }

  private void later(Task task) {
    try {
      writer.execute(
          () -> {
            try {
              task.run();
            } catch (InterruptedException ending) {
              Thread.currentThread().interrupt();
            } catch (KeeperException e) {
              LOG.warn("{}: {}", settings, e.getMessage());
            } catch (Exception e) { // as Curator declares it
              LOG.error("{}: an announcement fails", settings, e);
            }
          });
    } catch (RejectedExecutionException ending) {
      // The node ends, and its announcements with it.
    }
  }

  /** What happens to a node that was cut off for too long. */
  void expireSession() throws Exception {
    client.getZookeeperClient().getZooKeeper().getTestable().injectSessionExpiration();
  }

  /** Ends the session, and with it what this node has announced. */
  @Override
  public void close() {
    writer.shutdownNow();
    others.close();
    // Without a server the client waits longer than a node may take to end.
    Thread closing = new Thread(client::close, "zookeeper end");
    closing.setDaemon(true);
    closing.start();
    try {
      closing.join(END_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
