// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.Call;
import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.Faulted;
import consort.api.Garbled;
import consort.api.Instrument;
import consort.api.InstrumentException;
import consort.api.InstrumentStatus;
import consort.api.Refused;
import consort.api.Result;
import consort.api.coordinator.Direct;
import consort.api.coordinator.Startable;
import consort.api.mesh.UserStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves one peer: tells what there is and how it is, and passes its calls to the guards. */
final class Session implements Connection.Handler, Exports.Watcher, IoLoop.Timed {

  private static final Logger LOG = LoggerFactory.getLogger(Session.class);

  /** How often changes of instruments are looked for that no event tells. */
  private static final long LOOK = 400_000_000;

  /** From so many calls under way on, their results are better sent some at a time. */
  private static final int FEW = 4;

  private final Exports exports;
  private final IoLoop loop;
  private final Permissions permissions;
  private final Set<Session> all;
  private final Lent lent;
  private final Map<Integer, Running> running = new ConcurrentHashMap<>();
  private final AtomicInteger calls = new AtomicInteger();
  private volatile Connection connection;
  private volatile String node = "";
  private volatile boolean paused;

  /** A call under way. */
  private static final class Running {
    private final Startable.Start start;

    /** When it came, or was told to begin, ns. */
    private volatile long since;

    private final CompletableFuture<Result> future;

    Running(CompletableFuture<Result> future, Startable.Start start, long since) {
      this.since = since;
      this.future = future;
      this.start = start;
    }

    void begin() {
      since = System.nanoTime();
      if (start != null) {
        start.begin();
      }
    }

    void cancel() {
      if (start != null) {
        start.abort("its caller is gone");
      } else {
        future.cancel(false);
      }
    }
  }

  // Written before the connection is, and not again.
  private Permission permission;
  private boolean proven;
  private String from = "";
  private Instant since;

  // Only touched by the loop.
  private final Map<String, InstrumentStatus> told = new HashMap<>();
  private long looked;

  /**
   * Waits for a peer.
   *
   * @param permissions what which node may do
   * @param all where this session is as long as it lasts
   */
  Session(Exports exports, IoLoop loop, Permissions permissions, Set<Session> all) {
    this.exports = exports;
    this.loop = loop;
    this.permissions = permissions;
    this.all = all;
    this.lent = new Lent(exports.lending(), message -> connection.send(message));
    all.add(this);
  }

  @Override
  public void opened(Connection opened, Hello peer) throws Malformed {
    String proven = opened.proven();
    if (!proven.isEmpty() && !proven.equals(peer.node())) {
      throw new Malformed(
          "the peer says to be " + peer.node() + ", its certificate says " + proven);
    }
    Permission given = permissions.of(proven);
    if (!given.letsIn()) {
      LOG.debug("node {} is not let in", peer.node());
      throw new Malformed(
          "'" + peer.node() + "' is not let in (remote: nodes: in my etc/consort.yaml)");
    }
    permission = given;
    node = peer.node();
    this.proven = !proven.isEmpty();
    from = opened.from();
    since = Instant.now();
    connection = opened;
    LOG.info("node {} is connected", node);
    exports.watch(this);
    exports.all().forEach(this::added);
    opened.send(Message.bare(MessageType.OFFERED, 0));
    loop.add(this);
  }

  /** Who uses this node through it; null as long as the peer has not said so. Any thread. */
  UserStatus user() {
    return connection == null
        ? null
        : new UserStatus(
            node,
            from,
            proven,
            permission.role(),
            since,
            calls.get(),
            exports.instruments(permission::allows));
  }

  @Override
  public void received(Connection of, MessageType type, int id, byte[] payload) throws Malformed {
    switch (type) {
      case CALL -> call(id, payload, false);
      case PREPARE -> call(id, payload, true);
      case BEGIN -> {
        Running call = running.get(id);
        if (call != null) {
          call.begin();
        }
      }
      case DESCRIBE -> describe(id, Fields.read("describe", payload, 1).text(0));
      case CANCEL -> {
        Running call = running.get(id);
        if (call != null) {
          call.cancel();
        }
        lent.cancel(id);
      }
      case LEASE -> {
        Fields asked = Fields.read("lease", payload, LeaseCodec.ASKED);
        Caller caller = CallCodec.caller(asked, LeaseCodec.CALLER, node, permission.role());
        lent.take(id, asked, caller, this::mayUse);
      }
      case RENEW -> lent.renew(id, Fields.read("renew", payload, 3));
      case RELEASE -> lent.release(Fields.read("release", payload, 2));
      default -> throw new Malformed("a node that uses others sends no " + type);
    }
  }

  private boolean mayUse(String instrument) {
    Export export = exports.get(Export.target(instrument, Instrument.class.getName()));
    return export != null && permission.allows(export);
  }

  private void call(int id, byte[] payload, boolean prepared) throws Malformed {
    CallCodec.Asked asked = CallCodec.readCall(payload, node, permission.role());
    if (running.containsKey(id)) {
      throw new Malformed("two calls have the number " + id);
    }
    Export export;
    Running made;
    try {
      export = find(asked.target());
      Call call = asked.call();
      Call named =
          new Call(
              export.command(call.command()),
              call.positional(),
              call.named(),
              call.deadline(),
              call.caller(),
              call.correlation(),
              call.lease());
      made = prepared ? prepare(id, export, named, asked.within()) : send(export, named);
    } catch (InstrumentException e) {
      connection.send(new Message(MessageType.ERROR, id, CallCodec.error(e)));
      return;
    }
    running.put(id, made);
    if (calls.incrementAndGet() >= Limits.CALLS) {
      pause(true);
    }
    made.future.whenComplete((result, failure) -> answer(id, export, made, result, failure));
  }

