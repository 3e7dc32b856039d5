// SPDX-License-Identifier: Apache-2.0
package consort.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {

  @ParameterizedTest
  @CsvSource({
    "measureVoltage, measure_voltage",
    "measureDCVoltage, measure_dc_voltage",
    "getIDN, get_idn",
    "setPIDGains, set_pid_gains",
    "read2Wire, read2_wire",
    "already_snake, already_snake",
    "Mixed_Case, mixed_case",
    "X, x"
  })
  void writesJavaNamesInSnakeCase(String java, String snake) {
    assertThat(Names.snake(java)).isEqualTo(snake);
  }

  @Test
  void comparesWithoutCaseAndUnderscores() {
    assertThat(Names.fold("MEASURE_VOLTAGE"))
        .isEqualTo(Names.fold("measureVoltage"))
        .isEqualTo(Names.fold("measure_voltage"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"DMM1", "a", "Left_2"})
  void takesNamesOfInstruments(String name) {
    assertThat(Names.isInstrument(name)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1DMM", "_a", "a-b", "a.b", "a b", "ä", "a\n", "../a"})
  void refusesOtherNamesOfInstruments(String name) {
    assertThat(Names.isInstrument(name)).isFalse();
  }
}
