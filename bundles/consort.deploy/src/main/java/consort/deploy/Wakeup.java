// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Sleeps until a folder may have changed, or somebody wakes it. Where the system tells of changes
 * this is at once, else when the time is over; nobody relies on being told. {@link #wake} may be
 * called by any thread.
 */
final class Wakeup implements AutoCloseable {

  private final Semaphore woken = new Semaphore(0);
  private final List<Path> folders;
  private final Map<Path, WatchKey> keys = new HashMap<>();
  private final WatchService service;
  private volatile Set<Path> files = Set.of();
  private volatile boolean closed;

  Wakeup(List<Path> folders) {
    this.folders = folders;
    WatchService made = null;
    try {
      made = FileSystems.getDefault().newWatchService();
    } catch (IOException | UnsupportedOperationException e) {
      // the system has no watches left, or none at all: the time alone wakes
    }
    service = made;
    register();
    if (service != null) {
      Thread thread = new Thread(this::listen, "deploy wakeup");
      thread.setDaemon(true);
      thread.start();
    }
  }

  /** Turns what the system tells into waking. */
  private void listen() {
    try {
      while (true) {
        WatchKey key = service.take();
        Path folder = (Path) key.watchable();
        if (key.pollEvents().stream().anyMatch(event -> matters(folder, event))) {
          wake();
        }
        key.reset();
      }
    } catch (ClosedWatchServiceException | InterruptedException e) {
      // nobody sleeps here any more
    }
  }

  private boolean matters(Path folder, WatchEvent<?> event) {
    return folders.contains(folder)
        || !(event.context() instanceof Path name)
        || files.contains(folder.resolve(name));
  }

  /** Is woken by these files too from now on, and by no others beside those of the folders. */
  void also(Set<Path> others) {
    files = Set.copyOf(others);
  }

  /** Ends the sleep, or the next one if nobody sleeps now. */
  void wake() {
    woken.release();
  }

  /**
   * Sleeps at most this long.
   *
   * @return false when closed
   */
  boolean sleep(Duration most) throws InterruptedException {
    register();
    woken.tryAcquire(most.toNanos(), TimeUnit.NANOSECONDS);
    woken.drainPermits();
    return !closed;
  }

  /** A folder that was absent, or was removed and made anew, has to be registered again. */
  private void register() {
    if (service == null) {
      return;
    }
    Set<Path> wanted = new HashSet<>(folders);
    files.forEach(file -> wanted.add(file.getParent()));
    keys.entrySet().removeIf(entry -> !wanted.contains(entry.getKey()) && cancel(entry.getValue()));
    for (Path folder : wanted) {
      WatchKey key = keys.get(folder);
      if (key == null || !key.isValid()) {
        try {
          keys.put(
              folder,
              folder.register(
                  service,
                  StandardWatchEventKinds.ENTRY_CREATE,
                  StandardWatchEventKinds.ENTRY_MODIFY,
                  StandardWatchEventKinds.ENTRY_DELETE));
        } catch (IOException | ClosedWatchServiceException e) {
          keys.remove(folder);
        }
      }
    }
  }

  private static boolean cancel(WatchKey key) {
    key.cancel();
    return true;
  }

  @Override
  public void close() {
    closed = true;
    wake();
    if (service != null) {
      try {
        service.close();
      } catch (IOException e) {
        // it is not used again
      }
    }
  }
}