  private static Running send(Export export, Call call) {
    long came = System.nanoTime();
    CompletionStage<Result> result =
        export.instrument() instanceof Direct direct
            ? direct.submit(call)
            : export.instrument().send(call);
    return new Running(result.toCompletableFuture(), null, came);
  }

  private Running prepare(int id, Export export, Call call, Duration within) {
    if (!(export.instrument() instanceof Startable startable)) {
      throw new Refused(
          ErrorCode.NOT_SUPPORTED,
          export.instrument().name() + " cannot begin together with others");
    }
    Startable.Start start =
        startable.prepare(call, within, () -> connection.send(Message.bare(MessageType.READY, id)));
    return new Running(start.result().toCompletableFuture(), start, System.nanoTime());
  }

  private Export find(String target) {
    Export export = exports.get(target);
    if (export == null || !permission.allows(export)) {
      throw Exports.unknown(target.substring(0, Math.max(0, target.indexOf('#'))));
    }
    return export;
  }

  private void answer(int id, Export export, Running call, Result result, Throwable failure) {
    running.remove(id);
    if (calls.decrementAndGet() < Limits.CALLS / 2 && paused) {
      pause(false);
    }
    Message message;
    try {
      message =
          failure == null
              ? result(id, export, result, call.since)
              : new Message(MessageType.ERROR, id, CallCodec.error(error(failure)));
    } catch (InstrumentException e) {
      message = new Message(MessageType.ERROR, id, CallCodec.error(e));
    } catch (RuntimeException e) {
      LOG.error("a result cannot be sent", e);
      message =
          new Message(
              MessageType.ERROR,
              id,
              CallCodec.error(
                  new Faulted(ErrorCode.DRIVER_ERROR, 0, "the result cannot be sent", e)));
    }
    connection.send(new Outgoing(message), calls.get() > FEW);
    if (connection.unwritten() > Limits.UNWRITTEN) {
      // Who does not take its results gets no more calls done.
      pause(true);
    }
  }

  private static Message result(int id, Export export, Result result, long since) {
    long took = result.endedNanos() - result.startedNanos();
    long before = Math.max(0, result.startedNanos() - since);
    Bytes payload = CallCodec.result(result.value(), took, export.revision(), before);
    if (payload.size() > Limits.MESSAGE) {
      throw new Garbled(
          ErrorCode.TOO_LONG,
          export.instrument().name()
              + ": a result of "
              + payload.size()
              + " bytes; at most "
              + Limits.MESSAGE
              + " go to another node",
          null);
    }
    return new Message(MessageType.RESULT, id, payload);
  }

  private static InstrumentException error(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause instanceof InstrumentException known) {
      return known;
    }
    return new Faulted(ErrorCode.DRIVER_ERROR, 0, String.valueOf(cause.getMessage()), cause);
  }

  private void pause(boolean wanted) {
    paused = wanted;
    connection.read(!wanted);
  }

  private void describe(int id, String target) {
    Message message;
    try {
      InfoCodec.Described described = find(target).described();
      message =
          new Message(
              MessageType.DESCRIPTION, id, InfoCodec.info(described.revision(), described.info()));
    } catch (InstrumentException e) {
      message = new Message(MessageType.ERROR, id, CallCodec.error(e));
    }
    connection.send(message);
  }

  // ---- What it tells on its own ----

  @Override
  public void added(Export export) {
    if (!permission.allows(export)) {
      return;
    }
    connection.send(Message.of(MessageType.OFFER, 0, export.properties()));
    loop.execute(() -> tell(export));
  }

  @Override
  public void removed(Export export) {
    if (!permission.allows(export)) {
      return;
    }
    connection.send(Message.of(MessageType.WITHDRAW, 0, export.target()));
    loop.execute(() -> told.remove(export.instrument().name()));
  }

  @Override
  public void tick(long now) {
    if (now - looked < LOOK) {
      return;
    }
    looked = now;
    if (paused && calls.get() < Limits.CALLS / 2 && connection.unwritten() < Limits.UNWRITTEN) {
      pause(false);
    }
    exports.all().forEach(this::tell);
  }

  /** Tells how an instrument is, when that is news. On the loop's thread. */
  private void tell(Export export) {
    if (!permission.allows(export)) {
      return;
    }
    Instrument instrument = export.instrument();
    InstrumentStatus status = instrument.status();
    // Each instrument is exported under several interfaces; one of them tells.
    if (exports.get(Export.target(instrument.name(), Instrument.class.getName())) != export
        || status.equals(told.put(status.name(), status))) {
      return;
    }
    connection.send(
        new Message(MessageType.STATUS, 0, InfoCodec.status(export.revision(), status)));
  }

  /** Tells what happened to an instrument that is exported. Any thread. */
  void happened(String topic, String instrument, Map<String, Object> properties) {
    Connection now = connection;
    Export export = exports.get(Export.target(instrument, Instrument.class.getName()));
    if (now != null
        && export != null
        && permission.allows(export)
        && now.unwritten() < Limits.UNWRITTEN) {
      loop.execute(() -> tell(export));
      now.send(Message.of(MessageType.EVENT, 0, topic, properties));
    }
  }

  @Override
  public void closed(Connection ended, String reason) {
    loop.remove(this);
    exports.unwatch(this);
    all.remove(this);
    // What has not begun yet is not begun for nobody.
    running.values().forEach(Running::cancel);
    lent.close();
    if (!node.isEmpty()) {
      LOG.info("node {} is not connected any more: {}", node, reason);
    }
  }

  /** Says farewell. */
  void close() {
    Connection now = connection;
    if (now != null) {
      now.close("the node ends");
    }
  }
}
