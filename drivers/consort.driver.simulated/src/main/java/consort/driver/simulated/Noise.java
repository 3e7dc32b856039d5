// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import java.util.Optional;
import java.util.SplittableRandom;

/** Random numbers of a seed: the same seed gives the same readings. Not safe for threads. */
final class Noise {

  /** Of the sum of four uniform 16-bit numbers. */
  private static final double MEAN = 4 * 65535 / 2.0;

  private static final double DEVIATION = Math.sqrt(4 * (65536.0 * 65536.0 - 1) / 12);

  private final SplittableRandom random;

  Noise(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /** Of a setting, else of the name of the instrument. */
  static Noise of(Optional<Long> seed, String instrument) {
    return new Noise(seed.orElse((long) instrument.hashCode()));
  }

  /**
   * A number with mean 0 and standard deviation 1, roughly normal and never beyond 3.5: the sum of
   * four uniform ones, as a waveform needs a million of them in a few milliseconds.
   */
  double next() {
    long bits = random.nextLong();
    long sum = (bits & 0xffff) + (bits >>> 16 & 0xffff) + (bits >>> 32 & 0xffff) + (bits >>> 48);
    return (sum - MEAN) / DEVIATION;
  }
}
