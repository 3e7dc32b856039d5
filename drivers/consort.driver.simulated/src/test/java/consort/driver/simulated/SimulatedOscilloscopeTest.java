// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import consort.api.Faulted;
import consort.api.Refused;
import consort.instruments.Oscilloscope.Slope;
import consort.instruments.Oscilloscope.Waveform;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SimulatedOscilloscopeTest {

  private final Bench bench = new Bench();
  private final SimulatedOscilloscope quiet = oscilloscope(Map.of("noise", 0));

  @AfterEach
  void close() {
    bench.close();
  }

  private SimulatedOscilloscope oscilloscope(Map<String, ?> settings) {
    return new SimulatedOscilloscope(
        "SCOPE1",
        new ManualTime(),
        Instruments.settings(
            new SimulatedOscilloscope.Factory(bench),
            SimulatedOscilloscope.Settings.class,
            settings));
  }

  @Test
  void samplesASineFromTheTriggerOn() {
    quiet.configureAcquisition(1e-3, 1000);
    Waveform wave = quiet.readWaveform(1);

    assertThat(wave.interval()).isEqualTo(1e-6);
    assertThat(wave.start()).isZero();
    assertThat(wave.samples()).hasSize(1000);
    assertThat(wave.samples()[0]).isZero();
    assertThat(wave.samples()[250]).isCloseTo(1, within(1e-9));
    assertThat(wave.samples()[750]).isCloseTo(-1, within(1e-9));
  }

  @Test
  void samplesASquareWaveAtTheSecondChannel() {
    double[] samples = quiet.readWaveform(2).samples();

    assertThat(samples[100]).isEqualTo(1);
    assertThat(samples[600]).isEqualTo(-1);
  }

  @Test
  void triggersAtLevelAndSlope() {
    quiet.configureTrigger(1, 0.5, Slope.POSITIVE);
    double[] rising = quiet.readWaveform(1).samples();
    assertThat(rising[0]).isCloseTo(0.5, within(1e-9));
    assertThat(rising[1]).isGreaterThan(0.5);

    quiet.configureTrigger(1, 0.5, Slope.NEGATIVE);
    double[] falling = quiet.readWaveform(1).samples();
    assertThat(falling[0]).isCloseTo(0.5, within(1e-9));
    assertThat(falling[1]).isLessThan(0.5);
  }

  @Test
  void saysThatItNeverTriggers() {
    quiet.configureTrigger(1, 5, Slope.POSITIVE);

    assertThatThrownBy(() -> quiet.readWaveform(1))
        .isInstanceOf(Faulted.class)
        .hasMessage("no trigger: the signal never crosses 5 V");
  }

  @Test
  void cutsOffWhatIsBeyondTheRange() {
    quiet.configureChannel(1, 1, 0.25);
    double[] samples = quiet.readWaveform(1).samples();

    assertThat(Arrays.stream(samples).max()).hasValue(0.75);
    assertThat(Arrays.stream(samples).min()).hasValue(-0.25);
  }

  @Test
  void fetchesTheLastRecordOfAChannel() {
    assertThatThrownBy(() -> quiet.fetchWaveform(3))
        .isInstanceOf(Faulted.class)
        .hasMessage("channel 3 has no record yet");

    Waveform wave = quiet.readWaveform(3);
    assertThat(quiet.fetchWaveform(3)).isSameAs(wave);
  }

  @Test
  void givesLongRecordsThatStayExactAndAreNoisyAsTold() {
    SimulatedOscilloscope noisy = oscilloscope(Map.of("noise", 0.01));
    noisy.configureAcquisition(1, 2_000_000);
    quiet.configureAcquisition(1, 2_000_000);
    double[] exact = quiet.readWaveform(1).samples();
    double[] samples = noisy.readWaveform(1).samples();

    assertThat(exact[1_999_500]).as("a quarter before the end").isCloseTo(-1, within(1e-6));
    double squares = 0;
    for (int i = 0; i < samples.length; i++) {
      squares += (samples[i] - exact[i]) * (samples[i] - exact[i]);
    }
    assertThat(Math.sqrt(squares / samples.length)).isCloseTo(0.01, within(1e-4));
  }

  @Test
  void refusesChannelsAndLengthsItDoesNotHave() {
    assertThatThrownBy(() -> Instruments.call(quiet, "read_waveform", 5))
        .isInstanceOf(Refused.class)
        .hasMessage("read_waveform channel: 5 is outside [1, 4]");
    assertThatThrownBy(() -> Instruments.call(quiet, "configure_acquisition", 1, 10_000_001))
        .hasMessage("configure_acquisition points: 10000001 is outside [1, 10000000]");
  }
}
