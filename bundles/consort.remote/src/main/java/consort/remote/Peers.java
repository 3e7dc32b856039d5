// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.mesh.Mesh;
import consort.api.mesh.MeshPlan;
import consort.api.mesh.NodeStatus;
import consort.api.mesh.PeerListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.osgi.framework.Constants;
import org.osgi.service.remoteserviceadmin.RemoteConstants;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One client for each node that is used, and what these nodes offer. */
final class Peers implements Mesh, PeerClient.Events {

  /** Is told what happened at other nodes. */
  interface Happenings {
    void happened(PeerClient peer, String topic, Map<String, Object> properties);
  }

  private static final Logger LOG = LoggerFactory.getLogger(Peers.class);

  private final MeshPlan plan;
  private final Duration grace;
  private final IoLoop loop;
  private final ExecutorService teller;
  private final Happenings happenings;
  private final Function<Address, PeerClient> maker;
  private final Map<String, PeerClient> clients = new ConcurrentHashMap<>();
  private final Map<PeerClient, Used> used = new ConcurrentHashMap<>();
  private final Map<String, Map<String, String>> notes = new ConcurrentHashMap<>();

  /**
   * Connects with nobody yet.
   *
   * @param grace how long what a node offers is kept when its connection breaks
   * @param teller tells listeners, one thing after the other
   */
  Peers(
      MeshPlan plan,
      Duration grace,
      IoLoop loop,
      ExecutorService teller,
      Happenings happenings,
      Function<PeerClient.Events, Function<Address, PeerClient>> maker) {
    this.plan = plan;
    this.grace = grace;
    this.loop = loop;
    this.teller = teller;
    this.happenings = happenings;
    this.maker = maker.apply(this);
  }

  /** The client of a node, made when there is none. */
  PeerClient client(Address address) {
    return clients.computeIfAbsent(
        address.toString(),
        key -> {
          PeerClient made = maker.apply(address);
          made.start();
          return made;
        });
  }

  @Override
  public MeshPlan plan() {
    return plan;
  }

  @Override
  public List<NodeStatus> nodes() {
    List<NodeStatus> nodes = new ArrayList<>();
    new TreeMap<>(clients)
        .forEach(
            (address, client) -> {
              Used offers = used.get(client);
              nodes.add(
                  new NodeStatus(
                      client.node(),
                      address,
                      client.connected(),
                      client.since(),
                      client.reason(),
                      offers == null ? List.of() : offers.instruments()));
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
    Map<String, String> all = notes.get(instrument);
    return all == null ? List.of() : all.values().stream().distinct().sorted().toList();
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
    with(client, Used::connected);
  }

  @Override
  public void offered(PeerClient client, Map<String, Object> endpoint) {
    with(client, offers -> offers.offered(endpoint));
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

    private final Set<String> again = new HashSet<>();
    private long awaySince;

    Used(PeerClient client, PeerListener listener) {
      this.client = client;
      this.listener = listener;
    }

    List<String> instruments() {
      return offers.keySet().stream()
          .map(target -> target.substring(0, target.indexOf('#')))
          .distinct()
          .sorted()
          .toList();
    }

    void connected() {
      loop.remove(this);
      again.clear();
    }

    void offered(Map<String, Object> endpoint) {
      Object id = endpoint.get(RemoteConstants.ENDPOINT_ID);
      int cut = id instanceof String text ? text.indexOf('#') : -1;
      if (cut < 0 || !endpoint.containsKey(Constants.OBJECTCLASS)) {
        LOG.warn("{} offers something that is no endpoint", client);
        return;
      }
      String target = ((String) id).substring(cut + 1);
      again.add(target);
      Map<String, Object> known = new LinkedHashMap<>(endpoint);
      // It is reached the way it was found, whatever it believes its address to be.
      known.put(RemoteConstants.ENDPOINT_ID, client.address() + "#" + target);
      Map<String, Object> before = offers.get(target);
      if (known.equals(before) || offers.size() >= Limits.ENDPOINTS) {
        return;
      }
      if (before != null) {
        withdrawn(target);
      }
      offers.put(target, known);
      tell(() -> listener.offered(known));
    }

    void complete() {
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
        tell(() -> listener.withdrawn((String) gone.get(RemoteConstants.ENDPOINT_ID)));
      }
    }

    void disconnected() {
      awaySince = System.nanoTime();
      loop.add(this);
    }

    @Override
    public void tick(long now) {
      if (now - awaySince >= grace.toNanos()) {
        withdrawAll();
      }
    }

    void withdrawAll() {
      loop.remove(this);
      Collection<String> all = List.copyOf(offers.keySet());
      all.forEach(this::withdrawn);
    }
  }
}
