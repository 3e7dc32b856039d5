// SPDX-License-Identifier: Apache-2.0
package consort.link;

import consort.api.ErrorCode;
import consort.api.Refused;
import consort.api.driver.Connection;
import consort.api.link.LinkSettings;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * All channels of this node by the hardware they lead to, and who keeps them: every second the
 * keeper closes those that nobody has wanted for a while, and looks whether the other side of an
 * idle one has hung up.
 */
final class Channels {

  private static final int WAITING_EVENTS = 10_000;

  private final Duration linger;
  private final Names names = new Names();
  private final Map<String, Channel> channels = new HashMap<>();
  private final ScheduledThreadPoolExecutor keeper =
      new ScheduledThreadPoolExecutor(1, threads("link keeper"));
  private final ThreadPoolExecutor events =
      new ThreadPoolExecutor(
          1,
          1,
          10,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(WAITING_EVENTS),
          threads("link events"),
          new ThreadPoolExecutor.DiscardOldestPolicy());
  private final Duration period;
  private boolean kept;
  private boolean closed;

  /**
   * @param linger how long a channel stays open after its last link
   * @param period how often the keeper looks
   */
  Channels(Duration linger, Duration period) {
    this.linger = linger;
    this.period = period;
    events.allowCoreThreadTimeOut(true);
    keeper.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  ChannelLink open(Session session, Connection connection, LinkSettings settings) {
    if (!connection.type().equalsIgnoreCase("VISA")) {
      throw new Refused(
          ErrorCode.BAD_REQUEST,
          "the driver talks over a link, and a connection of type "
              + connection.type()
              + " has none; write the address into the instrument's file, such as connection:"
              + " \"TCPIP::192.168.0.17::5025::SOCKET\"");
    }
    Resource resource = Resource.parse(connection.address());
    Options options = Options.of(connection, resource);
    synchronized (channels) {
      if (closed) {
        throw new Refused(ErrorCode.STOPPED, "the links are closed");
      }
      Channel channel = channels.computeIfAbsent(resource.key(), key -> create(resource, options));
      if (options.line() != null) {
        settle(channel, options.line());
      }
      ChannelLink link = new ChannelLink(session, channel, options, settings);
      channel.links.add(link);
      if (!kept) {
        kept = true;
        long nanos = period.toNanos();
        keeper.scheduleWithFixedDelay(this::keep, nanos, nanos, TimeUnit.NANOSECONDS);
      }
      return link;
    }
  }

  private Channel create(Resource resource, Options options) {
    if (!resource.isSerial()) {
      Wire wire = new TcpWire(resource.host(), resource.port(), names);
      return new Channel(resource, wire, Duration.ofMillis(100).toNanos());
    }
    AtomicReference<Channel> channel = new AtomicReference<>();
    Wire wire =
        new SerialWire(resource.device(), options.line(), reason -> channel.get().lost(reason));
    channel.set(new Channel(resource, wire, options.line().quiet().toNanos()));
    return channel.get();
  }

  /** A port has one set of settings at a time. */
  private static void settle(Channel channel, Options.Line line) {
    SerialWire wire = (SerialWire) channel.wire();
    Options.Line current = wire.line();
    if (current.equals(line)) {
      return;
    }
    Iterator<ChannelLink> users = channel.links.iterator();
    if (users.hasNext()) {
      throw new Refused(
          ErrorCode.BAD_REQUEST,
          "%s is in use by %s with other settings: %s; not %s"
              .formatted(channel.resource.name(), users.next().session.instrument, current, line));
    }
    wire.line(line);
    channel.setReopen();
  }

  void closed(ChannelLink link) {
    Channel channel = link.channel();
    synchronized (channels) {
      channel.idleSince = System.nanoTime();
      channel.links.remove(link);
    }
  }

  private void keep() {
    List<Channel> all;
    synchronized (channels) {
      all = List.copyOf(channels.values());
    }
    for (Channel channel : all) {
      try {
        keep(channel);
      } catch (RuntimeException e) {
        // One channel's trouble must not end the keeping of the others.
        channel.event("looking after it failed: " + e);
      }
    }
  }

  private void keep(Channel channel) {
    if (channel.links.isEmpty()) {
      release(channel);
    } else if (channel.hasIdleEnd()) {
      channel.lost(Received.CLOSED).run();
    }
  }

  private void release(Channel channel) {
    synchronized (channels) {
      boolean wanted =
          !channel.links.isEmpty() || System.nanoTime() - channel.idleSince < linger.toNanos();
      if (!wanted && channel.closeIfIdle("closed, as it has no user any more")) {
        channels.remove(channel.resource.key(), channel);
      }
    }
  }

  /** Runs what tells somebody else, on a thread that nobody waits for. */
  void tell(Runnable event) {
    events.execute(event);
  }

  void close() {
    List<Channel> all;
    synchronized (channels) {
      closed = true;
      all = List.copyOf(channels.values());
      channels.clear();
    }
    keeper.shutdownNow();
    events.shutdown();
    all.forEach(Channel::discard);
  }

  private static ThreadFactory threads(String name) {
    return body -> {
      Thread thread = new Thread(body, name);
      thread.setDaemon(true);
      return thread;
    };
  }
}
