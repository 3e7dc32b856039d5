// SPDX-License-Identifier: Apache-2.0
package consort.instruments;

import consort.api.driver.Default;
import consort.api.driver.Doc;
import consort.api.driver.InstrumentType;
import consort.api.driver.Range;
import consort.api.driver.Unit;
import consort.api.driver.Urgent;
import org.osgi.annotation.versioning.ConsumerType;

/** One output of a function generator. Source: IVI-4.3 IviFgen, revision 5.2. */
@InstrumentType
@ConsumerType
@Doc("One output of a function generator")
public interface FunctionGenerator {

  /** The standard waveforms. */
  enum Waveform {
    /** Sine. */
    SINE,
    /** Square. */
    SQUARE,
    /** Triangle. */
    TRIANGLE,
    /** Ramp, upwards. */
    RAMP_UP,
    /** Ramp, downwards. */
    RAMP_DOWN,
    /** Constant: the offset. */
    DC
  }

  /** Sets a standard waveform. */
  @Doc("Sets a standard waveform")
  void configureWaveform(
      @Doc("the waveform") Waveform waveform,
      @Unit("Hz") @Range(min = 0) @Doc("the frequency") double frequency,
      @Unit("V") @Range(min = 0) @Doc("the amplitude, peak to peak") double amplitude,
      @Unit("V") @Default("0") @Doc("the offset") double offset);

  /** The frequency. */
  @Unit("Hz")
  @Doc("The frequency")
  double getFrequency();

  /** Sets the frequency. */
  @Doc("Sets the frequency")
  void setFrequency(@Unit("Hz") @Range(min = 0) double frequency);

  /** The amplitude, peak to peak. */
  @Unit("V")
  @Doc("The amplitude, peak to peak")
  double getAmplitude();

  /** Sets the amplitude, peak to peak. */
  @Doc("Sets the amplitude, peak to peak")
  void setAmplitude(@Unit("V") @Range(min = 0) double amplitude);

  /** Whether the output is on. */
  @Doc("Whether the output is on")
  boolean isOutputEnabled();

  /** Switches the output. */
  @Doc("Switches the output on or off")
  void setOutputEnabled(boolean enabled);

  /** Switches the output off at once, also while another command runs. */
  @Urgent
  @Doc("Switches the output off at once, also while another command runs")
  void outputOff();
}
