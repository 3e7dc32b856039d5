// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import static consort.declarative.Definitions.HEAD;
import static consort.declarative.Definitions.findings;
import static consort.declarative.Definitions.good;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.CommandInfo;
import consort.api.NumericArray;
import consort.api.Refused;
import consort.api.Unreachable;
import consort.api.Values;
import consort.api.driver.Connection;
import consort.api.driver.Setup;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Examples as tests of a definition, and as an instrument. */
final class SimulatedInstrumentTest {

  private static final String SUPPLY =
      HEAD
          + """
          io:
            - {name: limit, type: float, role: inout, unit: A}
            - {name: measured, type: float, role: output, unit: V}
          channel_groups:
            - name: out
              channel_parameter: {name: number, type: int, min: 1, max: 3}
              io_types: [{suffix: voltage, type: float, role: inout, unit: V}]
          identity: {query: "*IDN?", pattern: "Acme,D1,.*"}
          errors: {query: "SYST:ERR?", none: "0,.*"}
          commands:
            SET_VOLTAGE: {template: "VOLT {voltage},(@{out})", channel_group: out,
              parameters: [{io: voltage, min: 0, max: 30}]}
            GET_VOLTAGE: {template: "VOLT? (@{out})", channel_group: out, outputs: [voltage]}
            SET_LIMIT: {template: "ILIM {limit}", parameters: [{io: limit, min: 0, max: 3}]}
            GET_LIMIT: {template: "CURRENT:LIMIT?", outputs: [limit]}
            SET_RATE: {template: ":RATE {r}", params: {r: {type: int}}}
            GET_RATE: {template: "rate?", response_type: int64}
            MEASURE: {template: "MEAS?", outputs: [measured]}
            WAVE: {template: "WAVE?", returns: block<uint8>}
            SET_WAVE_UNKNOWN: {template: "WAVE:UNKNOWN?", returns: int}
          examples:
            - {sent: "*IDN?", reply: "Acme,D1,1,1"}
            - {sent: "SYST:ERR?", reply: "0,none"}
            - {command: SET_VOLTAGE, arguments: {voltage: 5, channel: 2}, sent: "VOLT 5,(@2)"}
            - {command: GET_VOLTAGE, arguments: {channel: 2}, sent: "VOLT? (@2)", reply: "+5.0E+00", result: 5}
            - {command: GET_LIMIT, sent: "CURRENT:LIMIT?", reply: "1.5", result: 1.5}
            - {command: MEASURE, sent: "MEAS?", reply: "4.99", result: 4.99}
            - {command: WAVE, sent: "WAVE?", reply: "#13\\x01\\x02\\xff", result: [1, 2, 255]}
          """;

  private final SimulatedDriver driver = simulated(SUPPLY);

  private static SimulatedDriver simulated(String definition) {
    return (SimulatedDriver)
        new DefinedFactory(good(definition))
            .create(
                new Setup(
                    "SIM",
                    Map.of(),
                    new Connection("Simulated", "", Map.of()),
                    (connection, settings) -> {
                      throw new AssertionError("a simulated instrument opens no link");
                    }));
  }

  private Object call(String command, Map<String, Object> arguments) {
    CommandInfo info = driver.info().command(command).orElseThrow();
    return Values.convert(
        info.name(),
        info.result(),
        driver.call(info.name(), Values.bind(info, List.of(), arguments)));
  }

  @Test
  void whatIsWrittenIsReadBackFromTheSameOutputOfTheSameChannel() {
    call("SET_VOLTAGE", Map.of("voltage", 3.3, "channel", 1));
    call("SET_LIMIT", Map.of("limit", 0.25));

    assertThat(call("GET_VOLTAGE", Map.of("channel", 1))).isEqualTo(3.3);
    assertThat(call("GET_VOLTAGE", Map.of("channel", 2)))
        .as("still as the example has it")
        .isEqualTo(5.0);
    assertThat(call("GET_LIMIT", Map.of())).isEqualTo(0.25);
    assertThat(call("MEASURE", Map.of())).isEqualTo(4.99);
  }

  @Test
  void whatIsWrittenIsReadBackByTheSameWordsWhereNoOutputSaysMore() {
    call("SET_RATE", Map.of("r", 7));

    assertThat(call("GET_RATE", Map.of())).isEqualTo(7L);
  }

  @Test
  void whatIsWrittenStandsInTheReplyOfTheExampleWhereItsValueStood() {
    SimulatedDriver generator =
        simulated(
            HEAD
                + """
                io:
                  - {name: f, type: string, role: setting}
                  - {name: a, type: float, role: setting}
                  - {name: b, type: float, role: setting}
                commands:
                  SET_A: {template: "BSWV AMP,{a}", parameters: [{io: a}]}
                  SET_B: {template: "B {b}", parameters: [{io: b}]}
                  GET: {template: "BSWV?", outputs: [f, a], responses: "WVTP,([A-Z]+),AMP,(.*)V"}
                  PAIR: {template: "PAIR?", outputs: [a, b]}
                examples:
                  - {command: GET, sent: "BSWV?", reply: "WVTP,SINE,AMP,2V"}
                  - {command: PAIR, sent: "PAIR?", reply: "1,2"}
                """);
    generator.call("set_a", Map.of("a", 7.5));

    assertThat(generator.call("get", Map.of())).isEqualTo(Map.of("f", "SINE", "a", 7.5));
    assertThat(generator.call("pair", Map.of())).isEqualTo(Map.of("a", 7.5, "b", 2.0));
  }

