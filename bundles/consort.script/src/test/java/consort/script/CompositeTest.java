// SPDX-License-Identifier: Apache-2.0
package consort.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Call;
import consort.api.CommandInfo;
import consort.api.Instrument;
import consort.api.NumericArray;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Instruments that are made of others, with the runtime's own coordinator. */
final class CompositeTest {

  private static final String PAIR =
      """
      return {
        doc = "Two meters read as one",
        version = "1.2.0",
        commands = {
          read_voltages = {
            doc = "Reads both", unit = "V", reads = true, result = "array",
            parameters = {{name = "count", type = "int", min = 1, max = 3, default = 1}},
            run = function(count)
              local all = {}
              for i = 1, count do
                table.insert(all, context:call("A.GET"))
                table.insert(all, context:call("B.GET"))
              end
              return all
            end,
          },
          set_both = {
            parameters = {{name = "level", unit = "V", min = -10, max = 10}},
            run = function(level)
              context:call("A.SET", level)
              context:call("B.SET", -level)
            end,
          },
          fail = {run = function() context:call("A.FAIL") end},
          wrong = {result = "double", run = function() return "x" end},
          endless = {run = function() while true do end end},
        },
      }
      """;

  private ScriptNode node;

  @BeforeEach
  void start() throws Exception {
    node = new ScriptNode().with("A", "B");
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
  }

  private static Sandbox.Source source(String text) {
    return new Sandbox.Source("PAIR.lua", text.getBytes(StandardCharsets.UTF_8));
  }

  private Instrument pair() {
    return node.composite("PAIR", source(PAIR));
  }

  @Test
  void callsOthersAndGivesWhatTheyGave() {
    Instrument pair = pair();

    pair.call("set_both", 2.5);

    assertThat(pair.call("read_voltages", 2))
        .isEqualTo(NumericArray.of(new double[] {2.5, -2.5, 2.5, -2.5}));
    assertThat(pair.call("READ_VOLTAGES")).isEqualTo(NumericArray.of(new double[] {2.5, -2.5}));
  }

  @Test
  void isGuardedLikeEveryInstrument() {
    Instrument pair = pair();

    assertThat(pair.info().commands())
        .extracting(CommandInfo::signature)
        .contains(
            "read_voltages(count: int 1..3 = 1) -> double[] [V]",
            "set_both(level: double [V] -10..10)");
    assertThatThrownBy(() -> pair.call("set_both", 11))
        .hasMessageContaining("11 V is outside [-10 V, 10 V]");
    assertThat(node.bench.of("A")).hasSize(1);
  }

  @Test
  void saysWhatWentWrongInIt() {
    Instrument pair = pair();

    assertThatThrownBy(() -> pair.call("fail")).hasMessageContaining("Undefined header");
    assertThatThrownBy(() -> pair.call("wrong")).hasMessageContaining("'x' is not a double");
    assertThatThrownBy(() -> pair.call(Call.of("endless").within(java.time.Duration.ofMillis(200))))
        .hasMessageContaining("endless");
    assertThat(pair.call("read_voltages")).isNotNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "return 3;PAIR.lua:1: it must return a table",
        "return {commands = {}};PAIR.lua:1: there are no commands",
        "~x = = 1;PAIR.lua:2: unexpected symbol",
        "~~error('no');PAIR.lua:3: no",
        "return {command = {}, commands = {}};unknown key 'command'",
        "return {commands = {~get = {result = 'foo', run = function() end}}};PAIR.lua:2: get: result: 'foo' is none of",
        "return {commands = {get = {}}};get has no function run",
        "return {version = '1', commands = {}};version: '1' is not like 1.0.0",
        "context:call('A.GET');PAIR.lua:1: ",
        "while true do end;ended: it took"
      })
  void findsWhatIsWrongWithAFile(String text, String message) {
    assertThatThrownBy(
            () -> CompositeDriver.read(node.scripts(), source(text.replace('~', '\n')), node.home))
        .hasMessageContaining(message);
  }

  @Test
  void theSameFileIsTheSameBundle() {
    byte[] text = PAIR.getBytes(StandardCharsets.UTF_8);

    assertThat(CompositeBundle.jar("definition:/x/PAIR.lua", "1.2.0", "PAIR.lua", text))
        .isEqualTo(CompositeBundle.jar("definition:/x/PAIR.lua", "1.2.0", "PAIR.lua", text));
  }
}
