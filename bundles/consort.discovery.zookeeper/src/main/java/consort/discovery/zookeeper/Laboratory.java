// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
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
 * The endpoints of a laboratory in ZooKeeper: {@code ROOT/NODE/RUN-PAGE}, ephemeral nodes with many
 * endpoints each. What this node announces is written again whenever its session was lost; what
 * others have announced stays known while ZooKeeper cannot be reached, as their nodes may well be.
 *
 * <p>Methods may be called by any thread and do not wait, but for {@link #close}, which takes 2 s
 * at most.
 */
public final class Laboratory implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Laboratory.class);
  private static final long END_MILLIS = 2_000;
  private static final long PATIENCE_SECONDS = 10;

  /** Endpoints come and go in bursts: so long it is waited for more before a page is written. */
  private static final long GATHER_MILLIS = 50;

  /** Hears what other nodes announce, one call at a time. */
  public interface Listener {

    /** Another node announces an endpoint, or other properties of it. */
    void announced(Announcement endpoint);

    /** An endpoint is no longer announced. */
    void withdrawn(String id);
  }

  private final Settings settings;
  private final String folder;
  private final String page;
  private final String framework;
  private final String computer = Computer.id();
  private final CuratorFramework client;
  private final CuratorCache others;
  private final ScheduledExecutorService writer;

  // Only touched by the writer's thread.
  private final Pages own = new Pages();
  private final Set<Integer> unwritten = new TreeSet<>();

  // Only touched by the cache's thread.
  private final Catalogue catalogue;

  private final AtomicBoolean gathering = new AtomicBoolean();
  private final AtomicLong writes = new AtomicLong();

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
    this.page = folder + "/" + Announcement.segment(framework) + "-";
    this.framework = framework;
    this.catalogue = new Catalogue(listener);
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
              unwritten.addAll(own.numbers());
              write();
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
    byte[] entry = endpoint.bytes();
    later(() -> own.put(endpoint.id(), entry));
    gather();
  }

  /** Tells other nodes that an endpoint is gone. */
  public void withdraw(Announcement endpoint) {
    later(() -> own.remove(endpoint.id()));
    gather();
  }

  private void gather() {
    if (gathering.compareAndSet(false, true)) {
      try {
        writer.schedule(
            () -> {
              gathering.set(false);
              later(this::write);
            },
            GATHER_MILLIS,
            TimeUnit.MILLISECONDS);
      } catch (RejectedExecutionException ending) {
        // The node ends, and its announcements with it.
      }
    }
  }

  /**
   * Makes what is there what it should be. Without a connection nothing is done: it is done when
   * there is one.
   */
  private void write() throws Exception {
    unwritten.addAll(own.changed());
    for (int number : List.copyOf(unwritten)) {
      if (!client.getZookeeperClient().isConnected()) {
        return;
      }
      try {
        write(page + number, own.content(number));
        unwritten.remove(number);
      } catch (KeeperException e) {
        LOG.warn("{}: {}", settings, e.getMessage());
      }
    }
  }

  private void write(String path, Optional<byte[]> content) throws Exception {
    writes.incrementAndGet();
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
      overwrite(path, content.get());
    } catch (KeeperException.NoNodeException gone) {
      // As it should be.
    }
  }

  /** How many pages were written so far. */
  long writes() {
    return writes.get();
  }

  /** What a former session wrote would go with it; what this one wrote may be right already. */
  private void overwrite(String path, byte[] content) throws Exception {
    Stat stat = new Stat();
    byte[] there;
    try {
      there = client.getData().storingStatIn(stat).forPath(path);
    } catch (KeeperException.NoNodeException gone) {
      // Meanwhile; that is told, and then it is written again.
      return;
    }
    if (stat.getEphemeralOwner() != session()) {
      client
          .transaction()
          .forOperations(
              client.transactionOp().delete().forPath(path),
              client
                  .transactionOp()
                  .create()
                  .withMode(CreateMode.EPHEMERAL)
                  .forPath(path, content));
    } else if (!Arrays.equals(there, content)) {
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
    if (path.startsWith(page)) {
      if (now == null) {
        later(() -> rewrite(path)); // somebody else may have removed it
      }
    } else if (now == null) {
      catalogue.remove(path);
    } else if (!catalogue.put(path, now.getStat().getMzxid(), read(path, now.getData()))) {
      LOG.warn("{}: more than {} endpoints are announced; some are ignored", path, Catalogue.MOST);
    }
  }

  private void rewrite(String path) throws Exception {
    for (int number : own.numbers()) {
      if (path.equals(page + number)) {
        unwritten.add(number);
        write();
      }
    }
  }

  /** What of a page is to be told. */
  private List<Announcement> read(String path, byte[] content) {
    try {
      List<Announcement> read = Page.read(content == null ? new byte[0] : content);
      List<Announcement> ofOthers = new ArrayList<>();
      int elsewhere = 0;
      for (Announcement endpoint : read) {
        if (endpoint.computer().isEmpty() || endpoint.computer().equals(computer)) {
          if (!endpoint.framework().equals(framework)) {
            ofOthers.add(endpoint);
          }
        } else {
          elsewhere++;
        }
      }
      if (elsewhere > 0) {
        LOG.info("{}: {} endpoints can be reached from their own computer only", path, elsewhere);
      }
      return ofOthers;
    } catch (IllegalArgumentException e) {
      LOG.warn("{} is ignored: {}", path, cut(e.getMessage()));
      return List.of();
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
