// SPDX-License-Identifier: Apache-2.0
package consort.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class InfoTest {

  private static CommandInfo command(String name, ParameterInfo... parameters) {
    return new CommandInfo(
        name, List.of(parameters), ValueType.DOUBLE, "V", false, false, null, "");
  }

  @Test
  void findsACommandInEverySpelling() {
    CommandInfo measure = command("measure_voltage");
    InstrumentInfo info = new InstrumentInfo(List.of(), "", List.of(measure));

    assertThat(info.command("measure_voltage")).containsSame(measure);
    assertThat(info.command("MEASURE_VOLTAGE")).containsSame(measure);
    assertThat(info.command("measureVoltage")).containsSame(measure);
    assertThat(info.command("measure")).isEmpty();
  }

  @Test
  void refusesTwoCommandsOrParametersOfOneName() {
    assertThatThrownBy(
            () ->
                new InstrumentInfo(List.of(), "", List.of(command("read_all"), command("readall"))))
        .hasMessageStartingWith("two commands have one name: read_all()");
    assertThatThrownBy(
            () ->
                command(
                    "set",
                    ParameterInfo.of("a_b", ValueType.INT),
                    ParameterInfo.of("ab", ValueType.INT)))
        .hasMessage("set: the parameters a_b and ab have one name");
  }

  @Test
  void writesTheSignatureForPeople() {
    ParameterInfo level =
        new ParameterInfo(
            "level", ValueType.DOUBLE, "V", new Limits(-1, 1), List.of(), true, 0.5, "");
    ParameterInfo note =
        new ParameterInfo("note", ValueType.STRING, "", null, List.of(), true, null, "");

    assertThat(command("set", level, note).signature())
        .isEqualTo("set(level: double [V] -1..1 = 0.5, note: string?) -> double [V]");
  }

  @Test
  void anInfiniteEndOfARangeIsNotWritten() {
    assertThat(signature(new Limits(1, Double.POSITIVE_INFINITY))).isEqualTo("x(n: int >= 1)");
    assertThat(signature(new Limits(Double.NEGATIVE_INFINITY, 5))).isEqualTo("x(n: int <= 5)");
    assertThat(signature(new Limits(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY)))
        .isEqualTo("x(n: int)");
    assertThat(signature(new Limits(1, 5))).isEqualTo("x(n: int 1..5)");
  }

  private static String signature(Limits limits) {
    ParameterInfo n = new ParameterInfo("n", ValueType.INT, "", limits, List.of(), false, null, "");
    return new CommandInfo("x", List.of(n), ValueType.VOID, "", false, false, null, "").signature();
  }
}
