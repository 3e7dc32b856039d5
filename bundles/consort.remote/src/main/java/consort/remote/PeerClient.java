// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.ErrorCode;
import consort.api.InstrumentStatus;
import consort.api.Reason;
import consort.api.Refused;
import consort.api.State;
import consort.api.TimedOut;
import consort.api.Unreachable;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.osgi.framework.Constants;
import org.osgi.service.remoteserviceadmin.RemoteConstants;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's one connection with another, made again whenever it breaks. What was certainly not
 * sent waits for the next connection; what may have been sent is never sent again.
 */
final class PeerClient implements Connection.Handler, IoLoop.Timed {

  private static final Logger LOG = LoggerFactory.getLogger(PeerClient.class);

  /** How long a call without a deadline waits for a connection. */
  private static final Duration CONNECTING = Duration.ofSeconds(5);

  /** From so many questions under way on, it is better to send some at a time than each at once. */
  private static final int FEW = 4;

  /** The owner holds the deadline; this is how long its answer may be on the way. */
  private static final Duration ON_THE_WAY = Duration.ofMillis(100);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

  /** What happens at the other node, told on the loop's thread. */
  interface Events {
    /** It is reached, and about to tell what it offers. */
    void connected(PeerClient client, Hello peer);

    void offered(PeerClient client, String target, Map<String, Object> endpoint);

    /** All that the node offers now has been offered since it was reached. */
    void complete(PeerClient client);

    void withdrawn(PeerClient client, String target);

    void happened(PeerClient client, String topic, Map<String, Object> properties);

    void disconnected(PeerClient client, String reason);

    /** It is not connected, nobody waits for it, and it is not needed any more. */
    void retired(PeerClient client);
  }

  private final Address address;
  private final Supplier<Connecting> connector;
  private final IoLoop loop;
  private final Executor executor;
  private final Executor callbacks;
  private final Events events;

  private final AtomicInteger ids = new AtomicInteger();
  private final Map<Integer, Pending> pending = new ConcurrentHashMap<>();
  private final Queue<Pending> waiting = new ConcurrentLinkedQueue<>();
  private final PeerLeases leases;
  private final Map<String, InfoCodec.Told> statuses = new ConcurrentHashMap<>();
  private final Set<String> offers = ConcurrentHashMap.newKeySet();
  private volatile Connection open;
  private volatile boolean closed;
  private volatile boolean retired;

  /** What its instruments are called here, by their names there. */
  private final Map<String, String> names = new ConcurrentHashMap<>();

  private volatile String reason = "not connected yet";
  private volatile Instant since = Instant.now();
  private volatile String node = "";

  // Only touched by the loop.
  private Connecting connecting;
  private Connection greeting;
  private boolean greeted;
  private long retryAt;
  private volatile long pause; // which only the loop changes

  /** A channel that is being connected. */
  interface Connecting {
    /**
     * The connection, once the channel is connected; null as long as it is not.
     *
     * @throws IOException when it cannot be
     */
    Connection poll(Connection.Handler handler) throws IOException;

    void cancel();
  }

  /**
   * Does nothing before it is started.
   *
   * @param executor gives each task a thread at once
   * @param callbacks runs what waits for answers
   */
  PeerClient(
      Address address,
      Supplier<Connecting> connector,
      IoLoop loop,
      Executor executor,
      Executor callbacks,
      Events events) {
    this.address = address;
    this.connector = connector;
    this.loop = loop;
    this.executor = executor;
    this.callbacks = callbacks;
    this.events = events;
    this.leases = new PeerLeases(this, executor);
  }

  void start() {
    retryAt = System.nanoTime();
    loop.add(this);
    loop.execute(() -> tick(System.nanoTime()));
  }

  Address address() {
    return address;
  }

  /** The leases that this node has there. */
  PeerLeases leases() {
    return leases;
  }

  /** The name of the node, empty as long as it never answered. */
  String node() {
    return node;
  }

  /** Whether it is not to be connected again once it is not. */
  void retire(boolean wanted) {
    retired = wanted;
  }

  boolean isRetired() {
    return retired;
  }

  /** An instrument of it has this name here. */
  void shownAs(String there, String here) {
    names.put(there, here);
  }

  /** What an instrument of it is called here; null when it is not imported. */
  String shownAs(String there) {
    return names.get(there);
  }

  boolean connected() {
    return open != null;
  }

  Instant since() {
    return since;
  }

  /** Why it is not connected; empty when it is. */
  String reason() {
    return open == null ? reason : "";
  }

