// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.driver.Connection;
import consort.api.link.Link;
import consort.api.link.LinkService;
import consort.api.link.LinkSession;
import consort.api.link.LinkSettings;
import consort.api.link.TraceEntry;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;

/** Sessions that only note what the guard does with them. */
final class FakeLinks implements LinkService {

  /** Makes links; null where there are none. */
  volatile Function<LinkSettings, Link> onOpen;

  final List<Session> sessions = new CopyOnWriteArrayList<>();

  /** A session. */
  static final class Session implements LinkSession {
    volatile Consumer<String> lost;
    volatile int cancelled;
    volatile int resynchronised;
    volatile int resets;
    volatile boolean closed;
    final Set<Thread> urgent = ConcurrentHashMap.newKeySet();
    volatile RuntimeException resynchroniseFails;
    private final Function<LinkSettings, Link> onOpen;

    Session(Consumer<String> lost, Function<LinkSettings, Link> onOpen) {
      this.lost = lost;
      this.onOpen = onOpen;
    }

    @Override
    public Link open(Connection connection, LinkSettings settings) {
      if (onOpen != null) {
        return onOpen.apply(settings);
      }
      throw new consort.api.Unreachable(consort.api.ErrorCode.NO_LINK, "there are no links here");
    }

    @Override
    public List<String> addresses() {
      return List.of();
    }

    @Override
    public void cancel() {
      cancelled++;
    }

    @Override
    public void setUrgent(boolean on) {
      if (on) {
        urgent.add(Thread.currentThread());
      } else {
        urgent.remove(Thread.currentThread());
      }
    }

    @Override
    public void resynchronise() {
      if (resynchroniseFails != null) {
        throw resynchroniseFails;
      }
      resynchronised++;
    }

    @Override
    public void reset() {
      resets++;
    }

    @Override
    public void close() {
      closed = true;
      lost = reason -> {};
    }
  }

  @Override
  public LinkSession session(String instrument, Consumer<String> lost) {
    Session session = new Session(lost, onOpen);
    sessions.add(session);
    return session;
  }

  @Override
  public List<TraceEntry> trace(String instrument) {
    return List.of();
  }

  Session last() {
    return sessions.get(sessions.size() - 1);
  }
}
