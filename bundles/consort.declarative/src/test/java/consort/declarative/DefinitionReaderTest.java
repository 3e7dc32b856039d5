// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import static consort.declarative.Definitions.HEAD;
import static consort.declarative.Definitions.findings;
import static consort.declarative.Definitions.good;
import static org.assertj.core.api.Assertions.assertThat;

import consort.api.CommandInfo;
import consort.api.Limits;
import consort.api.ValueType;
import consort.testkit.ScriptedLink;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every form of a definition that is in use, and what is said of those that are wrong. */
final class DefinitionReaderTest {

  private static CommandInfo info(String text, String command) {
    return new DefinedDriver(good(text), IoConfig.none(), new ScriptedLink())
        .info()
        .command(command)
        .orElseThrow();
  }

  private static CommandInfo command(String body) {
    return info(
        HEAD + "io: [{name: a, type: float, role: output, unit: V}]\ncommands:\n  C: " + body, "c");
  }

  @Test
  void theMinimalPairOfTheDocumentsLoadsWithoutAnyFinding() {
    assertThat(findings(Definitions.DMM)).isEmpty();
    Definition definition = good(Definitions.DMM);
    assertThat(definition.identifier()).isEqualTo("DMM_API");
    assertThat(definition.version()).isEqualTo("1.0.0");

    assertThat(info(Definitions.DMM, "IDN").result()).isEqualTo(ValueType.STRING);
    assertThat(info(Definitions.DMM, "MEASURE").result()).isEqualTo(ValueType.DOUBLE);
    assertThat(info(Definitions.DMM, "MEASURE").unit()).isEqualTo("V");
    CommandInfo set = info(Definitions.DMM, "SET_LEVEL");
    assertThat(set.name()).isEqualTo("set_level");
    assertThat(set.result()).isEqualTo(ValueType.VOID);
    assertThat(set.parameters().get(0).limits()).isEqualTo(new Limits(-10, 10));
    assertThat(set.parameters().get(0).unit()).isEqualTo("V");
  }

  @Test
  void takesParametersAsAMapInTheOrderOfTheFile() {
    CommandInfo c =
        command(
            """
            {template: "X {b} {a}", params: {b: {type: double, required: true, min: -10.0, max: 10.0},
              a: {type: int64, required: false}}}
            """);

    assertThat(c.signature()).isEqualTo("c(b: double -10..10, a: long?)");
  }

  @ParameterizedTest
  @CsvSource({
    "response_type: double, double",
    "response_type: int64, long",
    "response_type: string, string",
    "response_type: bool, boolean",
    "response_type: array, double[]",
    "response_type: void, void",
    "returns: void, void",
    "returns: int, long",
    "returns: float, double",
    "returns: bool, boolean",
    "returns: string, string",
    "returns: array<float>, double[]",
    "returns: array<int>, long[]",
    "query: true, string",
    "query: false, void",
    "outputs: [a], double",
    "'outputs: [a], returns: void', void",
    "'outputs: [a], returns: array<float>, query: true', double[]",
    "response_type: block, bytes",
    "response_type: block<float32>, float[]",
    "response_type: block<uint8>, short[]",
  })
  void theResultTypeIsWhatAnyOfTheDocumentedKeysSays(String keys, String type) {
    assertThat(command("{template: \"GET\", " + keys + "}").result()).hasToString(type);
  }

  @Test
  void aTemplateThatAsksHasAReplyOfText() {
    assertThat(command("{template: \"GET?\"}").result()).isEqualTo(ValueType.STRING);
    assertThat(command("{template: \"GET? 1\"}").result()).isEqualTo(ValueType.STRING);
    assertThat(command("{template: \"GET\"}").result()).isEqualTo(ValueType.VOID);
  }

  @Test
  void takesTheOtherNamesOfIoTypesAndKeysOfPublishedExamples() {
    String text =
        """
        api_version: 1.0.0
        instrument:
          vendor: Keysight
          model: DSO9254A
          identifier: mockAPI
          description: High-Performance Oscilloscope
          firmware_version: 6.30.00
        protocol: {type: VISA}
        initialization: ["*RST", "*CLS"]
        io:
          - {name: channel, type: integer, role: setting, description: "Channel number"}
          - {name: status, type: boolean, role: output}
          - {name: waveform, type: array, role: output}
          - {name: trace, type: array<int>, role: output}
          - {name: trigger, type: bool, role: trigger-in}
        commands:
          GET_BOOL: {template: "GET:BOOL?", parameters: [], outputs: [status]}
          GET_ARRAY: {template: "GET:ARRAY?", parameters: [], outputs: [waveform]}
          ECHO: {template: "SOUR: ECHO", parameters: [], outputs: [trace], inputs: [channel], triggers: [trigger]}
        """;

    assertThat(findings(text))
        .containsExactly(
            "d.yaml:5:15: /instrument/identifier: instrument-script-server takes capitals, digits"
                + " and underscores only; accepted");
    assertThat(info(text, "GET_BOOL").result()).isEqualTo(ValueType.BOOLEAN);
    assertThat(info(text, "GET_ARRAY").result()).hasToString("double[]");
    assertThat(info(text, "ECHO").result()).hasToString("long[]");
    assertThat(good(text).initialization()).containsExactly("*RST", "*CLS");
    assertThat(info(text, "ECHO").signature())
        .as("a channel is accepted wherever the API has an io of that name")
        .isEqualTo("echo(channel: long?) -> long[]");
  }

