// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import consort.instruments.Oscilloscope.Slope;

/**
 * The signals at an oscilloscope's inputs: a sine at channels 1 and 3, a square wave of the same
 * frequency at 2 and 4, with noise. A million samples take some milliseconds.
 */
final class SignalModel {

  /** After so many samples the sine is computed anew, so that rounding does not add up. */
  private static final int STRIDE = 1024;

  private final double frequency;
  private final double amplitude;
  private final double rms;
  private final Noise noise;

  /**
   * Signals of one frequency.
   *
   * @param frequency Hz
   * @param amplitude the peak, V
   * @param rms the noise, V
   */
  SignalModel(double frequency, double amplitude, double rms, Noise noise) {
    this.frequency = frequency;
    this.amplitude = amplitude;
    this.rms = rms;
    this.noise = noise;
  }

  /** Whether the signals ever cross a level. */
  boolean crosses(double level) {
    return Math.abs(level) < amplitude;
  }

  /** The phase at which a channel crosses a level, rad. */
  double phase(int channel, double level, Slope slope) {
    double rising = square(channel) ? 0 : Math.asin(level / amplitude);
    return slope == Slope.POSITIVE ? rising : Math.PI - rising;
  }

  private static boolean square(int channel) {
    return channel % 2 == 0;
  }

  /** Samples of a channel, V: the first one at the phase, the others one interval apart. */
  double[] samples(int channel, double phase, double interval, int points) {
    double[] samples = new double[points];
    double step = 2 * Math.PI * frequency * interval;
    double turnSine = Math.sin(step);
    double turnCosine = Math.cos(step);
    boolean square = square(channel);
    double sine = 0;
    double cosine = 1;
    for (int i = 0; i < points; i++) {
      if (i % STRIDE == 0) {
        double angle = Math.IEEEremainder(phase + i * step, 2 * Math.PI);
        sine = Math.sin(angle);
        cosine = Math.cos(angle);
      }
      double shape = square ? (sine >= 0 ? 1 : -1) : sine;
      samples[i] = amplitude * shape + rms * noise.next();
      double next = sine * turnCosine + cosine * turnSine;
      cosine = cosine * turnCosine - sine * turnSine;
      sine = next;
    }
    return samples;
  }
}
