// SPDX-License-Identifier: Apache-2.0
package consort.link;

import consort.api.ErrorCode;
import consort.api.Unreachable;
import consort.api.driver.Connection;
import consort.api.link.Link;
import consort.api.link.LinkSession;
import consort.api.link.LinkSettings;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** The links of one driver instance. */
final class Session implements LinkSession {

  final String instrument;
  final TraceRing trace;
  private final Channels channels;
  private volatile Consumer<String> lost;
  private final List<ChannelLink> links = new CopyOnWriteArrayList<>();

  /** Those whose operations a cancel does not end. */
  private final Set<Thread> urgent = ConcurrentHashMap.newKeySet();

  private volatile boolean cancelled;
  private volatile boolean closed;

  Session(String instrument, TraceRing trace, Channels channels, Consumer<String> lost) {
    this.instrument = instrument;
    this.trace = trace;
    this.channels = channels;
    this.lost = lost;
  }

  @Override
  public Link open(Connection connection, LinkSettings settings) {
    if (closed) {
      throw new Unreachable(ErrorCode.NO_LINK, connection + ": the session is closed");
    }
    ChannelLink link = channels.open(this, connection, settings);
    links.add(link);
    if (closed) {
      link.close();
    }
    return link;
  }

  @Override
  public List<String> addresses() {
    return links.stream().map(ChannelLink::address).distinct().toList();
  }

  @Override
  public void cancel() {
    cancelled = true;
    links.forEach(ChannelLink::cancel);
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
    cancelled = false;
    links.forEach(ChannelLink::resynchronise);
  }

  @Override
  public void reset() {
    cancelled = false;
    for (ChannelLink link : links) {
      if (link.channel().isDirty()) {
        link.channel().setReopen();
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    // The channel remembers who used it last; the listener is the former driver's.
    lost = reason -> {};
    links.forEach(ChannelLink::close);
  }

  void closed(ChannelLink link) {
    links.remove(link);
    channels.closed(link);
  }

  /** Whether operations of the current thread have to end. */
  boolean isStopped() {
    return closed || cancelled && !urgent.contains(Thread.currentThread());
  }

  boolean isClosed() {
    return closed;
  }

  /** On a thread of the links' own, as the listener is foreign code. */
  void tellLost(String reason) {
    if (!closed) {
      Consumer<String> listener = lost;
      channels.tell(() -> listener.accept(reason));
    }
  }
}