  private static final String SCOPE =
      HEAD
          + """
          channel_groups:
            - name: analog
              description: Analog input channels
              count: 4
              channel_parameter: {name: number, type: int, min: 1, max: 4, description: The input.}
              io_types:
                - {suffix: waveform, type: float, role: output, unit: V}
                - {suffix: range, type: float, role: setting, unit: V}
          io: [{name: timebase, type: float, role: setting, unit: s}]
          commands:
            GET_WAVEFORM: {template: ":WAV:DATA?  {analog}", parameters: [], channel_group: analog,
              outputs: [waveform], returns: array<float>, query: true}
            SET_RANGE: {template: "CHAN{number}:RANG {value}", channel_group: analog, returns: void,
              parameters: [{name: value, type: float, unit: V}], outputs: [range]}
          """;

  @Test
  void aChannelGroupNeedsNotBeExpandedAndMakesTheChannelTheLastParameterAndAResource() {
    Definition definition = good(SCOPE);

    assertThat(findings(SCOPE)).isEmpty();
    assertThat(definition.ios())
        .containsKeys("timebase", "analog1_waveform", "analog4_range")
        .doesNotContainKey("analog5_range");
    CommandInfo set = info(SCOPE, "SET_RANGE");
    assertThat(set.signature()).isEqualTo("set_range(value: double [V], channel: long 1..4)");
    assertThat(set.parameters().get(1).resource()).isTrue();
    assertThat(set.parameters().get(1).doc()).isEqualTo("The input.");
    assertThat(info(SCOPE, "GET_WAVEFORM").reads()).isTrue();
  }

  @Test
  void aGroupThatTheFileHasExpandedItselfIsTheSame() {
    String expanded =
        SCOPE.replace(
            "io: [",
            "io: [{name: analog1_waveform, type: float, role: output, unit: V},"
                + " {name: analog2_waveform, type: float, role: output, unit: V}, ");

    assertThat(findings(expanded)).isEmpty();
    assertThat(good(expanded).ios()).hasSameSizeAs(good(SCOPE).ios());
  }

  @Test
  void IS_06_aPlaceholderThatMatchesNothingIsNamedWithThoseThereAre() {
    assertThat(findings(Definitions.DMM.replace("{level}", "{volts}")))
        .containsExactly(
            "d.yaml:9:25: /commands/SET_LEVEL/template: Template placeholder {volts} does not match"
                + " any parameter or channel_group name; there is level",
            "d.yaml:9:25: /commands/SET_LEVEL/template: the parameter level has no place in the"
                + " template: it is not sent");
  }

