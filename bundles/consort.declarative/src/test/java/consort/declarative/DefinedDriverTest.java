// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import static consort.declarative.Definitions.HEAD;
import static consort.declarative.Definitions.good;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.CommandInfo;
import consort.api.Faulted;
import consort.api.Garbled;
import consort.api.NumericArray;
import consort.api.Refused;
import consort.api.Unreachable;
import consort.api.Values;
import consort.api.driver.Connection;
import consort.api.driver.Identity;
import consort.api.driver.Setup;
import consort.testkit.ScriptedLink;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a definition sends, and what it makes of replies: transcripts. */
final class DefinedDriverTest {

  private final ScriptedLink link = new ScriptedLink();

  @AfterEach
  void theWholeTranscriptHasPassed() {
    link.assertFinished();
  }

  private DefinedDriver driver(String definition) {
    return driver(definition, Map.of());
  }

  private DefinedDriver driver(String definition, Map<String, Object> ioConfig) {
    DefinedFactory factory = new DefinedFactory(good(definition));
    Map<String, Object> settings =
        Values.fields(
            "settings",
            factory.settings(),
            ioConfig.isEmpty() ? Map.of() : Map.of("io_config", ioConfig));
    return factory.create(link.setup(settings));
  }

  /** As a guard calls: bound and checked by what the driver says of the command. */
  private static Object call(DefinedDriver driver, String command, Object... positional) {
    return named(driver, command, Map.of(), positional);
  }

  private static Object named(
      DefinedDriver driver, String command, Map<String, Object> named, Object... positional) {
    CommandInfo info = driver.info().command(command).orElseThrow();
    Object result = driver.call(info.name(), Values.bind(info, List.of(positional), named));
    return Values.convert(info.name(), info.result(), result);
  }

  private static String commands(String... lines) {
    return HEAD
        + "io: [{name: a, type: float, role: output, unit: V}, {name: b, type: int, role: output}]\n"
        + "commands:\n  "
        + String.join("\n  ", lines)
        + "\n";
  }

  @ParameterizedTest
  @CsvSource({
    "5, VOLT 5",
    "5.0, VOLT 5",
    "0.1, VOLT 0.1",
    "-2.5, VOLT -2.5",
    "1e-9, VOLT 1E-9",
    "1.5e-9, VOLT 1.5E-9",
    "0.3333333333333333, VOLT 0.3333333333333333",
    "2e-323, VOLT 2E-323",
    "-0.0, VOLT 0",
  })
  void IS_08_aNumberIsTheShortestDecimalThatReadsBackEqual(double value, String line) {
    link.expect(line);

    call(driver(Definitions.DMM), "SET_LEVEL", value);

    assertThat(Double.parseDouble(line.substring(5))).isEqualTo(value + 0.0);
  }

  @Test
  void IS_09_whatIsOutsideItsLimitsIsRefusedAndNothingIsSent() {
    assertThatThrownBy(() -> call(driver(Definitions.DMM), "SET_LEVEL", 11))
        .isInstanceOf(Refused.class)
        .hasMessage("set_level level: 11 V is outside [-10 V, 10 V]");
  }

  @Test
  void IS_10_aReadingIsScaledAsTheInstrumentFileSays() {
    link.expect("MEAS?", "3.0");
    Map<String, Object> ioConfig =
        Map.of(
            "level", Map.of("type", "float", "role", "input", "unit", "V"),
            "reading",
                Map.of("type", "float", "role", "output", "unit", "mV", "scale", 2, "offset", 1));
    DefinedDriver driver = driver(Definitions.DMM, ioConfig);

    assertThat(call(driver, "MEASURE")).isEqualTo(7.0);
    assertThat(driver.info().command("measure").orElseThrow().unit()).isEqualTo("mV");
  }

  @Test
  void aValueThatIsSentIsScaledBack() {
    link.expect("VOLT 2").expect("VOLT 3");
    Map<String, Object> scale = Map.of("type", "float", "role", "input", "scale", 2, "offset", 1);

    call(driver(Definitions.DMM, Map.of("level", scale)), "SET_LEVEL", 5);
    call(driver(Definitions.DMM, Map.of("level", Map.of("scale", 0.1))), "SET_LEVEL", 0.3);
  }

