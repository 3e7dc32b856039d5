// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.Call;
import consort.api.CallCounts;
import consort.api.Caller;
import consort.api.CommandInfo;
import consort.api.ErrorCode;
import consort.api.InstrumentInfo;
import consort.api.InstrumentStatus;
import consort.api.LeaseToken;
import consort.api.Limits;
import consort.api.NumericArray;
import consort.api.Origin;
import consort.api.ParameterInfo;
import consort.api.Quantity;
import consort.api.Reason;
import consort.api.Refused;
import consort.api.Role;
import consort.api.State;
import consort.api.ValueType;
import consort.api.coordinator.LeaseRequest;
import consort.api.driver.Identity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The samples of {@code docs/reference/wire.md} are what is on the wire. */
final class WireDocumentTest {

  private static final Path DOCUMENT = Path.of("../../docs/reference/wire.md");
  private static final Pattern SAMPLE =
      Pattern.compile("### ([a-z ]+)\\n(?:(?!###|```)[\\s\\S])*```hex\\n([0-9a-f\\s]+)```");
  private static final String TARGET = "DMM1#consort.api.Instrument";

  private static Map<String, Message> samples() {
    Map<String, Message> samples = new LinkedHashMap<>();
    samples.put("hello", new Hello(1, "bench1", 0x0102030405060708L, Side.HEARTBEAT).message());
    samples.put("goodbye", Message.of(MessageType.GOODBYE, 0, "the node ends"));
    samples.put("heartbeat", Message.bare(MessageType.HEARTBEAT, 0));
    samples.put("offer", Message.of(MessageType.OFFER, 0, Map.of("consort.instrument", "DMM1")));
    samples.put("withdraw", Message.of(MessageType.WITHDRAW, 0, TARGET));
    samples.put("offered", Message.bare(MessageType.OFFERED, 0));
    samples.put(
        "call",
        new Message(
            MessageType.CALL,
            7,
            CallCodec.call(
                TARGET,
                "measure",
                new Call(
                    "measure",
                    List.of(3),
                    Map.of(),
                    null,
                    new Caller("eve", Role.OPERATOR, "http"),
                    "",
                    new LeaseToken(3, 17)),
                Duration.ofMillis(500))));
    samples.put(
        "result", new Message(MessageType.RESULT, 7, CallCodec.result(1.5, 250_000, 1, 20_000)));
    samples.put(
        "error",
        new Message(
            MessageType.ERROR,
            7,
            CallCodec.error(
                new Refused(ErrorCode.BUSY, "DMM1 is busy")
                    .at(new Origin("DMM1", "measure", "", "", "")))));
    samples.put("cancel", Message.bare(MessageType.CANCEL, 7));
    samples.put("describe", Message.of(MessageType.DESCRIBE, 8, TARGET));
    samples.put(
        "description", new Message(MessageType.DESCRIPTION, 8, InfoCodec.info(1, description())));
    samples.put("status", new Message(MessageType.STATUS, 0, InfoCodec.status(1, status())));
    samples.put(
        "event",
        Message.of(MessageType.EVENT, 0, "consort/instrument/READY", Map.of("instrument", "DMM1")));
    samples.put(
        "values",
        new Message(
            MessageType.RESULT,
            9,
            CallCodec.result(
                Arrays.asList(
                    null,
                    true,
                    -5,
                    0.5,
                    "µV",
                    new byte[] {1, 2},
                    NumericArray.of(new short[] {1, -1, 256, 0}, 2, 2),
                    Map.of("x", 1),
                    Duration.ofMillis(1500),
                    Instant.ofEpochSecond(1, 2),
                    new Quantity(3.3, "V")),
                1,
                1,
                1)));
    Call measure =
        Call.of("measure", 3)
            .by(new Caller("eve", Role.OPERATOR, "http"))
            .within(Duration.ofMillis(500));
    samples.put(
        "prepare",
        new Message(
            MessageType.PREPARE,
            7,
            CallCodec.prepare(TARGET, "measure", measure, Duration.ofSeconds(10))));
    samples.put("ready", Message.bare(MessageType.READY, 7));
    samples.put("begin", Message.bare(MessageType.BEGIN, 7));
    LeaseRequest request =
        LeaseRequest.of("DMM1").waiting(Duration.ofSeconds(1)).purpose("noise run");
    LeaseToken token = new LeaseToken(3, 17);
    samples.put("lease", LeaseCodec.ask(9, request, new Caller("eve", Role.OPERATOR, "http")));
    samples.put("leased", LeaseCodec.given(9, token));
    samples.put("renew", LeaseCodec.renew(10, token, Duration.ofSeconds(60)));
    samples.put("release", LeaseCodec.release(token));
    samples.put("lease over", LeaseCodec.over(token, "expired"));
    return samples;
  }

  private static InstrumentInfo description() {
    ParameterInfo level =
        new ParameterInfo(
            "level", ValueType.DOUBLE, "V", new Limits(-10, 10), List.of(), true, 0.0, "How much.");
    return new InstrumentInfo(
        List.of(),
        "A source.",
        List.of(
            new CommandInfo(
                "set_level",
                List.of(level),
                ValueType.VOID,
                "",
                false,
                false,
                Duration.ofSeconds(2),
                "Sets it.")));
  }

