// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.CallCounts;
import consort.api.CommandInfo;
import consort.api.InstrumentInfo;
import consort.api.InstrumentStatus;
import consort.api.NumericArray;
import consort.api.ParameterInfo;
import consort.api.Reason;
import consort.api.Refused;
import consort.api.State;
import consort.api.ValueType;
import consort.api.Values;
import consort.api.driver.Identity;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What instruments can do, and how they are, as messages. */
final class InfoCodec {

  private InfoCodec() {}

  /** A description and which one of its instrument it is: another driver, another revision. */
  record Described(long revision, InstrumentInfo info) {}

  /** A status and the revision of the description that belongs to it. */
  record Told(long revision, InstrumentStatus status) {}

  static Bytes info(long revision, InstrumentInfo info) {
    List<?> commands = info.commands().stream().map(InfoCodec::command).toList();
    return new CborOut(4096).array(revision, info.types(), info.doc(), commands).done();
  }

  private static List<?> command(CommandInfo c) {
    return Arrays.asList(
        c.name(),
        c.parameters().stream().map(InfoCodec::parameter).toList(),
        type(c.result()),
        c.unit(),
        c.urgent(),
        c.reads(),
        c.deadline(),
        c.doc());
  }

  private static List<?> parameter(ParameterInfo p) {
    return Arrays.asList(
        p.name(),
        type(p.type()),
        p.unit(),
        p.limits() == null ? null : p.limits().min(),
        p.limits() == null ? null : p.limits().max(),
        p.options(),
        p.optional(),
        p.defaultValue(),
        p.doc(),
        p.resource());
  }

  private static List<?> type(ValueType t) {
    return Arrays.asList(
        t.kind(),
        t.options(),
        t.element() == null ? null : type(t.element()),
        t.array(),
        t.fields().stream().map(InfoCodec::parameter).toList());
  }

  static Described readInfo(byte[] payload) throws Malformed {
    Fields fields = Fields.read("description", payload, 4);
    try {
      List<CommandInfo> commands = new ArrayList<>();
      for (Object command : fields.list(3)) {
        commands.add(readCommand(Fields.of("command", command, 8)));
      }
      return new Described(
          fields.number(0), new InstrumentInfo(fields.texts(1), fields.text(2), commands));
    } catch (IllegalArgumentException | Refused e) {
      throw new Malformed("description: " + e.getMessage(), e);
    }
  }

  private static CommandInfo readCommand(Fields f) throws Malformed {
    return new CommandInfo(
        f.text(0),
        readParameters(f.list(1)),
        readType(f.any(2)),
        f.text(3),
        f.flag(4),
        f.flag(5),
        f.orNull(6, Duration.class),
        f.text(7));
  }

  private static List<ParameterInfo> readParameters(List<?> values) throws Malformed {
    List<ParameterInfo> parameters = new ArrayList<>();
    for (Object value : values) {
      Fields f = Fields.of("parameter", value, 10);
      ValueType type = readType(f.any(1));
      List<Object> options = new ArrayList<>();
      for (Object option : f.list(5)) {
        options.add(Values.convert(f.text(0), type, option));
      }
      boolean limited = f.any(3) != null;
      parameters.add(
          new ParameterInfo(
              f.text(0),
              type,
              f.text(2),
              limited ? new consort.api.Limits(f.real(3), f.real(4)) : null,
              options,
              f.flag(6),
              f.any(7) == null ? null : Values.convert(f.text(0), type, f.any(7)),
              f.text(8),
              f.flag(9)));
    }
    return parameters;
  }

  private static ValueType readType(Object value) throws Malformed {
    Fields f = Fields.of("type", value, 5);
    return new ValueType(
        f.constant(0, ValueType.Kind.class),
        f.texts(1),
        f.any(2) == null ? null : readType(f.any(2)),
        f.any(3) == null ? null : f.constant(3, NumericArray.Type.class),
        readParameters(f.list(4)));
  }

  static Bytes status(long revision, InstrumentStatus s) {
    Identity identity = s.identity();
    CallCounts counts = s.counts();
    return new CborOut(512)
        .array(
            revision,
            s.name(),
            s.state(),
            s.reason(),
            s.text(),
            s.since(),
            s.driver(),
            s.driverVersion(),
            List.of(identity.vendor(), identity.model(), identity.serial(), identity.firmware()),
            s.connection(),
            s.waiting(),
            s.stuckThreads(),
            List.of(counts.sent(), counts.completed(), counts.failed(), counts.timedOut()),
            s.labels())
        .done();
  }

  static Told readStatus(byte[] payload) throws Malformed {
    Fields f = Fields.read("status", payload, 14);
    Fields identity = f.inner("identity", 8, 4);
    Fields counts = f.inner("counts", 12, 4);
    Instant since = f.orNull(5, Instant.class);
    if (since == null) {
      throw new Malformed("status: there is no time");
    }
    return new Told(
        f.number(0),
        new InstrumentStatus(
            f.text(1),
            f.constant(2, State.class),
            f.constant(3, Reason.class),
            f.text(4),
            since,
            f.text(6),
            f.text(7),
            new Identity(identity.text(0), identity.text(1), identity.text(2), identity.text(3)),
            f.text(9),
            f.count(10),
            f.count(11),
            new CallCounts(counts.number(0), counts.number(1), counts.number(2), counts.number(3)),
            f.texts(13)));
  }
}
