// SPDX-License-Identifier: Apache-2.0
package consort.discovery;

import consort.api.mesh.PeerListener;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.Constants;
import org.osgi.framework.Filter;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
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

  private final Notes notes;
  private final ScheduledExecutorService thread;

  // Only touched by the thread.
  private boolean deciding;
  private final Offers offers;
  private final Map<String, EndpointDescription> announced = new LinkedHashMap<>();
  private final Map<Object, Told> listeners = new HashMap<>();

  /** A listener and its wishes. */
  private record Told(EndpointEventListener listener, Map<String, Wish> wishes) {}

  /** What a listener asked for, and the endpoints it was told of for that. */
  private record Wish(Filter filter, Map<String, EndpointDescription> known) {}

  Endpoints(Policy policy, Notes notes, ScheduledExecutorService thread) {
    this.offers = new Offers(policy);
    this.notes = notes;
    this.thread = thread;
    Runnable look =
        () -> {
          offers.look();
          decide();
        };
    thread.scheduleWithFixedDelay(guarded(look), LOOK_SECONDS, LOOK_SECONDS, TimeUnit.SECONDS);
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
        change(() -> offers.put(way, new Offer(address, id, endpoint)));
      }

      @Override
      public void withdrawn(String id) {
        change(() -> offers.remove(way, id));
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
          for (String scope : List.copyOf(told.wishes.keySet())) {
            if (!scopes.contains(scope)) {
              Wish wish = told.wishes.remove(scope);
              wish.known
                  .values()
                  .forEach(gone -> tell(told.listener, EndpointEvent.REMOVED, gone, scope));
            }
          }
          scopes.forEach(scope -> wish(told, scope));
        });
  }

  private void wish(Told told, String scope) {
    if (told.wishes.containsKey(scope)) {
      return;
    }
    try {
      Wish wish = new Wish(FrameworkUtil.createFilter(scope), new HashMap<>());
      told.wishes.put(scope, wish);
      announced.values().forEach(endpoint -> added(told, scope, wish, endpoint));
    } catch (InvalidSyntaxException e) {
      LOG.warn("a listener for endpoints wants '{}': {}", scope, e.getMessage());
    }
  }

  void forget(Object key) {
    later(() -> listeners.remove(key));
  }

  /** Offers come in bursts: it is decided once about those that wait when the first is taken. */
  private void change(Runnable change) {
    later(
        () -> {
          change.run();
          if (!deciding) {
            deciding = true;
            later(
                () -> {
                  deciding = false;
                  decide();
                });
          }
        });
  }

  /** Takes back what no longer holds before it says anything new. */
  private void decide() {
    Offers.Changes changes = offers.decide();
    for (Offers.Decided past : changes.past()) {
      // Also what the provider said of it when somebody wanted to use it.
      notes.note(past.decision().name(), past.id(), null);
      if (announced.remove(past.id()) != null) {
        listeners.values().forEach(told -> removed(told, past.id()));
      }
    }
    for (Offers.Decided present : changes.present()) {
      Policy.Decision decision = present.decision();
      if (decision.properties() == null) {
        LOG.info("{}", decision.reason());
        notes.note(decision.name(), present.id(), decision.reason());
      } else {
        announce(present.id(), decision.properties());
      }
    }
  }

  private void announce(String id, Map<String, Object> properties) {
    try {
      EndpointDescription endpoint = description(properties);
      announced.put(id, endpoint);
      listeners
          .values()
          .forEach(told -> told.wishes.forEach((s, wish) -> added(told, s, wish, endpoint)));
    } catch (IllegalArgumentException e) {
      LOG.warn("{} is no endpoint: {}", id, e.getMessage());
    }
  }

  private static EndpointDescription description(Map<String, Object> properties) {
    Map<String, Object> map = new HashMap<>(properties);
    map.put(Constants.OBJECTCLASS, Offer.types(properties).toArray(String[]::new));
    return new EndpointDescription(map);
  }

  private static void added(Told told, String scope, Wish wish, EndpointDescription endpoint) {
    if (wish.filter.matches(endpoint.getProperties())) {
      wish.known.put(endpoint.getId(), endpoint);
      tell(told.listener, EndpointEvent.ADDED, endpoint, scope);
    }
  }

  private static void removed(Told told, String id) {
    told.wishes.forEach(
        (scope, wish) -> {
          EndpointDescription gone = wish.known.remove(id);
          if (gone != null) {
            tell(told.listener, EndpointEvent.REMOVED, gone, scope);
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
