// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.Call;
import consort.api.CommandInfo;
import consort.api.ErrorCode;
import consort.api.Garbled;
import consort.api.Instrument;
import consort.api.InstrumentException;
import consort.api.InstrumentInfo;
import consort.api.InstrumentStatus;
import consort.api.NumericArray;
import consort.api.Origin;
import consort.api.Refused;
import consort.api.Result;
import consort.api.TimedOut;
import consort.api.Values;
import consort.api.mesh.Imported;
import consort.api.mesh.Owner;
import consort.api.typed.TypedView;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** An instrument of another node. The guard there is the authority; nothing is queued here. */
final class RemoteInstrument implements Imported {

  private static final Duration DESCRIBING = Duration.ofSeconds(5);

  private final PeerClient peer;
  private final String name;
  private final String remoteName;
  private final String driver;
  private final String target;

  /** The deadline of calls that have none; null for the owner's. */
  private final Duration limit;

  /** By the name of the command; null for the dynamic interface. */
  private final Map<String, CommandInfo> typed;

  private final Map<String, String> signatures;
  private volatile InfoCodec.Described described;

  private RemoteInstrument(
      PeerClient peer,
      String name,
      String remoteName,
      String driver,
      Duration limit,
      Class<?> type) {
    this.peer = peer;
    this.name = name;
    this.remoteName = remoteName;
    this.driver = driver;
    this.limit = limit;
    this.target = Export.target(remoteName, type.getName());
    if (type == Instrument.class) {
      typed = null;
      signatures = null;
    } else {
      typed = new HashMap<>();
      signatures = new HashMap<>();
      for (CommandInfo info : TypedView.commands(type)) {
        typed.put(info.name(), info);
        signatures.put(info.name(), Export.signature(info));
      }
    }
  }

