// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.mesh.Mesh;
import consort.api.mesh.MeshPlan;
import consort.api.mesh.NodeStatus;
import consort.api.mesh.PeerListener;
import consort.api.mesh.UserStatus;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.stream.Stream;
import org.osgi.service.remoteserviceadmin.RemoteConstants;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One client for each node that is used, and what these nodes offer. */
final class Peers implements Mesh, PeerClient.Events {

  /** This node as others see it. */
  interface Own {
    NodeStatus self();

    List<UserStatus> users();
  }

  /** Is told what happened at other nodes. */
  interface Happenings {
    void happened(PeerClient peer, String topic, Map<String, Object> properties);
  }

  private static final Logger LOG = LoggerFactory.getLogger(Peers.class);

  private final Own own;
  private final MeshPlan plan;
  private final Duration grace;
  private final IoLoop loop;
  private final ExecutorService teller;
  private final Happenings happenings;
  private final Function<Address, PeerClient> maker;
  private final Map<String, PeerClient> clients = new ConcurrentHashMap<>();

  /** How many imports there are, by address. */
  private final Map<String, Integer> imports = new ConcurrentHashMap<>();

  private final Map<PeerClient, Used> used = new ConcurrentHashMap<>();
  private final Map<String, Map<String, String>> notes = new ConcurrentHashMap<>();

  /**
   * Connects with nobody yet.
   *
   * @param grace how long what a node offers is kept when its connection breaks
   * @param teller tells listeners, one thing after the other
   */
  Peers(
      Own own,
      MeshPlan plan,
      Duration grace,
      IoLoop loop,
      ExecutorService teller,
      Happenings happenings,
      Function<PeerClient.Events, Function<Address, PeerClient>> maker) {
    this.own = own;
    this.plan = plan;
    this.grace = grace;
    this.loop = loop;
    this.teller = teller;
    this.happenings = happenings;
    this.maker = maker.apply(this);
  }

  /** The client of a node, made when there is none. */
  PeerClient client(Address address) {
    return clients.compute(
        address.toString(),
        (key, known) -> {
          if (known != null) {
            known.retire(false);
            return known;
          }
          PeerClient made = maker.apply(address);
          made.start();
          return made;
        });
  }

  /**
   * An import of a node's has begun, or ended. A node of which there is none any more is not
   * connected again, unless it was given as a peer: it may never come back, or elsewhere.
   *
   * @param change 1, or -1
   */
  void imported(Address address, int change) {
    imports.compute(
        address.toString(),
        (key, count) -> {
          int now = (count == null ? 0 : count) + change;
          PeerClient client = clients.get(key);
          if (client != null) {
            client.retire(now <= 0 && !used.containsKey(client));
          }
          return now <= 0 ? null : now;
        });
  }

  @Override
  public void retired(PeerClient client) {
    clients.computeIfPresent(
        client.address().toString(),
        (key, known) -> {
          if (known != client || !client.isRetired()) {
            return known;
          }
          client.close();
          return null;
        });
  }

  @Override
  public MeshPlan plan() {
    return plan;
  }

  @Override
  public NodeStatus self() {
    return own.self();
  }

  @Override
  public List<UserStatus> users() {
    return own.users();
  }

  @Override
  public List<NodeStatus> nodes() {
    List<NodeStatus> nodes = new ArrayList<>();
    new TreeMap<>(clients)
        .forEach(
            (address, client) -> {
              nodes.add(
                  new NodeStatus(
                      client.node(),
                      address,
                      client.connected(),
                      client.since(),
                      client.reason(),
                      client.instruments()));
            });
    return nodes;
  }

  @Override
  public Peer connect(String address, PeerListener listener) {
    PeerClient client = client(Address.parse(address));
    Used made = new Used(client, listener);
    if (used.putIfAbsent(client, made) != null) {
      throw new IllegalArgumentException(address + " is connected already");
    }
    return () -> {
      if (used.remove(client, made)) {
        clients.remove(client.address().toString(), client);
        loop.execute(made::withdrawAll);
        client.close();
      }
    };
  }

  @Override
  public List<String> notes(String instrument) {
    Map<String, String> said = notes.get(instrument);
    Set<String> all = new TreeSet<>(said == null ? Set.of() : said.values());
    used.values().stream().flatMap(node -> node.lost(instrument)).forEach(all::add);
    return List.copyOf(all);
  }

