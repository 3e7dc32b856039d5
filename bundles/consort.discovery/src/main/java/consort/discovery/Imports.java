// SPDX-License-Identifier: Apache-2.0
package consort.discovery;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.osgi.service.remoteserviceadmin.EndpointDescription;
import org.osgi.service.remoteserviceadmin.EndpointEvent;
import org.osgi.service.remoteserviceadmin.EndpointEventListener;
import org.osgi.service.remoteserviceadmin.ImportRegistration;
import org.osgi.service.remoteserviceadmin.RemoteServiceAdmin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Imports endpoints: each once, however many wishes name it. Everything is done by one thread, in
 * the order in which it was told: a name goes before somebody else's of that name comes.
 *
 * <p>It is told what the topology manager wishes, in its place. That one (1.16.1) compares, for
 * each endpoint that comes or goes, all imports of the wish with all endpoints of the wish, on
 * several threads without order: an endpoint that comes and goes quickly may stay imported.
 */
final class Imports implements EndpointEventListener, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Imports.class);

  private final ExecutorService thread;

  // Only touched by the thread.
  private final Map<String, Wanted> wanted = new LinkedHashMap<>();
  private final Set<RemoteServiceAdmin> admins = new LinkedHashSet<>();

  /** An endpoint that is to be imported, and the import when there is one. */
  private static final class Wanted {
    final EndpointDescription endpoint;
    final Set<String> wishes = new HashSet<>();
    RemoteServiceAdmin admin;
    ImportRegistration made;

    Wanted(EndpointDescription endpoint) {
      this.endpoint = endpoint;
    }
  }

  Imports(ExecutorService thread) {
    this.thread = thread;
  }

  /** The thread that does everything; consumers hear of services on it. */
  static ExecutorService thread() {
    return Executors.newSingleThreadExecutor(
        task -> {
          Thread made = new Thread(task, "consort imports");
          made.setDaemon(true);
          return made;
        });
  }

  @Override
  public void endpointChanged(EndpointEvent event, String wish) {
    EndpointDescription endpoint = event.getEndpoint();
    if (event.getType() == EndpointEvent.ADDED) {
      later(() -> added(endpoint, wish));
    } else {
      later(() -> removed(endpoint.getId(), wish));
    }
  }

  private void added(EndpointDescription endpoint, String wish) {
    Wanted one = wanted.computeIfAbsent(endpoint.getId(), id -> new Wanted(endpoint));
    one.wishes.add(wish);
    if (one.made == null) {
      admins.forEach(admin -> make(one, admin));
    }
  }

  private void removed(String id, String wish) {
    Wanted one = wanted.get(id);
    if (one != null && one.wishes.remove(wish) && one.wishes.isEmpty()) {
      wanted.remove(id);
      end(one);
    }
  }

  /** Somebody who can import. */
  void add(RemoteServiceAdmin admin) {
    later(
        () -> {
          admins.add(admin);
          wanted.values().forEach(one -> make(one, admin));
        });
  }

  /** What it had imported, another may import. */
  void remove(RemoteServiceAdmin admin) {
    later(
        () -> {
          admins.remove(admin);
          for (Wanted one : wanted.values()) {
            if (one.admin == admin) {
              end(one);
              admins.forEach(other -> make(one, other));
            }
          }
        });
  }

  /** Imports with an admin, when no other has. */
  private static void make(Wanted one, RemoteServiceAdmin admin) {
    if (one.made != null) {
      return;
    }
    try {
      ImportRegistration made = admin.importService(one.endpoint);
      if (made == null) {
        return; // not one of its types
      }
      if (made.getException() != null) {
        LOG.warn("{} cannot be imported", one.endpoint.getId(), made.getException());
        made.close();
        return;
      }
      one.made = made;
      one.admin = admin;
    } catch (RuntimeException e) {
      LOG.error("{} cannot be imported", one.endpoint.getId(), e);
    }
  }

  private static void end(Wanted one) {
    ImportRegistration made = one.made;
    one.made = null;
    one.admin = null;
    if (made != null) {
      try {
        made.close();
      } catch (RuntimeException e) {
        LOG.error("the import of {} does not end", one.endpoint.getId(), e);
      }
    }
  }

  private void later(Runnable task) {
    try {
      thread.execute(task);
    } catch (RejectedExecutionException e) {
      // the node ends
    }
  }

  /** Ends all imports. */
  @Override
  public void close() {
    later(
        () -> {
          wanted.values().forEach(Imports::end);
          wanted.clear();
        });
    thread.shutdown();
  }
}
