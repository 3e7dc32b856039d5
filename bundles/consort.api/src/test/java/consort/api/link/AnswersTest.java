// SPDX-License-Identifier: Apache-2.0
package consort.api.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import consort.api.Garbled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AnswersTest {

  @ParameterizedTest
  @CsvSource({"+3.30000000E+00,3.3", "-1,-1", "' 5. ',5", "9.9E37,9.9E37", "9.91E+37,9.91E37"})
  void readsNumbersAsInstrumentsWriteThem(String answer, double number) {
    assertThat(Answers.toDouble("VOLT?", answer)).isEqualTo(number);
  }

  @ParameterizedTest
  @ValueSource(strings = {"banana", "", "1f", "0x1p3", "NaN", "1,5", "3.3 V"})
  void refusesWhatIsNoNumber(String answer) {
    assertThatExceptionOfType(Garbled.class)
        .isThrownBy(() -> Answers.toDouble("MEAS:VOLT?", answer))
        .withMessage("\"" + answer + "\" in answer to \"MEAS:VOLT?\" is not a number");
  }

  @ParameterizedTest
  @CsvSource({"3.0,3", "+3E0,3", "-12,-12", "9007199254740993,9007199254740993"})
  void readsWholeNumbersExactly(String answer, long number) {
    assertThat(Answers.toLong("COUN?", answer)).isEqualTo(number);
  }

  @ParameterizedTest
  @ValueSource(strings = {"3.5", "1E30", "1E999999999", "1E-999999999", "three"})
  void refusesWhatIsNoWholeNumber(String answer) {
    assertThatExceptionOfType(Garbled.class)
        .isThrownBy(() -> Answers.toLong("COUN?", answer))
        .withMessageContaining("is not a whole number");
  }

  @Test
  void readsSwitches() {
    assertThat(Answers.toBoolean("OUTP?", "1")).isTrue();
    assertThat(Answers.toBoolean("OUTP?", "on\r")).isTrue();
    assertThat(Answers.toBoolean("OUTP?", "+0")).isFalse();
    assertThat(Answers.toBoolean("OUTP?", "OFF")).isFalse();
    assertThatExceptionOfType(Garbled.class)
        .isThrownBy(() -> Answers.toBoolean("OUTP?", "2"))
        .withMessage("\"2\" in answer to \"OUTP?\" is neither ON nor OFF");
  }

  @Test
  void showsUnprintableAndLongAnswersShortened() {
    assertThatExceptionOfType(Garbled.class)
        .isThrownBy(() -> Answers.toDouble("A?", "\0\n" + "x".repeat(1000)))
        .satisfies(
            e -> assertThat(e.getMessage()).startsWith("\"\\x00\\nxxx").hasSizeLessThan(200));
  }
}