  @Override
  public void note(String instrument, String about, String text) {
    notes.compute(
        instrument,
        (name, known) -> {
          Map<String, String> now = known == null ? new ConcurrentHashMap<>() : known;
          if (text == null) {
            now.remove(about);
          } else {
            now.put(about, text);
          }
          return now.isEmpty() ? null : now;
        });
  }

  void close() {
    clients.values().forEach(PeerClient::close);
    teller.shutdown();
  }

  // ---- On the loop's thread ----

  @Override
  public void connected(PeerClient client, Hello peer) {
    with(client, Used::reached);
  }

  @Override
  public void offered(PeerClient client, String target, Map<String, Object> endpoint) {
    with(client, offers -> offers.offered(target, endpoint));
  }

  @Override
  public void complete(PeerClient client) {
    with(client, Used::complete);
  }

  @Override
  public void withdrawn(PeerClient client, String target) {
    with(client, offers -> offers.withdrawn(target));
  }

  @Override
  public void happened(PeerClient client, String topic, Map<String, Object> properties) {
    tell(() -> happenings.happened(client, topic, properties));
  }

  @Override
  public void disconnected(PeerClient client, String reason) {
    with(client, Used::disconnected);
  }

  private void with(PeerClient client, java.util.function.Consumer<Used> what) {
    Used offers = used.get(client);
    if (offers != null) {
      what.accept(offers);
    }
  }

  private void tell(Runnable what) {
    try {
      teller.execute(
          () -> {
            try {
              what.run();
            } catch (RuntimeException e) {
              LOG.error("what another node offers cannot be told", e);
            }
          });
    } catch (RejectedExecutionException e) {
      // the node ends
    }
  }

  /** What one node offers, and who is told. */
  private final class Used implements IoLoop.Timed {
    private final PeerClient client;
    private final PeerListener listener;

    /** By target; only changed by the loop. */
    private final Map<String, Map<String, Object>> offers = new ConcurrentHashMap<>();

    /** Instruments that went because the node is away, by their names there. */
    private final Set<String> lost = ConcurrentHashMap.newKeySet();

    private final Set<String> again = new HashSet<>();
    private boolean away;
    private long awaySince;

    Used(PeerClient client, PeerListener listener) {
      this.client = client;
      this.listener = listener;
    }

    void reached() {
      again.clear();
    }

    void offered(String target, Map<String, Object> endpoint) {
      again.add(target);
      Map<String, Object> known = new LinkedHashMap<>(endpoint);
      // It is reached the way it was found, whatever it believes its address to be.
      known.put(RemoteConstants.ENDPOINT_ID, client.address() + "#" + target);
      Map<String, Object> before = offers.get(target);
      if (known.equals(before)) {
        return;
      }
      if (before != null) {
        withdrawn(target);
      }
      offers.put(target, known);
      tell(() -> listener.offered(known));
    }

    void complete() {
      loop.remove(this);
      away = false;
      withdrawOthers();
      lost.clear();
    }

    /** That the instrument of a name went with its node, and why. */
    Stream<String> lost(String here) {
      return lost.stream()
          .filter(
              there -> plan.names().getOrDefault(client.node() + "." + there, there).equals(here))
          .map(
              there ->
                  there
                      + " of "
                      + client
                      + " is gone with its node, which is not connected since "
                      + client.since().truncatedTo(ChronoUnit.MILLIS)
                      + ": "
                      + client.reason());
    }

    /** Those that were not offered since the node was reached. */
    private void withdrawOthers() {
      for (String target : List.copyOf(offers.keySet())) {
        if (!again.contains(target)) {
          withdrawn(target);
        }
      }
    }

    void withdrawn(String target) {
      again.remove(target);
      Map<String, Object> gone = offers.remove(target);
      if (gone != null) {
        if (away && lost.size() < Limits.ENDPOINTS) {
          lost.add(target.substring(0, Math.max(0, target.indexOf('#'))));
        }
        tell(() -> listener.withdrawn((String) gone.get(RemoteConstants.ENDPOINT_ID)));
      }
    }

    void disconnected() {
      again.clear();
      if (!away) {
        // A node that is reached, and lets nobody in, stays away.
        away = true;
        awaySince = System.nanoTime();
        loop.add(this);
      }
    }

    @Override
    public void tick(long now) {
      if (now - awaySince >= grace.toNanos()) {
        withdrawOthers();
      }
    }

    void withdrawAll() {
      loop.remove(this);
      Collection<String> all = List.copyOf(offers.keySet());
      all.forEach(this::withdrawn);
    }
  }
}