  private static InstrumentStatus status() {
    return new InstrumentStatus(
        "DMM1",
        State.OFFLINE,
        Reason.NO_LINK,
        "refused",
        Instant.ofEpochSecond(1_700_000_000),
        "keysight.dmm",
        "1.2.0",
        new Identity("Keysight", "34470A", "1", "A.03"),
        "TCPIP::dmm::INSTR",
        0,
        0,
        new CallCounts(4, 3, 1, 0),
        List.of("room=1"));
  }

  private static byte[] bytes(Message message) {
    ByteBuffer out = ByteBuffer.allocate(100_000);
    assertThat(new Outgoing(message).next(out)).isTrue();
    return Arrays.copyOf(out.array(), out.position());
  }

  @Test
  void theSamplesAreWhatIsWritten() throws IOException {
    Map<String, String> written = new LinkedHashMap<>();
    samples()
        .forEach((name, message) -> written.put(name, HexFormat.of().formatHex(bytes(message))));
    Map<String, String> documented = new LinkedHashMap<>();
    for (MatchResult sample : SAMPLE.matcher(Files.readString(DOCUMENT)).results().toList()) {
      documented.put(sample.group(1), sample.group(2).replaceAll("\\s", ""));
    }

    assertThat(documented).isEqualTo(written);
  }

  @Test
  void theSamplesAreReadBackAsWhatTheyWere() throws IOException {
    List<String> read = new ArrayList<>();
    Assembly assembly =
        new Assembly(
            new AtomicLong(),
            new Spare(),
            1 << 20,
            (type, id, payload) -> read.add(back(type, payload)));
    for (Message message : samples().values()) {
      assembly.feed(ByteBuffer.wrap(bytes(message)));
    }

    assertThat(read)
        .contains(
            new Hello(1, "bench1", 0x0102030405060708L, Side.HEARTBEAT).toString(),
            status().toString(),
            description().commands().toString(),
            "DMM1 is busy",
            "measure[3] eve@bench2 3-17",
            "measure[3] eve@bench2 within PT10S",
            "[DMM1] PT1M PT1S noise run",
            "3-17");
    assertThat(read).anyMatch(text -> text.contains("3.3 V") && text.contains("PT1.5S"));
  }

  private static String back(MessageType type, byte[] payload) throws Malformed {
    return switch (type) {
      case HELLO -> Hello.read(payload).toString();
      case STATUS -> InfoCodec.readStatus(payload).status().toString();
      case DESCRIPTION -> InfoCodec.readInfo(payload).info().commands().toString();
      case ERROR -> CallCodec.readError(payload).getMessage();
      case RESULT -> CallCodec.readResult(payload).toString();
      case CALL -> {
        Call call = CallCodec.readCall(payload, "bench2", Role.OPERATOR).call();
        yield call.command() + call.positional() + " " + call.caller().name() + " " + call.lease();
      }
      case PREPARE -> {
        CallCodec.Asked asked = CallCodec.readCall(payload, "bench2", Role.OPERATOR);
        Call call = asked.call();
        yield call.command()
            + call.positional()
            + " "
            + call.caller().name()
            + " within "
            + asked.within();
      }
      case LEASE -> {
        LeaseRequest request = LeaseCodec.readAsk(Fields.read("lease", payload, LeaseCodec.ASKED));
        yield request.resources()
            + " "
            + request.ttl()
            + " "
            + request.waitLimit()
            + " "
            + request.purpose();
      }
      case LEASED, RENEW, RELEASE, LEASE_OVER ->
          LeaseCodec.token(Fields.read("lease", payload, 2)).toString();
      default -> type.toString();
    };
  }

  @Test
  void theCodesOfMessagesAreTheDocuments() throws IOException {
    String document = Files.readString(DOCUMENT);
    for (MessageType type : MessageType.values()) {
      assertThat(document).contains("| " + type.code() + " | " + type + " |");
    }
  }

  @Test
  void theLimitsAreTheDocuments() throws IOException {
    assertThat(Files.readString(DOCUMENT))
        .contains("| payload of a frame | " + consort.remote.Limits.FRAME + " bytes |")
        .contains("| message | " + (consort.remote.Limits.MESSAGE >> 20) + " MiB |")
        .contains("| incomplete messages | " + consort.remote.Limits.INCOMPLETE + " |")
        .contains("| running calls | " + consort.remote.Limits.CALLS + " |")
        .contains("| connections | " + consort.remote.Limits.CONNECTIONS + " |")
        .contains("| values in a message | " + CborIn.VALUES + " |")
        .contains("| depth of lists and maps | " + CborOut.DEPTH + " |")
        .contains("| leases of a connection | " + consort.remote.Limits.LEASES + " |")
        .contains("| endpoints | " + consort.remote.Limits.ENDPOINTS + " |");
  }
}
