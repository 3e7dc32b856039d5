// SPDX-License-Identifier: Apache-2.0
package consort.api.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Garbled;
import consort.api.ParameterInfo;
import consort.api.Values;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SetupTest {

  private record Settings(
      @Unit("V") @Range(min = 0, max = 10) @Default("5") @Doc("the highest voltage") double maximum,
      @Default("100ms") Duration pause,
      Optional<String> measures,
      @Default("[]") List<String> labels) {}

  private static Settings settings(Map<String, ?> given) {
    Map<String, Object> checked = Values.fields("settings", Setup.schema(Settings.class), given);
    Setup setup =
        new Setup(
            "X1",
            checked,
            Connection.NONE,
            (connection, settings) -> {
              throw new AssertionError("no link is needed");
            });
    return setup.settings(Settings.class);
  }

  @Test
  void describesSettingsByARecord() {
    assertThat(Setup.schema(Settings.class))
        .extracting(ParameterInfo::name)
        .containsExactly("maximum", "pause", "measures", "labels");
    assertThat(Setup.schema(Settings.class)).allMatch(ParameterInfo::optional);
  }

  @Test
  void givesSettingsAsThatRecord() {
    assertThat(settings(Map.of()))
        .isEqualTo(new Settings(5, Duration.ofMillis(100), Optional.empty(), List.of()));
    assertThat(
            settings(
                Map.of("maximum", 6, "pause", "2s", "measures", "PSU1", "labels", List.of("a"))))
        .isEqualTo(new Settings(6, Duration.ofSeconds(2), Optional.of("PSU1"), List.of("a")));
  }

  @Test
  void refusesSettingsThatDoNotFit() {
    assertThatThrownBy(() -> settings(Map.of("maximum", 11)))
        .hasMessage("settings maximum: 11 V is outside [0 V, 10 V]");
    assertThatThrownBy(() -> settings(Map.of("maximun", 1)))
        .hasMessage(
            "settings: has no parameter 'maximun'; it has maximum, pause, measures, labels");
  }

  @Test
  void readsTheAnswerToIdn() {
    assertThat(Identity.parse("Agilent Technologies,34401A, MY123 ,10.5-5-2\n"))
        .isEqualTo(new Identity("Agilent Technologies", "34401A", "MY123", "10.5-5-2"));
    assertThat(Identity.parse("A,B")).isEqualTo(new Identity("A", "B", "", ""));
    assertThatThrownBy(() -> Identity.parse("banana"))
        .isInstanceOf(Garbled.class)
        .hasMessage("'banana' in answer to *IDN? is no identity");
  }
}
