// SPDX-License-Identifier: Apache-2.0
package consort.instruments;

import consort.api.driver.Default;
import consort.api.driver.Doc;
import consort.api.driver.InstrumentType;
import consort.api.driver.Range;
import consort.api.driver.ReadOnly;
import consort.api.driver.TimeLimit;
import consort.api.driver.Unit;
import org.osgi.annotation.versioning.ConsumerType;

/** An oscilloscope. Source: IVI-4.1 IviScope, revision 4.0. */
@InstrumentType
@ConsumerType
@Doc("An oscilloscope")
public interface Oscilloscope {

  /** Which edge triggers. */
  enum Slope {
    /** Upwards. */
    POSITIVE,
    /** Downwards. */
    NEGATIVE
  }

  /**
   * A record of samples at equal distances.
   *
   * @param samples the voltages, V
   * @param interval the time between two samples, s
   * @param start the time of the first sample, relative to the trigger, s
   */
  record Waveform(
      @Unit("V") double[] samples, @Unit("s") double interval, @Unit("s") double start) {}

  /** Sets range and offset of a channel. */
  @Doc("Sets the vertical range and offset of a channel")
  void configureChannel(
      @Range(min = 1) @Doc("the channel, from 1") int channel,
      @Unit("V") @Range(min = 0) @Doc("the full vertical range") double range,
      @Unit("V") @Default("0") @Doc("the voltage at the middle") double offset);

  /** Sets the length of a record and the number of its samples. */
  @Doc("Sets the length of a record and the number of its samples")
  void configureAcquisition(
      @Unit("s") @Range(min = 0) @Doc("the length of the record") double duration,
      @Range(min = 1) @Doc("the number of samples") int points);

  /** Sets an edge trigger. */
  @Doc("Sets an edge trigger")
  void configureTrigger(
      @Range(min = 1) @Doc("the channel, from 1") int channel,
      @Unit("V") @Doc("the level") double level,
      @Default("POSITIVE") @Doc("the edge") Slope slope);

  /** Arms, waits for the trigger and gives the record of one channel. */
  @TimeLimit("30s")
  @Doc("Arms, waits for the trigger and gives the record of one channel")
  Waveform readWaveform(@Range(min = 1) @Doc("the channel, from 1") int channel);

  /** The record of the last acquisition, without a new one. */
  @ReadOnly
  @TimeLimit("30s")
  @Doc("Gives the record of the last acquisition of one channel")
  Waveform fetchWaveform(@Range(min = 1) @Doc("the channel, from 1") int channel);
}
