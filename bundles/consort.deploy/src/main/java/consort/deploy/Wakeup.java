// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Sleeps until a folder may have changed. Where the system tells of changes this is at once, else
 * when the time is over; nobody relies on being told.
 */
final class Wakeup implements AutoCloseable {

  private final CountDownLatch closed = new CountDownLatch(1);
  private final List<Path> folders;
  private final Map<Path, WatchKey> keys = new HashMap<>();
  private final WatchService service;
  private boolean changed;

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
  }

  /**
   * Sleeps at most this long.
   *
   * @return false when closed
   */
  boolean sleep(Duration most) throws InterruptedException {
    changed = false;
    if (service == null) {
      return !closed.await(most.toNanos(), TimeUnit.NANOSECONDS);
    }
    try {
      register();
      WatchKey key = service.poll(most.toNanos(), TimeUnit.NANOSECONDS);
      while (key != null) {
        key.pollEvents();
        changed = true;
        key.reset();
        key = service.poll();
      }
    } catch (ClosedWatchServiceException e) {
      return false;
    }
    return closed.getCount() > 0;
  }

  /** Whether the last sleep ended because something changed. */
  boolean changed() {
    return changed;
  }

  /** A folder that was absent, or was removed and made anew, has to be registered again. */
  private void register() {
    for (Path folder : folders) {
      WatchKey key = keys.get(folder);
      if (service != null && (key == null || !key.isValid())) {
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

  @Override
  public void close() {
    closed.countDown();
    if (service != null) {
      try {
        service.close();
      } catch (IOException e) {
        // it is not used again
      }
    }
  }
}