  @Test
  void anIntegerThatIsScaledStaysWholeOnTheWire() {
    String definition =
        HEAD
            + """
            io: [{name: n, type: int, role: inout}]
            commands:
              SET: {template: "N {n}", parameters: [{io: n}]}
              GET: {template: "N?", outputs: [n]}
            """;
    DefinedDriver driver = driver(definition, Map.of("n", Map.of("scale", 0.5)));
    link.expect("N 3").expect("N?", "3");

    call(driver, "SET", 1.5);
    assertThat(call(driver, "GET")).isEqualTo(1.5);
    assertThatThrownBy(() -> call(driver, "SET", 1.2))
        .hasMessage("SET n: 1.2 would be sent as 2.4, and the instrument takes whole numbers");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{levle: {scale: 2}}    | has no parameter 'levle'",
        "{level: {scale: 0}}    | scale is not 0",
        "{level: {type: string}} | the type is string, but the definition has FLOAT",
      })
  void whatIsSaidOfAnIoHasToFitTheDefinition(String written, String what) {
    Map<String, Object> said =
        consort.yaml.YamlReader.read(written, new consort.yaml.Problems("")).plainFields();

    assertThatThrownBy(() -> driver(Definitions.DMM, said))
        .isInstanceOf(Refused.class)
        .hasMessageContaining(what);
  }

  @Test
  void textAndBooleansAndIntegersAndListsAreWrittenAsInstrumentsReadThem() {
    DefinedDriver driver =
        driver(
            commands(
                "C: {template: 'X {t},{f},{n},{l}', parameters: [{name: t, type: string},"
                    + " {name: f, type: bool}, {name: n, type: int}, {name: l, type: array}]}"));
    link.expect("X abc,1,-7,1,2.5");

    call(driver, "C", "abc", true, -7, List.of(1, 2.5));
  }

  @Test
  void optionsAreTakenInAnyCaseAndSentAsTheManualHasThem() {
    DefinedDriver driver =
        driver(
            commands(
                "C: {template: 'FUNC {f} {n}', parameters: [{name: f, type: string, enum: [SIN, SQU]},"
                    + " {name: n, type: int, enum: [1, 10], default: 10}]}"));
    link.expect("FUNC SIN 10");

    call(driver, "C", "sin");
    assertThatThrownBy(() -> call(driver, "C", "TRI"))
        .hasMessage("c f: 'TRI' is not one of SIN, SQU");
    assertThatThrownBy(() -> call(driver, "C", "SIN", 5)).hasMessage("c n: 5 is not one of 1, 10");
  }

  @Test
  void whatMayBeLeftOutLeavesNothingBehind() {
    DefinedDriver driver =
        driver(commands("C: {template: 'X {v}', params: {v: {type: int, required: false}}}"));
    link.expect("X");

    call(driver, "C");
  }

  @Test
  void aNumberThatIsNoneIsNotSent() {
    DefinedDriver driver =
        driver(commands("C: {template: 'X {v}', parameters: [{name: v, type: float}]}"));

    assertThatThrownBy(() -> call(driver, "C", Double.NaN)).isInstanceOf(Refused.class);
    assertThatThrownBy(() -> call(driver, "C", Double.NEGATIVE_INFINITY))
        .isInstanceOf(Refused.class);
  }

  @Test
  void otherBracesAndBlanksOfATemplateAreSentAsTheyAre() {
    DefinedDriver driver = driver(commands("C: {template: 'SOUR: X {} { a } {1}'}"));
    link.expect("SOUR: X {} { a } {1}");

    call(driver, "C");
  }

  private static final String SMU =
      HEAD
          + """
          channel_groups:
            - name: out
              channel_parameter: {name: number, type: int, min: 1, max: 3}
              io_types: [{suffix: voltage, type: float, role: inout, unit: V}]
          commands:
            SET: {template: "VOLT {voltage},(@{out})", channel_group: out, parameters: [{io: voltage}]}
            GET: {template: "VOLT? (@{number})", channel_group: out, outputs: [voltage]}
          """;

  @Test
  void IS_11_theChannelReachesTheInstrument() {
    DefinedDriver driver = driver(SMU);
    link.expect("VOLT 1.5,(@2)").expect("VOLT? (@2)", "1.5");

    named(driver, "SET", Map.of("channel", 2), 1.5);
    assertThat(named(driver, "GET", Map.of("channel", 2))).isEqualTo(1.5);
    assertThatThrownBy(() -> named(driver, "GET", Map.of("channel", 4)))
        .hasMessage("get channel: 4 is outside [1, 3]");
    assertThatThrownBy(() -> call(driver, "GET")).hasMessage("get: channel is missing");
  }

  @Test
  void eachChannelHasItsOwnScale() {
    DefinedDriver driver = driver(SMU, Map.of("out2_voltage", Map.of("scale", 10)));
    link.expect("VOLT 5,(@1)").expect("VOLT 0.5,(@2)").expect("VOLT? (@2)", "0.5");

    named(driver, "SET", Map.of("channel", 1), 5);
    named(driver, "SET", Map.of("channel", 2), 5);
    assertThat(named(driver, "GET", Map.of("channel", 2))).isEqualTo(5.0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "float  | ' +1.5E+00 ' | 1.5",
        "float  | 3          | 3",
        "int    | +3.0E0     | 3",
        "bool   | ON         | true",
        "bool   | 0          | false",
        "string | 'a, b  '   | a, b",
        "array<float> | 1.5,2 3; -4e1 | [1.5, 2, 3, -40]",
        "array<int>   | 1, +2 | [1, 2]",
        "array        | ''    | []",
      })
  void aReplyBecomesAValueOfItsType(String type, String reply, String value) {
    link.expect("X?", reply);

    assertThat(
            Values.text(call(driver(commands("C: {template: 'X?', returns: " + type + "}")), "C")))
        .isEqualTo(value);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "returns: float | banana | is not a number",
        "returns: int | 1.5 | is not a whole number",
        "returns: bool | 2 | is neither ON nor OFF",
        "returns: array | 1,x | is not a number",
        "returns: array | 1,,2 | is not a number",
        "responses: [CC, CV] | OFF | is not one of CC, CV",
        "'responses: \"([0-9]+) V\", returns: int' | 5 A | does not look like ([0-9]+) V",
        "'outputs: [a, b]' | 1 | has 1 values, not 2",
        "'outputs: [a, b]' | 1,x | is not a whole number",
      })
  void aReplyThatMeansNothingIsGarbled(String keys, String reply, String what) {
    link.expect("X?", reply);

    assertThatThrownBy(() -> call(driver(commands("C: {template: 'X?', " + keys + "}")), "C"))
        .isInstanceOf(Garbled.class)
        .hasMessageContaining("in answer to \"X?\"")
        .hasMessageContaining(what);
  }

  @Test
  void theFormOfAReplyIsARegularExpressionOrAList() {
    DefinedDriver driver =
        driver(
            commands(
                "P: {template: 'P?', responses: 'CH1:([-+.0-9E]+)V, *([0-9]+)', outputs: [a, b]}",
                "M: {template: 'M?', responses: [CC, CV]}",
                "Q: {template: 'Q?', responses: '\"(.*)\"'}"));
    link.expect("P?", "CH1:1.5V, 7").expect("M?", "CV ").expect("Q?", "\"VOLT\"");

    assertThat(call(driver, "P")).isEqualTo(new LinkedHashMap<>(Map.of("a", 1.5, "b", 7L)));
    assertThat(call(driver, "M")).isEqualTo("CV");
    assertThat(driver.info().command("M").orElseThrow().result()).hasToString("CC|CV");
    assertThat(call(driver, "Q")).isEqualTo("VOLT");
  }

  @Test
  void severalOutputsAreFieldsWithUnits() {
    DefinedDriver driver = driver(commands("C: {template: 'X?', outputs: [a, b]}"));
    link.expect("X?", "1.5, 7");

    assertThat(call(driver, "C")).isEqualTo(Map.of("a", 1.5, "b", 7L));
    assertThat(driver.info().command("C").orElseThrow().result().fields().get(0).unit())
        .isEqualTo("V");
  }

  private static String latin(ByteBuffer bytes) {
    return new String(bytes.array(), StandardCharsets.ISO_8859_1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"big", "little"})
  void aBlockIsReadInTheOrderOfItsBytes(String order) {
    DefinedDriver driver =
        driver(
            commands(
                "F: {template: 'F?', returns: block<float32>, byte_order: " + order + "}",
                "D: {template: 'D?', returns: block<float64>, byte_order: " + order + "}",
                "S: {template: 'S?', returns: block<int16>, byte_order: " + order + "}",
                "U: {template: 'U?', returns: block<uint16>, byte_order: " + order + "}",
                "I: {template: 'I?', returns: block<int32>, byte_order: " + order + "}",
                "J: {template: 'J?', returns: block<uint32>, byte_order: " + order + "}",
                "L: {template: 'L?', returns: block<int64>, byte_order: " + order + "}"));
    ByteOrder bytes = order.equals("big") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    link.expect("F?", latin(ByteBuffer.allocate(8).order(bytes).putFloat(1.5f).putFloat(-2)))
        .expect("D?", latin(ByteBuffer.allocate(8).order(bytes).putDouble(1e300)))
        .expect(
            "S?",
            latin(ByteBuffer.allocate(4).order(bytes).putShort((short) -2).putShort((short) 3)))
        .expect("U?", latin(ByteBuffer.allocate(2).order(bytes).putShort((short) -2)))
        .expect("I?", latin(ByteBuffer.allocate(4).order(bytes).putInt(-5)))
        .expect("J?", latin(ByteBuffer.allocate(4).order(bytes).putInt(-1)))
        .expect("L?", latin(ByteBuffer.allocate(8).order(bytes).putLong(-7)));

    assertThat(call(driver, "F")).isEqualTo(NumericArray.of(new float[] {1.5f, -2}));
    assertThat(call(driver, "D")).isEqualTo(NumericArray.of(new double[] {1e300}));
    assertThat(call(driver, "S")).isEqualTo(NumericArray.of(new short[] {-2, 3}));
    assertThat(call(driver, "U")).isEqualTo(NumericArray.of(new int[] {65534}));
    assertThat(call(driver, "I")).isEqualTo(NumericArray.of(new int[] {-5}));
    assertThat(call(driver, "J")).isEqualTo(NumericArray.of(new long[] {4294967295L}));
    assertThat(call(driver, "L")).isEqualTo(NumericArray.of(new long[] {-7}));
  }

  @Test
  void aBlockOfBytesMayBeScaledOrLeftAlone() {
    String definition =
        HEAD
            + """
            io: [{name: w, type: array, role: output, unit: V}]
            commands:
              RAW: {template: "R?", returns: block}
              WAVE: {template: "W?", returns: block<uint8>, outputs: [w]}
              SIGNED: {template: "S?", returns: block<int8>}
            """;
    DefinedDriver driver = driver(definition, Map.of("w", Map.of("scale", 0.5, "offset", -1)));
    link.expect("R?", "\u00ffA").expect("W?", "\u00ff\u0002").expect("S?", "\u00ff");

    assertThat((byte[]) call(driver, "RAW")).containsExactly(-1, 65);
    assertThat(call(driver, "WAVE")).isEqualTo(NumericArray.of(new double[] {126.5, 0}));
    assertThat(call(driver, "SIGNED")).isEqualTo(NumericArray.of(new byte[] {-1}));
  }

  @Test
  void aBlockThatIsCutIsGarbled() {
    link.expect("F?", "12345");

    assertThatThrownBy(
            () -> call(driver(commands("C: {template: 'F?', returns: block<float32>}")), "C"))
        .isInstanceOf(Garbled.class)
        .hasMessage(
            "a block of 5 bytes in answer to \"F?\" is no whole number of float32 of 4 bytes");
  }

  private static final String SELF_TELLING =
      Definitions.DMM
          + """
          initialization: ["*CLS"]
          identity: {query: "*IDN?", pattern: "(?<vendor>Acme),(?<model>D1),(?<serial>[^,]*),(?<firmware>.*)"}
          errors: {query: "SYST:ERR?", none: "[+]?0,.*"}
          """;

  @Test
  void theIdentityIsAskedAndAnotherInstrumentIsRefused() {
    DefinedDriver driver = driver(SELF_TELLING);
    link.expect("*IDN?", "Acme,D1,17,2.0").expect("*IDN?", "Other,X,1,1");

    assertThat(driver.connect()).isEqualTo(new Identity("Acme", "D1", "17", "2.0"));
    assertThatThrownBy(driver::connect)
        .isInstanceOf(Unreachable.class)
        .hasMessageStartingWith("scripted answers \"Other,X,1,1\" to *IDN?, which is no Acme D1");
    assertThat(driver(Definitions.DMM).connect()).isEqualTo(Identity.UNKNOWN);
  }

  @Test
  void initializationComesBeforeTheStartupCommandsOfTheFile() {
    link.expect("*CLS").expect("SYST:ERR?", "0,\"No error\"").expect("VOLT 1");

    driver(SELF_TELLING).startup(List.of("VOLT 1"));
  }

  @Test
  void errorsAreAskedAfterAWriteAndTheQueueIsEmptied() {
    DefinedDriver driver = driver(SELF_TELLING);
    link.expect("VOLT 1")
        .expect("SYST:ERR?", "+0,\"No error\"")
        .expect("VOLT 2")
        .expect("SYST:ERR?", "-113,\"Undefined header\"")
        .expect("SYST:ERR?", "-222,\"Data out of range\"")
        .expect("SYST:ERR?", "+0,\"No error\"")
        .expect("MEAS?", "3");

    call(driver, "SET_LEVEL", 1);
    assertThatThrownBy(() -> call(driver, "SET_LEVEL", 2))
        .isInstanceOf(Faulted.class)
        .hasMessage("\"VOLT 2\": -113 Undefined header; and 1 more")
        .extracting(e -> ((Faulted) e).number())
        .isEqualTo(-113);
    assertThat(call(driver, "MEASURE")).isEqualTo(3.0);
  }

  @Test
  void aCustomConnectionHasParametersInsteadOfAResourceName() {
    Map<String, Object> custom = Map.of("device", "/dev/ttyUSB0", "baudrate", 115200);
    assertThat(DefinedFactory.resource(new Connection("Custom", "", Map.of("custom", custom))))
        .isEqualTo(new Connection("VISA", "ASRL/dev/ttyUSB0::INSTR", Map.of("baudrate", 115200)));
    assertThat(
            DefinedFactory.resource(
                new Connection(
                    "Custom", "", Map.of("custom", Map.of("host", "127.0.0.1", "port", 5025)))))
        .isEqualTo(Connection.visa("TCPIP::127.0.0.1::5025::SOCKET"));
    assertThat(DefinedFactory.resource(new Connection("Custom", "127.0.0.1:7", Map.of())))
        .isEqualTo(Connection.visa("TCPIP::127.0.0.1::7::SOCKET"));
    assertThat(DefinedFactory.resource(Connection.visa("X"))).isEqualTo(Connection.visa("X"));
  }

  @Test
  void aSetupWithoutSettingsIsEnough() {
    DefinedFactory factory = new DefinedFactory(good(Definitions.DMM));

    assertThat(factory.settings()).hasSize(1).first().extracting("optional").isEqualTo(true);
    assertThat(factory.create(new Setup("X", Map.of(), Connection.visa("T"), link.links())))
        .isNotNull();
  }
}
