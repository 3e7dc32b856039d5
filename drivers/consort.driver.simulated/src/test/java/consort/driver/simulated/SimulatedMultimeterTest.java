// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import consort.instruments.Multimeter;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SimulatedMultimeterTest {

  private final ManualTime time = new ManualTime();
  private final Bench bench = new Bench();

  @AfterEach
  void close() {
    bench.close();
  }

  private SimulatedMultimeter multimeter(String name, Map<String, ?> settings) {
    return new SimulatedMultimeter(
        name,
        bench,
        time,
        Instruments.settings(
            new SimulatedMultimeter.Factory(bench), SimulatedMultimeter.Settings.class, settings));
  }

  private SimulatedSource source() {
    SimulatedSource source =
        new SimulatedSource(
            "PSU1",
            bench,
            time,
            Instruments.settings(
                new SimulatedSource.Factory(bench),
                SimulatedSource.Settings.class,
                Map.of("settling", "100ms", "load", 10)));
    source.connect();
    return source;
  }

  @Test
  void readsWhatTheSettingsSayWithLittleNoise() {
    SimulatedMultimeter dmm =
        multimeter("DMM1", Map.of("voltage", 5, "resistance", 470, "frequency", 60));

    assertThat(dmm.measureVoltage()).isCloseTo(5, within(5e-4)).isNotEqualTo(5);
    assertThat(dmm.measureResistance()).isCloseTo(470, within(0.05));
    assertThat(dmm.measureCurrent()).isCloseTo(5 / 470.0, within(1e-4));
    assertThat(dmm.measureFrequency()).isCloseTo(60, within(0.01));
    assertThat(dmm.measureAcVoltage()).isCloseTo(0, within(1e-4));
  }

  @Test
  void givesTheSameReadingsForTheSameSeed() {
    double[] first = multimeter("DMM1", Map.of("seed", 7)).readSeveral(100);
    double[] again = multimeter("DMM2", Map.of("seed", 7)).readSeveral(100);
    double[] other = multimeter("DMM1", Map.of("seed", 8)).readSeveral(100);

    assertThat(again).isEqualTo(first);
    assertThat(other).isNotEqualTo(first);
  }

  @Test
  void takesItsNameForASeed() {
    double first = multimeter("DMM1", Map.of()).measureVoltage();

    assertThat(multimeter("DMM1", Map.of()).measureVoltage()).isEqualTo(first);
    assertThat(multimeter("DMM2", Map.of()).measureVoltage()).isNotEqualTo(first);
  }

  @Test
  void readsTheFunctionSelectedLast() {
    SimulatedMultimeter dmm = multimeter("DMM1", Map.of("noise", 0, "frequency", 50));
    dmm.setFunction(Multimeter.Function.PERIOD);

    assertThat(dmm.getFunction()).isEqualTo(Multimeter.Function.PERIOD);
    assertThat(dmm.read()).isEqualTo(0.02);
    assertThat(dmm.readSeveral(2)).containsExactly(0.02, 0.02);
  }

  @Test
  void measuresTheOutputOfASourceWhileItSettles() {
    SimulatedSource psu = source();
    SimulatedMultimeter dmm = multimeter("DMM1", Map.of("measures", "PSU1", "noise", 0));
    psu.setVoltage(5);
    assertThat(dmm.measureVoltage()).as("output off").isZero();
    psu.setOutputEnabled(true);

    time.pass(0.1);
    assertThat(dmm.measureVoltage()).isCloseTo(5 * (1 - Math.exp(-1)), within(1e-9));
    time.pass(10);
    assertThat(dmm.measureVoltage()).isCloseTo(5, within(1e-9));
    assertThat(dmm.measureCurrent()).isCloseTo(0.5, within(1e-9));
    psu.outputOff();
    time.pass(10);
    assertThat(dmm.measureVoltage()).isCloseTo(0, within(1e-9));
  }

  @Test
  void readsNothingFromASourceThatIsNotThere() {
    SimulatedMultimeter dmm = multimeter("DMM1", Map.of("measures", "PSU1", "noise", 0));
    SimulatedSource psu = source();
    psu.setVoltage(5);
    psu.setOutputEnabled(true);
    time.pass(10);
    assertThat(dmm.measureVoltage()).isCloseTo(5, within(1e-9));

    psu.close();
    assertThat(dmm.measureVoltage()).isZero();
  }

  @Test
  void limitsTheCurrentOfASource() {
    SimulatedSource psu = source();
    psu.setVoltage(20);
    psu.setCurrentLimit(0.5);
    psu.setOutputEnabled(true);
    time.pass(10);

    assertThat(psu.measureVoltage()).isCloseTo(5, within(1e-3));
    assertThat(psu.measureCurrent()).isCloseTo(0.5, within(1e-3));
    assertThat(psu.getVoltage()).as("the setpoint stays").isEqualTo(20);
  }

  @Test
  void saysWhoItIs() {
    var identity = multimeter("DMM1", Map.of()).connect();

    assertThat(identity.model()).isEqualTo("simulated multimeter");
    assertThat(identity.serial()).isEqualTo("DMM1");
    assertThat(identity.firmware()).matches("\\d+\\.\\d+\\.\\d+");
  }
}
