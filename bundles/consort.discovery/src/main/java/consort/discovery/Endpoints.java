// SPDX-License-Identifier: Apache-2.0
package consort.discovery;

import consort.api.mesh.PeerListener;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.osgi.framework.Constants;
import org.osgi.service.remoteserviceadmin.EndpointDescription;
import org.osgi.service.remoteserviceadmin.EndpointEvent;
import org.osgi.service.remoteserviceadmin.EndpointEventListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells listeners which endpoints there are. Everything is done by one thread. */
final class Endpoints implements AutoCloseable {

  /** Says something of the name of an instrument, for {@code why}. */
  interface Notes {
    void note(String name, String about, String text);
  }

  private static final Logger LOG = LoggerFactory.getLogger(Endpoints.class);

  /** How often it is looked whether names of this node's own instruments have come or gone. */
  private static final long LOOK_SECONDS = 1;

  /** In place of an address, for what was found in another way. */
  private static final String ELSEWHERE = "elsewhere";

  private final Policy policy;
  private final Notes notes;
  private final ScheduledExecutorService thread;
  private final AtomicBoolean deciding = new AtomicBoolean();

  // Only touched by the thread.
  private final Map<Found, Offer> offers = new LinkedHashMap<>();
  private final Map<String, EndpointDescription> announced = new LinkedHashMap<>();
  private final Map<String, Policy.Decision> decided = new HashMap<>();
  private final Map<Object, Told> listeners = new HashMap<>();

  /** One endpoint may be found in several ways, and is there until the last of them loses it. */
  private record Found(String way, String id) {}

  /** A listener, and which endpoints it was told of for each of its wishes. */
  private record Told(
      EndpointEventListener listener, Map<String, Map<String, EndpointDescription>> byScope) {}

  Endpoints(Policy policy, Notes notes, ScheduledExecutorService thread) {
    this.policy = policy;
    this.notes = notes;
    this.thread = thread;
    thread.scheduleWithFixedDelay(
        guarded(this::decide), LOOK_SECONDS, LOOK_SECONDS, TimeUnit.SECONDS);
  }

  /** The thread that does everything. */
  static ScheduledExecutorService thread() {
    return Executors.newSingleThreadScheduledExecutor(
        task -> {
          Thread made = new Thread(task, "consort discovery");
          made.setDaemon(true);
          return made;
        });
  }

  /** What takes the offers of a node. */
  PeerListener of(String address) {
    return of(address, address);
  }

  private PeerListener of(String address, String way) {
    return new PeerListener() {
      @Override
      public void offered(Map<String, Object> endpoint) {
        String id = (String) endpoint.get("endpoint.id");
        later(() -> offers.put(new Found(way, id), new Offer(address, id, endpoint)));
        soon();
      }

      @Override
      public void withdrawn(String id) {
        later(() -> offers.remove(new Found(way, id)));
        soon();
      }
    };
  }

  /**
   * What takes offers that were found elsewhere than at their nodes; their ids say where they are.
   */
  PeerListener ofOthers() {
    return new PeerListener() {
      @Override
      public void offered(Map<String, Object> endpoint) {
        of(address((String) endpoint.get("endpoint.id")), ELSEWHERE).offered(endpoint);
      }

      @Override
      public void withdrawn(String id) {
        of(address(id), ELSEWHERE).withdrawn(id);
      }
    };
  }

  private static String address(String id) {
    return id.substring(0, Math.max(0, id.indexOf('#')));
  }

  /** A listener, or one whose wishes have changed. */
  void listen(Object key, EndpointEventListener listener, Collection<String> scopes) {
    later(
        () -> {
          Told told = listeners.computeIfAbsent(key, k -> new Told(listener, new HashMap<>()));
          // It forgot what belonged to the wish itself.
          told.byScope.keySet().retainAll(scopes);
          scopes.forEach(scope -> told.byScope.computeIfAbsent(scope, s -> new HashMap<>()));
          tell(told);
        });
  }

  void forget(Object key) {
    later(() -> listeners.remove(key));
  }

  /** Decides once after what came until then: offers come in bursts. */
  private void soon() {
    if (deciding.compareAndSet(false, true)) {
      later(
          () -> {
            deciding.set(false);
            decide();
          });
    }
  }

  private void decide() {
    Map<Offer, Policy.Decision> decisions = policy.decide(offers.values());
    Map<String, Policy.Decision> now = new HashMap<>();
    decisions.forEach((offer, decision) -> now.put(offer.id(), decision));
    boolean changed = false;
    for (String id : List.copyOf(decided.keySet())) {
      Policy.Decision before = decided.get(id);
      if (!before.equals(now.get(id))) {
        decided.remove(id);
        changed |= announced.remove(id) != null;
        // Also what the provider said of it when somebody wanted to use it.
        notes.note(before.name(), id, null);
      }
    }
    if (changed) {
      listeners.values().forEach(this::tell);
    }
    for (Map.Entry<String, Policy.Decision> entry : now.entrySet()) {
      Policy.Decision decision = entry.getValue();
      if (decided.putIfAbsent(entry.getKey(), decision) == null) {
        changed = true;
        if (decision.properties() == null) {
          LOG.info("{}", decision.reason());
          notes.note(decision.name(), entry.getKey(), decision.reason());
        } else {
          announced.put(entry.getKey(), description(decision.properties()));
        }
      }
    }
    if (changed) {
      listeners.values().forEach(this::tell);
    }
  }

  private static EndpointDescription description(Map<String, Object> properties) {
    Map<String, Object> map = new HashMap<>(properties);
    List<String> classes = new ArrayList<>();
    if (map.get(Constants.OBJECTCLASS) instanceof Collection<?> many) {
      many.forEach(name -> classes.add(name.toString()));
    }
    map.put(Constants.OBJECTCLASS, classes.toArray(String[]::new));
    return new EndpointDescription(map);
  }

  /** Tells a listener what it does not know yet. */
  private void tell(Told told) {
    told.byScope.forEach(
        (scope, known) -> {
          for (EndpointDescription endpoint : List.copyOf(known.values())) {
            if (announced.get(endpoint.getId()) != endpoint) {
              known.remove(endpoint.getId());
              tell(told.listener, EndpointEvent.REMOVED, endpoint, scope);
            }
          }
          for (EndpointDescription endpoint : announced.values()) {
            if (!known.containsKey(endpoint.getId()) && endpoint.matches(scope)) {
              known.put(endpoint.getId(), endpoint);
              tell(told.listener, EndpointEvent.ADDED, endpoint, scope);
            }
          }
        });
  }

  private static void tell(
      EndpointEventListener listener, int type, EndpointDescription endpoint, String scope) {
    try {
      listener.endpointChanged(new EndpointEvent(type, endpoint), scope);
    } catch (RuntimeException e) {
      LOG.error("a listener for endpoints fails", e);
    }
  }

  private void later(Runnable task) {
    try {
      thread.execute(guarded(task));
    } catch (RejectedExecutionException e) {
      // the node ends
    }
  }

  private static Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException e) {
        LOG.error("endpoints of other nodes cannot be looked at", e);
      }
    };
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