  /** The instruments that it offers now, sorted by their names there. */
  List<String> instruments() {
    return offers.stream()
        .map(target -> target.substring(0, Math.max(0, target.indexOf('#'))))
        .distinct()
        .sorted()
        .toList();
  }

  /** What tells an endpoint from others of its node; null when it is none. */
  static String target(Map<String, Object> endpoint) {
    Object id = endpoint.get(RemoteConstants.ENDPOINT_ID);
    int cut = id instanceof String text ? text.indexOf('#') : -1;
    return cut < 0 || !endpoint.containsKey(Constants.OBJECTCLASS)
        ? null
        : ((String) id).substring(cut + 1);
  }

  /** How long it waits before it connects again, in ns. */
  long pause() {
    return pause;
  }

  /** How the node is named for people. */
  @Override
  public String toString() {
    return node.isEmpty() ? "the node at " + address : "node " + node + " (" + address + ")";
  }

  // ---- Questions; any thread ----

  /** What an instrument last was, null when it was never told. */
  InfoCodec.Told status(String instrument) {
    return statuses.get(instrument);
  }

  /**
   * Asks and waits.
   *
   * @param within the deadline; null for the owner's
   * @param question makes the message from its id and the time left, null for the owner's deadline
   */
  Pending.Outcome ask(String what, Duration within, Question question) {
    int id = ids.incrementAndGet();
    long now = System.nanoTime();
    long limit = within == null ? Long.MAX_VALUE : nanos(within);
    Pending asked =
        Pending.awaited(
            id,
            what,
            () -> question.message(id, left(now, limit)),
            end(now, limit),
            sent(now, limit));
    submit(asked);
    boolean interrupted = false;
    Pending.Outcome outcome = asked.outcome();
    while (outcome == null) {
      long left = asked.until - System.nanoTime();
      if (left <= 0) {
        expire(asked);
      } else {
        LockSupport.parkNanos(this, left);
        // A caller's interrupt must not make the effect of its call unknown: it is kept for later.
        interrupted |= Thread.interrupted();
      }
      outcome = asked.outcome();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (outcome.failure() != null) {
      throw outcome.failure();
    }
    return outcome;
  }

  /** Asks without waiting; the callback runs on a thread of the callbacks. */
  Pending send(
      String what, Duration within, Question question, Consumer<Pending.Outcome> callback) {
    return send(what, within, question, callback, null);
  }

  /**
   * Asks without waiting.
   *
   * @param ready is run when the other node is ready to begin, on a thread of the executor; null
   *     for questions where that is no matter
   */
  Pending send(
      String what,
      Duration within,
      Question question,
      Consumer<Pending.Outcome> callback,
      Runnable ready) {
    int id = ids.incrementAndGet();
    long now = System.nanoTime();
    long limit = within == null ? Long.MAX_VALUE : nanos(within);
    Pending asked =
        Pending.sent(
            id,
            what,
            () -> question.message(id, left(now, limit)),
            end(now, limit),
            sent(now, limit),
            callbacks,
            callback,
            ready == null ? null : () -> executor.execute(ready));
    submit(asked);
    return asked;
  }

  /** Takes back the memory of an answer that has been read. */
  void read(byte[] payload) {
    Connection now = open;
    if (now != null) {
      now.spare().give(payload);
    }
  }

  /** Says something that has no answer; nothing when there is no connection. */
  void tell(Message message) {
    Connection now = open;
    if (now != null) {
      now.send(message);
    }
  }

  /** Makes a message. */
  interface Question {
    Message message(int id, Duration left);
  }

  private static long nanos(Duration limit) {
    return Math.min(consort.api.Deadline.nanos(limit), Long.MAX_VALUE / 4);
  }

  private static Duration left(long begun, long limit) {
    return limit == Long.MAX_VALUE
        ? null
        : Duration.ofNanos(Math.max(1, limit - (System.nanoTime() - begun)));
  }

  private static long end(long now, long limit) {
    return now + (limit == Long.MAX_VALUE ? Long.MAX_VALUE / 2 : limit + ON_THE_WAY.toNanos());
  }

  private static long sent(long now, long limit) {
    return now + (limit == Long.MAX_VALUE ? CONNECTING.toNanos() : limit);
  }

  private void submit(Pending asked) {
    if (closed) {
      throw gone();
    }
    pending.put(asked.id, asked);
    if (closed) {
      // Whoever closed it may have looked before this was there.
      if (pending.remove(asked.id) != null) {
        throw gone();
      }
      return;
    }
    Connection now = open;
    if (now == null || !transmit(asked, now)) {
      waiting.add(asked);
      if (open != null) {
        loop.execute(this::resume);
      }
    }
  }

  /** Gives a question to a connection; false when that is closed. */
  private boolean transmit(Pending asked, Connection connection) {
    if (asked.outcome() != null) {
      return true;
    }
    if (connection.unwritten() > Limits.UNWRITTEN) {
      pending.remove(asked.id);
      asked.fail(
          new Refused(ErrorCode.BUSY, asked.what + ": too much waits to be sent to " + this));
      return true;
    }
    Outgoing outgoing;
    try {
      outgoing = new Outgoing(asked.question.get());
    } catch (RuntimeException e) {
      // A value that does not travel.
      pending.remove(asked.id);
      asked.fail(e);
      return true;
    }
    if (outgoing.size() > Limits.MESSAGE) {
      pending.remove(asked.id);
      asked.fail(
          new Refused(
              ErrorCode.BAD_ARGUMENT,
              asked.what + ": " + outgoing.size() + " bytes are more than go to another node"));
      return true;
    }
    // Its time may have been over while the message was made; then it was said not to be sent.
    return !asked.goesAs(outgoing)
        || connection.send(outgoing, pending.size() > FEW)
        || !asked.waitsAgain(outgoing);
  }

  /** Nobody waits any longer. */
  void cancel(Pending asked) {
    boolean unsent = asked.withdraw();
    waiting.remove(asked);
    if (pending.remove(asked.id) != null && !unsent) {
      tell(Message.bare(MessageType.CANCEL, asked.id));
    }
  }

  private void expire(Pending asked) {
    if (asked.withdraw()) {
      pending.remove(asked.id);
      // The next connection may be a long time away.
      waiting.remove(asked);
      asked.fail(
          new Unreachable(
              ErrorCode.NO_LINK, asked.what + " was not sent: " + this + ": " + reason()));
    } else {
      asked.fail(
          new TimedOut(asked.what + ": no answer of " + this + " in time; its effect is unknown"));
      cancel(asked);
    }
  }

  private Unreachable gone() {
    return new Unreachable(ErrorCode.NO_LINK, this + " is not used any more");
  }

  // ---- The loop's thread ----

  @Override
  public void tick(long now) {
    if (closed) {
      return;
    }
    for (Pending asked : pending.values()) {
      if (now - asked.until >= 0 || (now - asked.sentUntil >= 0 && asked.outgoing() == null)) {
        expire(asked);
      }
    }
    if (open != null || greeting != null) {
      return;
    }
    if (retired && pending.isEmpty()) {
      events.retired(this);
      return;
    }
    try {
      if (connecting == null && now - retryAt >= 0) {
        connecting = connector.get();
        retryAt = now + LONGEST_PAUSE.toNanos();
      }
      if (connecting != null) {
        greeting = connecting.poll(this);
        if (greeting != null) {
          connecting = null;
          greeting.begin();
        } else if (now - retryAt >= 0) {
          connecting.cancel();
          throw new IOException("no answer within " + LONGEST_PAUSE.toSeconds() + " s");
        }
      }
    } catch (IOException e) {
      connecting = null;
      failed(IoLoop.said(e));
    }
  }

  private void failed(String why) {
    if (!why.equals(reason)) {
      LOG.info("{}: {}", this, why);
      reason = why;
    }
    // A node that comes back is there at once, one that stays away costs little.
    pause = Math.min(LONGEST_PAUSE.toNanos(), Math.max(FIRST_PAUSE.toNanos(), 2 * pause));
    retryAt = System.nanoTime() + pause;
  }

  @Override
  public void opened(Connection connection, Hello peer) throws Malformed {
    String proven = connection.proven();
    if (!proven.isEmpty() && !proven.equals(peer.node())) {
      throw new Malformed(
          "the node says to be " + peer.node() + ", its certificate says " + proven);
    }
    node = peer.node();
    greeted = true;
    events.connected(this, peer);
  }

  /** It has offered what it has, so it lets this node in. */
  private void complete(Connection connection) throws Malformed {
    if (open != null) {
      throw new Malformed("the node says twice that it has offered all");
    }
    greeting = null;
    since = Instant.now();
    pause = 0;
    open = connection;
    LOG.info("{} is connected", this);
    events.complete(this);
    resume();
  }

  private void offered(Map<String, Object> endpoint) {
    String target = target(endpoint);
    if (target == null) {
      LOG.warn("{} offers something that is no endpoint", this);
    } else if (offers.size() < Limits.ENDPOINTS || offers.contains(target)) {
      offers.add(target);
      events.offered(this, target, endpoint);
    }
  }

  private void withdrawn(String target) {
    offers.remove(target);
    events.withdrawn(this, target);
  }

  private void resume() {
    Connection now = open;
    for (int count = waiting.size(); count > 0 && now != null; count--) {
      Pending asked = waiting.poll();
      if (asked != null && !transmit(asked, now)) {
        waiting.add(asked);
        return;
      }
    }
  }

  @Override
  public void received(Connection connection, MessageType type, int id, byte[] payload)
      throws Malformed {
    switch (type) {
      case RESULT, ERROR, DESCRIPTION, LEASED -> {
        Pending asked = pending.remove(id);
        if (type == MessageType.LEASED) {
          leases.leased(payload, asked != null);
        }
        if (asked != null) {
          asked.complete(new Pending.Outcome(type, payload, null));
        }
      }
      case READY -> {
        Pending asked = pending.get(id);
        if (asked != null) {
          asked.ready();
        }
      }
      case LEASE_OVER -> leases.over(payload);
      case OFFER -> offered(Fields.read("offer", payload, 1).map(0));
      case OFFERED -> complete(connection);
      case WITHDRAW -> withdrawn(Fields.read("withdraw", payload, 1).text(0));
      case STATUS -> {
        InfoCodec.Told told = InfoCodec.readStatus(payload);
        if (statuses.size() < Limits.ENDPOINTS || statuses.containsKey(told.status().name())) {
          statuses.put(told.status().name(), told);
        }
      }
      case EVENT -> {
        Fields fields = Fields.read("event", payload, 2);
        events.happened(this, fields.text(0), fields.map(1));
      }
      default -> throw new Malformed("a node that is used sends no " + type);
    }
  }

  @Override
  public void closed(Connection connection, String why) {
    greeting = null;
    since = open == connection ? Instant.now() : since;
    offers.clear();
    // Who sees that it is not connected sees why.
    failed(why);
    open = null;
    for (Pending asked : pending.values()) {
      Outgoing going = asked.outgoing();
      if (going == null) {
        continue; // it waits already
      }
      if (going.withdraw()) {
        if (asked.waitsAgain(going)) {
          waiting.add(asked);
        }
      } else if (pending.remove(asked.id) != null) {
        asked.fail(
            new TimedOut(
                asked.what
                    + ": the connection with "
                    + this
                    + " broke: "
                    + why
                    + "; its effect is unknown"));
      }
    }
    leases.disconnected(why);
    if (greeted) {
      greeted = false;
      events.disconnected(this, why);
    }
  }

  /** The last status that was told, or that the node is away. */
  InstrumentStatus status(String instrument, String shownAs, String driver) {
    InfoCodec.Told told = statuses.get(instrument);
    InstrumentStatus last = told == null ? null : told.status();
    boolean here = open != null;
    return new InstrumentStatus(
        shownAs,
        here && last != null ? last.state() : State.OFFLINE,
        here && last != null ? last.reason() : Reason.NO_LINK,
        here ? (last == null ? "not told yet" : last.text()) : this + ": " + reason,
        here && last != null ? last.since() : since,
        last == null ? driver : last.driver(),
        last == null ? "" : last.driverVersion(),
        last == null ? consort.api.driver.Identity.UNKNOWN : last.identity(),
        address + (last == null || last.connection().isEmpty() ? "" : ", " + last.connection()),
        last == null ? 0 : last.waiting(),
        last == null ? 0 : last.stuckThreads(),
        last == null ? new consort.api.CallCounts(0, 0, 0, 0) : last.counts(),
        last == null ? java.util.List.of() : last.labels());
  }

  /** Ends the connection; what waits fails. Any thread. */
  void close() {
    closed = true;
    loop.remove(this);
    loop.execute(
        () -> {
          if (connecting != null) {
            connecting.cancel();
            connecting = null;
          }
          Connection now = open != null ? open : greeting;
          if (now != null) {
            now.close("the node is not used any more");
          }
          for (Pending asked : pending.values()) {
            if (pending.remove(asked.id) != null) {
              asked.fail(
                  asked.withdraw()
                      ? gone()
                      : new TimedOut(
                          asked.what + ": " + gone().getMessage() + "; its effect is unknown"));
            }
          }
        });
  }
}
