// SPDX-License-Identifier: Apache-2.0
package consort.driver.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Garbled;
import consort.api.Limits;
import consort.api.driver.Identity;
import consort.api.typed.TypedDriver;
import consort.testkit.ScriptedLink;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ExamplePsuTest {

  private final ScriptedLink link = new ScriptedLink();
  private final ExamplePsu psu = new ExamplePsu.Factory().create(link.setup(Map.of()));

  @AfterEach
  void theWholeTranscriptHasPassed() {
    link.assertFinished();
  }

  @Test
  void writesTheSetpointWithThreeDecimals() {
    link.expect("VOLT 3.300").expect("VOLT?", "+3.300E+00");

    psu.setVoltage(3.3);

    assertThat(psu.getVoltage()).isEqualTo(3.3);
  }

  @Test
  void limitsTheCurrent() {
    link.expect("CURR 0.5000").expect("CURR?", "0.5");

    psu.setCurrentLimit(0.5);

    assertThat(psu.getCurrentLimit()).isEqualTo(0.5);
  }

  @Test
  void switchesTheOutput() {
    link.expect("OUTP 1").expect("OUTP?", "1").expect("OUTP 0");

    psu.setOutputEnabled(true);
    assertThat(psu.isOutputEnabled()).isTrue();
    psu.outputOff();
  }

  @Test
  void measures() {
    link.expect("MEAS:VOLT?", "+3.299E+00").expect("MEAS:CURR?", "+1.2E-02");

    assertThat(psu.measureVoltage()).isEqualTo(3.299);
    assertThat(psu.measureCurrent()).isEqualTo(0.012);
  }

  @Test
  void asksWhoItIs() {
    link.expect("*IDN?", "Example,PSU-1,0042,1.0");

    assertThat(psu.connect()).isEqualTo(new Identity("Example", "PSU-1", "0042", "1.0"));
  }

  @Test
  void reportsAnAnswerThatIsNoNumber() {
    link.expect("VOLT?", "banana");

    assertThatThrownBy(psu::getVoltage).isInstanceOf(Garbled.class).hasMessageContaining("banana");
  }

  @Test
  void hasTheLimitsOfItsModel() {
    var setVoltage = TypedDriver.of(psu).info().command("set_voltage").orElseThrow();

    assertThat(setVoltage.parameters().get(0).limits()).isEqualTo(new Limits(0, 30));
  }
}
