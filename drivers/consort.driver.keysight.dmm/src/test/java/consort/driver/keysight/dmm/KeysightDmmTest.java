// SPDX-License-Identifier: Apache-2.0
package consort.driver.keysight.dmm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import consort.api.Faulted;
import consort.api.Garbled;
import consort.api.Limits;
import consort.api.Unreachable;
import consort.api.driver.Identity;
import consort.api.typed.TypedDriver;
import consort.driver.keysight.dmm.KeysightDmm.Settings;
import consort.instruments.Multimeter.Function;
import consort.testkit.ScriptedLink;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class KeysightDmmTest {

  private final ScriptedLink link = new ScriptedLink();
  private final KeysightDmm dmm = new KeysightDmm(link, new Settings(1));

  @Test
  void knowsItsModels() {
    link.expect("*IDN?", "HEWLETT-PACKARD,34401A,0,10-5-2").expect("*CLS");

    assertThat(dmm.connect()).isEqualTo(new Identity("HEWLETT-PACKARD", "34401A", "0", "10-5-2"));

    link.assertFinished();
  }

  @Test
  void connectsToNoOtherModel() {
    link.expect("*IDN?", "Keysight Technologies,E36312A,MY1,1.0");

    assertThatExceptionOfType(Unreachable.class)
        .isThrownBy(dmm::connect)
        .withMessage("scripted is a E36312A, not one of 34401A, 34461A, 34465A");
    link.assertFinished();
  }

  @Test
  void measures() {
    link.expect("MEAS:VOLT:DC?", "+4.99999700E+00")
        .expect("MEAS:VOLT:AC?", "+2.3E+02")
        .expect("MEAS:CURR:DC?", "-1.0E-03")
        .expect("MEAS:CURR:AC?", "+1.0E-01")
        .expect("MEAS:RES?", "+9.90000000E+37")
        .expect("MEAS:FRES?", "+1.00000100E+03")
        .expect("MEAS:FREQ?", "+5.0E+01");

    assertThat(dmm.measureVoltage()).isEqualTo(4.999997);
    assertThat(dmm.measureAcVoltage()).isEqualTo(230);
    assertThat(dmm.measureCurrent()).isEqualTo(-0.001);
    assertThat(dmm.measureAcCurrent()).isEqualTo(0.1);
    assertThat(dmm.measureResistance()).isEqualTo(9.9e37);
    assertThat(dmm.measureFourWireResistance()).isEqualTo(1000.001);
    assertThat(dmm.measureFrequency()).isEqualTo(50);
    link.assertFinished();
  }

  @Test
  void selectsAFunctionWithItsIntegrationTime() {
    link.expect("CONF:VOLT").expect("VOLT:NPLC 1.0").expect("SYST:ERR?", "+0,\"No error\"");

    dmm.setFunction(Function.DC_VOLTAGE);

    link.assertFinished();
  }

  @Test
  void selectsAFunctionThatHasNoIntegrationTime() {
    link.expect("CONF:CURR:AC").expect("SYST:ERR?", "+0,\"No error\"");

    dmm.setFunction(Function.AC_CURRENT);

    link.assertFinished();
  }

  @Test
  void reportsTheErrorOfTheInstrument() {
    link.expect("CONF:FREQ").expect("SYST:ERR?", "-113,\"Undefined header\"");

    assertThatExceptionOfType(Faulted.class)
        .isThrownBy(() -> dmm.setFunction(Function.FREQUENCY))
        .withMessage("-113 Undefined header")
        .satisfies(error -> assertThat(error.number()).isEqualTo(-113));
  }

  @ParameterizedTest
  @EnumSource
  void readsBackEachFunctionAsItSelectsIt(Function function) {
    String[] names = {"VOLT", "VOLT:AC", "CURR", "CURR:AC", "RES", "FRES", "FREQ", "PER"};
    link.expect("FUNC?", "\"" + names[function.ordinal()] + "\"");

    assertThat(dmm.getFunction()).isEqualTo(function);
  }

  @Test
  void saysThatAnotherFunctionIsSelectedAtTheFrontPanel() {
    link.expect("FUNC?", "\"DIOD\"");

    assertThatExceptionOfType(Garbled.class)
        .isThrownBy(dmm::getFunction)
        .withMessageContaining("is none of VOLT, VOLT:AC");
  }

  @Test
  void readsOneAfterSeveral() {
    link.expect("SAMP:COUN 3;:READ?", "+1.0E+00,+2.0E+00,+3.0E+00")
        .expect("SAMP:COUN 1;:READ?", "+4.0E+00");

    assertThat(dmm.readSeveral(3)).containsExactly(1, 2, 3);
    assertThat(dmm.read()).isEqualTo(4);
    link.assertFinished();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"+1.0E+00,+2.0E+00", "+1.0E+00,banana,+2.0E+00"})
  void refusesReadingsThatMakeNoSense(String answer) {
    link.expect("SAMP:COUN 3;:READ?", answer);

    assertThatExceptionOfType(Garbled.class).isThrownBy(() -> dmm.readSeveral(3));
  }

  @Test
  void limitsTheNumberOfReadingsToTheMemoryOfTheModels() {
    assertThat(TypedDriver.of(dmm).info().command("read_several").orElseThrow().parameters().get(0))
        .satisfies(count -> assertThat(count.limits()).isEqualTo(new Limits(1, 10_000)));
  }

  @Test
  void itsFactoryTakesAnIntegrationTime() {
    KeysightDmm.Factory factory = new KeysightDmm.Factory();

    assertThat(factory.settings()).extracting(setting -> setting.name()).containsExactly("nplc");
    link.expect("CONF:RES").expect("RES:NPLC 100.0").expect("SYST:ERR?", "+0,\"No error\"");
    factory.create(link.setup(Map.of("nplc", 100.0))).setFunction(Function.RESISTANCE);
    link.assertFinished();
  }
}