  @Test
  void anExampleOfOneChannelStandsForAll() {
    assertThat(call("GET_VOLTAGE", Map.of("channel", 3))).isEqualTo(5.0);
  }

  @Test
  void resetForgetsWhatWasWritten() {
    call("SET_LIMIT", Map.of("limit", 0.25));
    driver.startup(List.of("*RST"));

    assertThat(call("GET_LIMIT", Map.of())).isEqualTo(1.5);
  }

  @Test
  void startupCommandsAreWrittenLikeOthers() {
    driver.startup(List.of("ILIM 2"));

    assertThat(call("GET_LIMIT", Map.of())).isEqualTo(2.0);
  }

  @Test
  void limitsHold() {
    assertThatThrownBy(() -> call("SET_VOLTAGE", Map.of("voltage", 31, "channel", 1)))
        .isInstanceOf(Refused.class)
        .hasMessage("set_voltage voltage: 31 V is outside [0 V, 30 V]");
  }

  @Test
  void itHasTheIdentityAndTheBlocksOfTheExamples() {
    assertThat(driver.connect().model()).isEqualTo("D1");
    assertThat(call("WAVE", Map.of())).isEqualTo(NumericArray.of(new short[] {1, 2, 255}));
  }

  @Test
  void aQuestionOfNoExampleIsAnErrorThatSaysWhatToDo() {
    assertThatThrownBy(() -> call("SET_WAVE_UNKNOWN", Map.of()))
        .isInstanceOf(Unreachable.class)
        .hasMessage(
            "the simulated instrument has no answer to \"WAVE:UNKNOWN?\"; write an example of it");
  }

  @Test
  void aSuccessorKnowsWhatWasWritten() throws Exception {
    call("SET_LIMIT", Map.of("limit", 0.25));
    SimulatedDriver successor = simulated(SUPPLY);
    successor.restore(driver.save());

    assertThat(successor.call("get_limit", Map.of())).isEqualTo(0.25);
  }

  /** Findings without their places. */
  private static List<String> said(String definition) {
    return findings(definition).stream().map(f -> f.substring(f.indexOf(": ") + 2)).toList();
  }

  private static String example(String example) {
    return Definitions.DMM + "examples:\n  - " + example + "\n";
  }

  @Test
  void anExampleThatHoldsIsNoFinding() {
    assertThat(
            findings(
                example("{command: SET_LEVEL, arguments: {level: 5}, sent: VOLT 5}")
                    + "  - {command: measure, sent: \"MEAS?\", reply: \"3.0\", result: 3}\n"
                    + "  - {sent: \"X?\", reply: \"\"}\n"))
        .isEmpty();
  }

  @Test
  void theFirstDifferenceOfAnExampleIsMarked() {
    assertThat(findings(example("{command: SET_LEVEL, arguments: {level: 5}, sent: VOLT 5.0}")))
        .containsExactly(
            "d.yaml:12:55: /examples/0/sent: SET_LEVEL sends \"VOLT 5\", not \"VOLT 5.0\"");
    assertThat(said(example("{command: SET_LEVEL, arguments: {level: 11}, sent: VOLT 11}")))
        .containsExactly("/examples/0/arguments: set_level level: 11 V is outside [-10 V, 10 V]");
    assertThat(said(example("{command: SET_LEVEL, arguments: {levle: 1}, sent: VOLT 1}")))
        .singleElement()
        .asString()
        .contains("/examples/0/arguments: set_level: has no parameter 'levle'; it has level");
    assertThat(said(example("{command: MEASURE, sent: 'MEAS?', reply: banana}")))
        .containsExactly("/examples/0/reply: \"banana\" in answer to \"MEAS?\" is not a number");
    assertThat(said(example("{command: MEASURE, sent: 'MEAS?', reply: '3', result: 4}")))
        .containsExactly("/examples/0/result: the reply means 3, not 4");
    assertThat(said(example("{command: MEASURE, sent: 'MEAS?', reply: '3', result: x}")))
        .containsExactly("/examples/0/result: measure: 'x' is not a double");
    assertThat(said(example("{command: MEASURE, sent: 'MEAS?'}")))
        .containsExactly("/examples/0: MEASURE has a reply; write what is answered");
    assertThat(
            findings(
                example("{command: SET_LEVEL, arguments: {level: 5}, sent: VOLT 5, reply: x}")))
        .singleElement()
        .asString()
        .contains("SET_LEVEL has no reply; leave it out, or write what it returns");
    assertThat(said(example("{command: NOTHING, sent: X}")))
        .containsExactly(
            "/examples/0/command: 'NOTHING' is no command; there is IDN, SET_LEVEL," + " MEASURE");
    assertThat(said(example("{sent: X}")))
        .containsExactly(
            "/examples/0/reply: reply is missing: a line of no command is here for it");
    assertThat(findings(SUPPLY.replace("reply: \"Acme,D1,1,1\"", "reply: \"Other\"")))
        .singleElement()
        .asString()
        .contains("/examples/0/reply: 'Other' does not look like identity.pattern, Acme,D1,.*");
  }
}
