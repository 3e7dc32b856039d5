// SPDX-License-Identifier: Apache-2.0
package consort.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantityTest {

  @ParameterizedTest
  @CsvSource({
    "3300, mV, V, 3.3",
    "3.3, V, mV, 3300",
    "1, km, mm, 1e6",
    "25, mm, cm, 2.5",
    "7, m, m, 7",
    "1, m, mm, 1000",
    "10, dam, m, 100",
    "1, GHz, MHz, 1000",
    "2, mm/s, m/s, 0.002",
    "100, mm2, m2, 1e-4",
    "1, m2, cm2, 1e4",
    "1, cm-1, m-1, 100",
    "5, min, min, 5"
  })
  void convertsBetweenMetricPrefixes(double value, String unit, String target, double expected) {
    assertThat(new Quantity(value, unit).in(target)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"V, A", "s, min", "Cel, K", "m, s", "V, mVA", "m, ''"})
  void refusesOtherUnits(String unit, String target) {
    assertThatThrownBy(() -> new Quantity(1, unit).in(target))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("1 " + unit + " cannot be expressed in " + target);
  }

  @Test
  void readsWhatItWrites() {
    Quantity quantity = new Quantity(-0.0125, "mm/s");

    assertThat(quantity).hasToString("-0.0125 mm/s");
    assertThat(Quantity.parse(quantity.toString())).isEqualTo(quantity);
    assertThat(Quantity.parse("  3  V ")).isEqualTo(new Quantity(3, "V"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "V", "3.3", "3.3V", "x V", "3d V", "1 m V", "1e999 V"})
  void refusesTextThatIsNoQuantity(String text) {
    assertThatThrownBy(() -> Quantity.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