  @Test
  void allFindingsAreToldAtOnceWithTheirPlaces() {
    assertThat(
            findings(
                """
                api_version: "1.0"
                instrument: {vendor: Acme, model: D1, identifier: 1D}
                protocol: {type: Serial}
                io:
                  - {name: a, type: real, role: input}
                commands:
                  SET: {template: "VOLT {a}", parameter: []}
                """))
        .containsExactly(
            "d.yaml:1:14: /api_version: '1.0' does not match ^[0-9]{1,9}[.][0-9]{1,9}[.][0-9]{1,9}$:"
                + " a version is three numbers: \"1.0.0\"",
            "d.yaml:2:51: /instrument/identifier: '1D' does not match ^[A-Za-z][A-Za-z0-9_]*$: an"
                + " identifier begins with a letter and has letters, digits and underscores only",
            "d.yaml:2:51: /instrument/identifier: instrument-script-server takes capitals, digits"
                + " and underscores only; accepted",
            "d.yaml:3:18: /protocol/type: 'Serial' is not one of VISA, Custom",
            "d.yaml:5:21: /io/0/type: 'real' is not one of int, integer, int64, float, double,"
                + " string, bool, boolean, array, array<float>, array<int>",
            "d.yaml:7:19: /commands/SET/template: Template placeholder {a} does not match any"
                + " parameter or channel_group name; there is none",
            "d.yaml:7:31: /commands/SET/parameter: unknown key 'parameter'; did you mean"
                + " 'parameters'?");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {parameters: []}                                      | Missing required command field 'template'
          {template: 'X {b}', parameters: [{io: b}]}            | 'b' is no io; there is a
          {template: X, outputs: [b]}                           | 'b' is no io; there is a
          {template: X, outputs: [a, a]}                        | the output a is there already
          {template: 'X {a}', parameters: [{io: a}, {io: a}]}   | the parameter a is there already
          {template: 'X {a}', parameters: [{io: a, min: 2, max: 1}]} | min 2 is greater than max 1
          {template: 'X {s}', parameters: [{name: s, type: string, min: 2}]} | min and max are for numbers; write enum
          {template: 'X {a}', parameters: [{io: a, enum: [x]}]} | enum: 'x' is not a double
          {template: 'X {a}', parameters: [{io: a, enum: [1, 1.0]}]} | this value is there already
          {template: 'X {a}', parameters: [{io: a, max: 1, default: 2}]} | C a: 2 V is outside [-Infinity V, 1 V]
          {template: 'X {a}', parameters: [{io: a, name: a, type: int}]} | io and name exclude each other; write one of them
          {template: 'X {a}', parameters: [{name: a}]}          | this key is missing, and needed with name
          {template: 'X {a}', parameters: [{io: a}], params: {}} | parameters and params exclude each other; write one
          {template: X, returns: int, response_type: float}     | returns says int and response_type float; write one
          {template: X, channel_group: g}                       | 'g' is no channel group; there is none
          {template: X, byte_order: little}                     | byte_order is for blocks; write a block type such as block<float32>
          {template: X, responses: 'a'}                         | this command has no reply; leave responses out
          {template: 'X?', responses: '(a'}                       | '(a' is no regular expression: Unclosed group at character 3
          {template: 'X?', responses: '(a)(b)'}                   | the regular expression has 2 groups for 1 outputs
          {template: 'X?', responses: []}                         | responses is a list of different replies
          {template: 'X?', response_type: block, responses: a}    | a block has no form of text; leave responses out
          {template: 'X?', deadline: 0s}                          | a duration of nothing is not allowed
          {template: 'X?', deadline: soon}                        | a duration is a number and a unit
          """)
  void whatIsWrongWithACommandIsSaid(String body, String what) {
    assertThat(
            findings(
                HEAD
                    + "io: [{name: a, type: float, role: output, unit: V}]\ncommands:\n  C: "
                    + body))
        .anyMatch(finding -> finding.contains(": /commands/C") && finding.contains(what));
  }

  @Test
  void namesThatDifferOnlyInCaseOrUnderscoresAreRefused() {
    assertThat(findings(HEAD + "io: []\ncommands: {SET_V: {template: A}, SETV: {template: B}}"))
        .containsExactly(
            "d.yaml:5:34: /commands/SETV: the commands SET_V and SETV have one name: case and"
                + " underscores do not count");
  }

  @Test
  void aCommandOfAGroupHasToSendTheChannel() {
    assertThat(findings(SCOPE.replace("{number}", "1")))
        .anyMatch(
            f ->
                f.endsWith(
                    "/commands/SET_RANGE/template: Template for command with channel_group must"
                        + " include {analog} placeholder"));
  }

  @Test
  void aGroupIsCheckedForItsNumberOfChannels() {
    assertThat(findings(SCOPE.replace("count: 4", "count: 3")))
        .anyMatch(
            f -> f.endsWith("/channel_groups/0/count: count is 3, but 1 to 4 are 4 channels"));
    assertThat(findings(SCOPE.replace("count: 4", "").replace("max: 4", "max: 1000000")))
        .anyMatch(f -> f.contains("1 to 1000000 are 1000000 channels; a group has 1 to 1024"));
    assertThat(findings(SCOPE.replace("    count: 4\n", ""))).isEmpty();
  }

  @Test
  void aDeadlineAndWhetherACommandReadsCanBeSaid() {
    CommandInfo c = command("{template: \"TST?\", deadline: 20s, reads: false}");

    assertThat(c.deadline()).isEqualTo(Duration.ofSeconds(20));
    assertThat(c.reads()).isFalse();
  }

  @Test
  void anEmptyOrHugeOrBinaryFileIsSaidToBeThat() {
    assertThat(findings("")).containsExactly("d.yaml: the file is empty");
    assertThat(findings("x".repeat(2 << 20))).hasSize(1).first().asString().contains("1 MiB");
    assertThat(new DefinitionReader().read("d", new byte[] {(byte) 0xff, 0}).findings())
        .isNotEmpty();
    assertThat(findings("a: &x 1\nb: *x")).anyMatch(f -> f.contains("alias"));
    assertThat(findings("[]")).isNotEmpty();
    assertThat(findings("commands: 3\nio: x\nchannel_groups: {}\nexamples: [1, {sent: 2}]"))
        .isNotEmpty();
    assertThat(
            findings("commands: {C: [], D: {template: 3, parameters: [1, {io: 2}], outputs: [3]}}"))
        .isNotEmpty();
  }

  @Test
  void whatOneFileMayNotHaveIsAlwaysAFinding() {
    List<String> broken = findings(HEAD + "commands: {}\n");

    assertThat(broken).anyMatch(f -> f.endsWith("/commands: there is no command; write one"));
  }
}
