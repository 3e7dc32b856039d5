// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.Refused;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventConstants;
import org.osgi.service.event.EventHandler;

/** Those who watch the events of this node. A slow one loses events, and nobody else does. */
final class Watches implements EventHandler {

  /** What is listened to. */
  static final String TOPICS = "consort/*";

  /** The most watches at once. */
  static final int MOST = 32;

  /** The most events that wait to be taken by one. */
  static final int QUEUE = 1000;

  private final Set<Queue> open = new LinkedHashSet<>();
  private boolean closed;

  /**
   * Begins a watch.
   *
   * @param name the only instrument of interest, empty for all
   * @throws Refused when there are too many
   */
  Queue open(String name, Caller caller) {
    synchronized (open) {
      if (closed) {
        throw new Refused(ErrorCode.STOPPED, "the node is going down");
      }
      if (open.size() >= MOST) {
        throw new Refused(
            ErrorCode.BUSY,
            MOST + " watches are open already; " + caller.name() + " gets no further one");
      }
      Queue queue = new Queue(name);
      open.add(queue);
      return queue;
    }
  }

  @Override
  public void handleEvent(Event event) {
    List<Queue> all;
    synchronized (open) {
      if (open.isEmpty()) {
        return;
      }
      all = List.copyOf(open);
    }
    Map<String, Object> plain = plain(event);
    all.forEach(queue -> queue.offer(plain));
  }

  private static Map<String, Object> plain(Event event) {
    Map<String, Object> properties = new TreeMap<>();
    for (String name : event.getPropertyNames()) {
      if (!name.equals(EventConstants.EVENT_TOPIC)) {
        Object value = event.getProperty(name);
        properties.put(name, Plain.of(value instanceof Object[] a ? Arrays.asList(a) : value));
      }
    }
    Map<String, Object> out = Plain.map("topic", event.getTopic());
    out.putAll(properties);
    return out;
  }

  void close() {
    List<Queue> all;
    synchronized (open) {
      closed = true;
      all = List.copyOf(open);
    }
    all.forEach(Queue::close);
  }

  /** One watch. */
  final class Queue implements Watch {

    private final String name;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Map<String, Object>> events = new ArrayDeque<>();
    private long dropped;
    private boolean ended;

    private Queue(String name) {
      this.name = name;
    }

    /** Puts an event at the end, if it is of interest. */
    void offer(Map<String, Object> event) {
      if (!name.isEmpty() && !concerns(event)) {
        return;
      }
      lock.lock();
      try {
        if (ended) {
          return;
        }
        if (events.size() >= QUEUE) {
          events.poll();
          dropped++;
        }
        events.add(event);
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    private boolean concerns(Map<String, Object> event) {
      return name.equals(event.get("instrument"))
          || (event.get("instruments") instanceof Collection<?> names && names.contains(name));
    }

    @Override
    public Map<String, Object> next(Duration atMost) throws InterruptedException {
      long left = TimeUnit.NANOSECONDS.convert(atMost);
      lock.lockInterruptibly();
      try {
        while (events.isEmpty() && !ended && left > 0) {
          left = changed.awaitNanos(left);
        }
        if (ended) {
          return null;
        }
        if (dropped > 0) {
          long lost = dropped;
          dropped = 0;
          return Plain.map(
              "topic",
              "consort/watch/DROPPED",
              "dropped",
              lost,
              "text",
              lost + " events came faster than they were taken, and were dropped");
        }
        return events.poll();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public boolean isOpen() {
      lock.lock();
      try {
        return !ended;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      synchronized (open) {
        open.remove(this);
      }
      lock.lock();
      try {
        ended = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