  /**
   * What a consumer gets.
   *
   * @param name the name here
   * @param remoteName the name there
   * @param driver the name of its driver, for as long as nothing else is known
   * @param limit the deadline of calls that have none; null for the owner's
   * @param type {@link Instrument}, or a typed interface
   */
  static Object of(
      PeerClient peer,
      String name,
      String remoteName,
      String driver,
      Duration limit,
      Class<?> type) {
    RemoteInstrument instrument = new RemoteInstrument(peer, name, remoteName, driver, limit, type);
    return type == Instrument.class ? instrument : TypedView.of(instrument, type);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String remoteName() {
    return remoteName;
  }

  @Override
  public Owner owner() {
    return peer.leases();
  }

  @Override
  public InstrumentInfo info() {
    return described(-1).info();
  }

  private InfoCodec.Described described(long revision) {
    InfoCodec.Described known = described;
    InfoCodec.Told told = peer.status(remoteName);
    long wanted = revision >= 0 ? revision : told == null ? 0 : told.revision();
    if (known == null || known.revision() < wanted) {
      String dynamic = Export.target(remoteName, Instrument.class.getName());
      Pending.Outcome outcome =
          peer.ask(
              name + ": what it can do",
              DESCRIBING,
              (id, left) -> Message.of(MessageType.DESCRIBE, id, dynamic));
      try {
        known =
            outcome.type() == MessageType.DESCRIPTION
                ? InfoCodec.readInfo(outcome.payload())
                : refused(outcome);
      } catch (Malformed e) {
        throw garbled(e);
      }
      described = known;
    }
    return known;
  }

  private static InfoCodec.Described refused(Pending.Outcome outcome) throws Malformed {
    throw error(outcome);
  }

  private static InstrumentException error(Pending.Outcome outcome) throws Malformed {
    if (outcome.type() != MessageType.ERROR) {
      throw new Malformed("a " + outcome.type() + " is no answer to this");
    }
    return CallCodec.readError(outcome.payload());
  }

  private Garbled garbled(Malformed e) {
    return new Garbled(ErrorCode.GARBLED, name + ": " + peer + ": " + e.getMessage(), e);
  }

  @Override
  public InstrumentStatus status() {
    return peer.status(remoteName, name, driver);
  }

  @Override
  public Result call(Call call) {
    long begun = System.nanoTime();
    Pending.Outcome outcome = peer.ask(what(call), within(call), question(call));
    return result(call, outcome, begun);
  }

  @Override
  public CompletionStage<Result> send(Call call) {
    long begun = System.nanoTime();
    CompletableFuture<Result> future = new CompletableFuture<>();
    Pending asked;
    try {
      asked =
          peer.send(
              what(call),
              within(call),
              question(call),
              outcome -> {
                try {
                  future.complete(result(call, outcome, begun));
                } catch (RuntimeException e) {
                  future.completeExceptionally(e);
                }
              });
    } catch (InstrumentException e) {
      return CompletableFuture.failedFuture(e);
    }
    future.whenComplete(
        (result, failure) -> {
          if (future.isCancelled()) {
            peer.cancel(asked);
          }
        });
    return future;
  }

  @Override
  public Start prepare(Call call, Duration within, Runnable ready) {
    RemoteStart start = new RemoteStart(peer, what(call));
    String command = signature(call);
    try {
      start.send(
          call.deadline() == null ? null : call.deadline().plus(within),
          (id, left) ->
              new Message(
                  MessageType.PREPARE, id, CallCodec.prepare(target, command, under(call), within)),
          (outcome, begun) -> result(call, outcome, begun),
          ready);
    } catch (InstrumentException e) {
      start.fail(e);
    }
    return start;
  }

  private String what(Call call) {
    return name + "." + call.command();
  }

  private Duration within(Call call) {
    return call.deadline() == null ? limit : call.deadline();
  }

  private PeerClient.Question question(Call call) {
    String command = signature(call);
    return (id, left) ->
        new Message(MessageType.CALL, id, CallCodec.call(target, command, under(call), left));
  }

  private String signature(Call call) {
    return signatures == null ? call.command() : signatures.get(call.command());
  }

  /** The call with the lease as the other node knows it. */
  private Call under(Call call) {
    return call.lease() == null ? call : call.under(peer.leases().there(call.lease(), name));
  }

  private Result result(Call call, Pending.Outcome outcome, long begun) {
    if (outcome.failure() != null) {
      throw outcome.failure() instanceof InstrumentException e
          ? e.at(new Origin(name, call.command(), "", "", ""))
          : outcome.failure();
    }
    try {
      if (outcome.type() != MessageType.RESULT) {
        throw known(call, error(outcome));
      }
      CallCodec.Answer answer = CallCodec.readResult(outcome.payload());
      peer.read(outcome.payload()); // an answer has copies of what it needs
      CommandInfo command = command(call.command(), answer.revision());
      Object value =
          typed != null || answer.value() == null
              ? own(answer.value()) // the view converts to what its method returns
              : Values.convert(what(call), command.result(), answer.value());
      return timed(value, command, begun, outcome.at(), answer);
    } catch (Malformed e) {
      throw garbled(e);
    } catch (Refused e) {
      // Of the value, not of the call: that has been done.
      throw outcome.type() == MessageType.RESULT
          ? new Garbled(ErrorCode.GARBLED, e.getMessage(), e)
          : e;
    }
  }

  /** An array of one dimension was made for this call alone: it needs no copy. */
  private static Object own(Object value) {
    return value instanceof NumericArray array && array.shape().size() == 1 ? array.data() : value;
  }

  /**
   * The result with the time of this node's clock: that of the other one means nothing here. What
   * is left of the whole is taken to be the way, as long in both directions.
   */
  private static Result timed(
      Object value, CommandInfo command, long begun, long came, CallCodec.Answer answer) {
    long took = Math.max(0, answer.tookNanos());
    long way = Math.max(0, came - begun - took - answer.beforeNanos());
    long started = Math.min(begun + way / 2 + answer.beforeNanos(), came - took);
    return new Result(value, command, started, started + took);
  }

  /** An error in the words of this node: it has other names for leases. */
  private static InstrumentException known(Call call, InstrumentException e) {
    if (call.lease() == null || e.code() != ErrorCode.LEASE_OVER) {
      return e;
    }
    String text = e.getMessage().replaceFirst("the lease \\d+-\\d+", "the lease " + call.lease());
    return new Refused(ErrorCode.LEASE_OVER, text).at(e.origin());
  }

  private CommandInfo command(String asked, long revision) throws Malformed {
    if (typed != null) {
      return typed.get(asked);
    }
    try {
      return described(revision)
          .info()
          .command(asked)
          .orElseThrow(() -> new Malformed("a result of an unknown command"));
    } catch (InstrumentException e) {
      throw new TimedOut(
          what(asked) + " was done, but what its result means is not known: " + e.getMessage(), e);
    }
  }

  private String what(String command) {
    return name + "." + command;
  }

  @Override
  public <T> T as(Class<T> type) {
    return TypedView.of(this, type);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RemoteInstrument that
        && peer == that.peer
        && target.equals(that.target)
        && name.equals(that.name);
  }

  @Override
  public int hashCode() {
    return target.hashCode();
  }

  @Override
  public String toString() {
    return name + " of " + peer;
  }
}
