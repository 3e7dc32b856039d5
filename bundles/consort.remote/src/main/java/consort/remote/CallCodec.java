// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.Call;
import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.Faulted;
import consort.api.InstrumentException;
import consort.api.LeaseToken;
import consort.api.Origin;
import consort.api.Role;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** Calls, their results and their errors as messages. */
final class CallCodec {

  private static final Map<String, ErrorCode> CODES = new HashMap<>();

  static {
    for (ErrorCode code : ErrorCode.values()) {
      CODES.put(code.text(), code);
    }
  }

  private CallCodec() {}

  /**
   * What a call asks of which endpoint.
   *
   * @param within how long it waits for the signal to begin; zero for a call that does not
   */
  record Asked(String target, Call call, Duration within) {}

  /**
   * What a call gave.
   *
   * @param value not yet converted
   * @param tookNanos how long it was in the driver
   * @param revision which description it belongs to
   * @param beforeNanos how long after it came, or was told to begin, the driver was entered
   */
  record Answer(Object value, long tookNanos, long revision, long beforeNanos) {}

  /**
   * Writes a call.
   *
   * @param target the endpoint
   * @param command how the endpoint knows the command
   * @param remaining how long it still may take, null for the owner's default
   */
  static Bytes call(String target, String command, Call call, Duration remaining) {
    return call(new CborOut(160).start(10), target, command, call, remaining).end().done();
  }

  /**
   * Writes a call that is to be made ready.
   *
   * @param within how long it waits for the signal to begin
   */
  static Bytes prepare(String target, String command, Call call, Duration within) {
    CborOut out = call(new CborOut(160).start(11), target, command, call, call.deadline());
    return out.value(consort.api.Deadline.nanos(within)).end().done();
  }

  private static CborOut call(
      CborOut out, String target, String command, Call call, Duration remaining) {
    out.value(target).value(command).value(call.positional()).value(call.named());
    out.value(remaining == null ? null : consort.api.Deadline.nanos(remaining));
    out.value(call.caller().name()).value(call.caller().role()).value(call.correlation());
    LeaseToken lease = call.lease();
    out.value(lease == null ? null : lease.epoch()).value(lease == null ? null : lease.counter());
    return out;
  }

  /** The caller that a message names at two places, as it is known here. */
  static Caller caller(Fields fields, int index, String node, Role most) throws Malformed {
    Role claimed = fields.constant(index + 1, Role.class);
    return new Caller(
        fields.text(index) + "@" + node, most.includes(claimed) ? claimed : most, "consort.tcp");
  }

  /**
   * Reads a call.
   *
   * @param node who sends it
   * @param most what its callers may do at most
   */
  static Asked readCall(byte[] payload, String node, Role most) throws Malformed {
    Fields fields = Fields.read("call", payload, 10);
    Long nanos = fields.orNull(4, Long.class);
    if (nanos != null && nanos <= 0) {
      throw new Malformed("call: the deadline is not positive");
    }
    Caller caller = caller(fields, 5, node, most);
    long within = fields.values().size() > 10 ? fields.number(10) : 0;
    if (within < 0) {
      throw new Malformed("call: the time to begin is negative");
    }
    Long epoch = fields.orNull(8, Long.class);
    LeaseToken lease = epoch == null ? null : new LeaseToken(epoch, fields.number(9));
    Duration deadline = nanos == null ? null : Duration.ofNanos(nanos);
    return new Asked(
        fields.text(0),
        new Call(
            fields.text(1), fields.list(2), fields.map(3), deadline, caller, fields.text(7), lease),
        Duration.ofNanos(within));
  }

  /** Writes the result of a call. */
  static Bytes result(Object value, long tookNanos, long revision, long beforeNanos) {
    return new CborOut(64).array(value, tookNanos, revision, beforeNanos).done();
  }

  static Answer readResult(byte[] payload) throws Malformed {
    Fields fields = Fields.read("result", payload, 4);
    return new Answer(fields.any(0), fields.number(1), fields.number(2), fields.number(3));
  }

  /** Writes an error: code, message and origin, never a class name. */
  static Bytes error(InstrumentException e) {
    Origin at = e.origin();
    int number = e instanceof Faulted faulted ? faulted.number() : 0;
    return new CborOut(160)
        .array(
            e.code().text(),
            cut(e.getMessage()),
            number,
            at.instrument(),
            at.command(),
            at.link(),
            at.sent(),
            at.received())
        .done();
  }

  private static String cut(String message) {
    return message.length() <= 10_000 ? message : message.substring(0, 10_000) + "…";
  }

  /** Reads an error; it is of the same kind as there, its stack is the reader's. */
  static InstrumentException readError(byte[] payload) throws Malformed {
    Fields fields = Fields.read("error", payload, 8);
    ErrorCode code = CODES.get(fields.text(0));
    if (code == null) {
      throw new Malformed("error: the code '" + fields.text(0) + "' is not known here");
    }
    Origin at =
        new Origin(fields.text(3), fields.text(4), fields.text(5), fields.text(6), fields.text(7));
    InstrumentException read =
        code.kind() == consort.api.ErrorKind.FAULTED
            ? new Faulted(code, Math.toIntExact(fields.number(2)), fields.text(1), null)
            : InstrumentException.of(code, fields.text(1), null);
    return read.at(at);
  }
}
