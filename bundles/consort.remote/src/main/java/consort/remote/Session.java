// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.Call;
import consort.api.ErrorCode;
import consort.api.Faulted;
import consort.api.Garbled;
import consort.api.Instrument;
import consort.api.InstrumentException;
import consort.api.InstrumentStatus;
import consort.api.Refused;
import consort.api.Result;
import consort.api.Role;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves one peer: tells what there is and how it is, and passes its calls to the guards. */
final class Session implements Connection.Handler, Exports.Watcher, IoLoop.Timed {

  private static final Logger LOG = LoggerFactory.getLogger(Session.class);

  /** How often changes of instruments are looked for that no event tells. */
  private static final long LOOK = 400_000_000;

  private final Exports exports;
  private final IoLoop loop;
  private final Role role;
  private final Set<Session> all;
  private final Map<Integer, CompletableFuture<Result>> running = new ConcurrentHashMap<>();
  private final AtomicInteger calls = new AtomicInteger();
  private volatile Connection connection;
  private volatile String node = "";
  private volatile boolean paused;

  // Only touched by the loop.
  private final Map<String, InstrumentStatus> told = new HashMap<>();
  private long looked;

  /**
   * Waits for a peer.
   *
   * @param role what its callers may do at most
   * @param all where this session is as long as it lasts
   */
  Session(Exports exports, IoLoop loop, Role role, Set<Session> all) {
    this.exports = exports;
    this.loop = loop;
    this.role = role;
    this.all = all;
    all.add(this);
  }

  @Override
  public void opened(Connection opened, Hello peer) throws Malformed {
    String proven = opened.proven();
    if (!proven.isEmpty() && !proven.equals(peer.node())) {
      throw new Malformed(
          "the peer says to be " + peer.node() + ", its certificate says " + proven);
    }
    node = peer.node();
    connection = opened;
    LOG.info("node {} is connected", node);
    exports.watch(this);
    exports.all().forEach(this::added);
    opened.send(Message.bare(MessageType.OFFERED, 0));
    loop.add(this);
  }

  @Override
  public void received(Connection from, MessageType type, int id, byte[] payload) throws Malformed {
    switch (type) {
      case CALL -> call(id, payload);
      case DESCRIBE -> describe(id, Fields.read("describe", payload, 1).text(0));
      case CANCEL -> {
        CompletableFuture<Result> call = running.get(id);
        if (call != null) {
          call.cancel(false);
        }
      }
      default -> throw new Malformed("a node that uses others sends no " + type);
    }
  }

  private void call(int id, byte[] payload) throws Malformed {
    CallCodec.Asked asked = CallCodec.readCall(payload, node, role);
    if (running.containsKey(id)) {
      throw new Malformed("two calls have the number " + id);
    }
    Export export;
    CompletableFuture<Result> future;
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
      future = export.instrument().send(named).toCompletableFuture();
    } catch (InstrumentException e) {
      connection.send(new Message(MessageType.ERROR, id, CallCodec.error(e)));
      return;
    }
    running.put(id, future);
    if (calls.incrementAndGet() >= Limits.CALLS) {
      pause(true);
    }
    future.whenComplete((result, failure) -> answer(id, export, result, failure));
  }

  private Export find(String target) {
    Export export = exports.get(target);
    if (export == null) {
      String name = target.substring(0, Math.max(0, target.indexOf('#')));
      throw new Refused(
          ErrorCode.UNKNOWN_INSTRUMENT,
          "there is no instrument '" + name + "' for other nodes here");
    }
    return export;
  }

  private void answer(int id, Export export, Result result, Throwable failure) {
    running.remove(id);
    if (calls.decrementAndGet() < Limits.CALLS / 2 && paused) {
      pause(false);
    }
    Message message;
    try {
      message =
          failure == null
              ? result(id, export, result)
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
    connection.send(message);
    if (connection.unwritten() > Limits.UNWRITTEN) {
      // Who does not take its results gets no more calls done.
      pause(true);
    }
  }

  private static Message result(int id, Export export, Result result) {
    long took = result.endedNanos() - result.startedNanos();
    Bytes payload = CallCodec.result(result.value(), took, export.revision());
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
    connection.send(Message.of(MessageType.OFFER, 0, export.properties()));
    loop.execute(() -> tell(export));
  }

  @Override
  public void removed(Export export) {
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
    if (now != null && export != null && now.unwritten() < Limits.UNWRITTEN) {
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
    running.values().forEach(call -> call.cancel(false));
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
