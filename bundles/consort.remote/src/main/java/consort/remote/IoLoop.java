// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that accepts, connects, reads, and writes what could not be written at once. It
 * never waits for anything but the network, and never runs foreign code.
 */
final class IoLoop implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(IoLoop.class);

  /** How often timers are looked at. */
  private static final long TICK_MILLIS = 50;

  /** The size of the buffers that are lent. */
  private static final int LENT = 4 * Limits.FRAME;

  /** How many of them are kept. */
  private static final int SPARE = 4;

  /** What belongs to a channel. */
  interface Ready {
    /** The channel can do what it was registered for. */
    void ready(SelectionKey key) throws IOException;

    /** What is ready failed. */
    void failed(String reason);
  }

  /** What is looked at again and again. */
  interface Timed {
    void tick(long now);
  }

  /** Where bytes are read to; only the loop's thread uses it, and leaves it empty. */
  final ByteBuffer buffer = ByteBuffer.allocateDirect(256 * 1024);

  private final Queue<ByteBuffer> spare = new ArrayBlockingQueue<>(SPARE);
  private final Selector selector;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final Set<Timed> timed = ConcurrentHashMap.newKeySet();
  private final Thread thread = new Thread(this::run, "consort remote");
  private volatile boolean closed;

  IoLoop() throws IOException {
    selector = Selector.open();
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Runs something on the loop's thread, soon; nothing when it has ended. */
  void execute(Runnable task) {
    tasks.add(task);
    if (Thread.currentThread() != thread) {
      selector.wakeup();
    }
  }

  /** A buffer to write from; any thread. */
  ByteBuffer lend() {
    ByteBuffer one = spare.poll();
    return one == null ? ByteBuffer.allocateDirect(LENT) : one;
  }

  /** Takes a buffer back; any thread. */
  void giveBack(ByteBuffer one) {
    one.clear();
    spare.offer(one);
  }

  void add(Timed what) {
    timed.add(what);
  }

  void remove(Timed what) {
    timed.remove(what);
  }

  SelectionKey register(SelectableChannel channel, int operations, Ready ready) throws IOException {
    return channel.register(selector, operations, ready);
  }

  /** After the interest of a key was changed by another thread. */
  void wakeup() {
    if (Thread.currentThread() != thread) {
      selector.wakeup();
    }
  }

  private void run() {
    long next = System.nanoTime();
    while (!closed) {
      try {
        long now = System.nanoTime();
        if (now - next >= 0) {
          next = now + TICK_MILLIS * 1_000_000;
          timed.forEach(what -> guarded(() -> what.tick(now)));
        }
        // Not those that they add: what goes on for ever must not keep the rest.
        for (int count = tasks.size(); count > 0; count--) {
          guarded(tasks.poll());
        }
        if (tasks.isEmpty()) {
          selector.select(this::handle, Math.max(1, (next - System.nanoTime()) / 1_000_000));
        } else {
          selector.selectNow(this::handle);
        }
      } catch (IOException | ClosedSelectorException e) {
        if (!closed) {
          LOG.error("the network cannot be waited for", e);
          return;
        }
      }
    }
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      guarded(task);
    }
  }

  private void handle(SelectionKey key) {
    Ready ready = (Ready) key.attachment();
    try {
      if (key.isValid()) {
        ready.ready(key);
      }
    } catch (IOException e) {
      ready.failed(said(e));
    } catch (RuntimeException | Error e) {
      LOG.error("a connection is closed because of a mistake here", e);
      ready.failed("a mistake in the node");
    }
  }

  private static void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      LOG.error("a mistake in the mesh", e);
    }
  }

  static String said(Exception e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  /** Ends the thread after what it was asked for so far; waits a moment for it. */
  @Override
  public void close() {
    closed = true;
    selector.wakeup();
    try {
      thread.join(1000);
      selector.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      LOG.warn("the network's selector does not close: {}", said(e));
    }
  }
}
