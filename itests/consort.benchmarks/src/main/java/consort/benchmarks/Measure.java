// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import java.util.Arrays;
import java.util.Locale;

/** Takes times, and compares two things by turns so that what disturbs one disturbs the other. */
final class Measure {

  private static final int ROUNDS = 15;

  private Measure() {}

  /** Nanoseconds of each of several calls. */
  static long[] each(int calls, Runnable call) {
    long[] nanos = new long[calls];
    for (int i = 0; i < calls; i++) {
      long begin = System.nanoTime();
      call.run();
      nanos[i] = System.nanoTime() - begin;
    }
    return nanos;
  }

  /** The median of both in µs, and their ratio: the median over rounds, each of which runs both. */
  static double compare(
      String what, int calls, Runnable subject, String floorName, Runnable floor) {
    each(calls, subject);
    each(calls, floor);
    double[] ratios = new double[ROUNDS];
    double[] subjects = new double[ROUNDS];
    double[] floors = new double[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      floors[round] = quantile(each(calls, floor), 0.5) / 1e3;
      subjects[round] = quantile(each(calls, subject), 0.5) / 1e3;
      ratios[round] = subjects[round] / floors[round];
    }
    double ratio = median(ratios);
    print(
        "%-44s %8.2f µs   %-24s %8.2f µs   ratio %.2f",
        what, median(subjects), floorName, median(floors), ratio);
    return ratio;
  }

  static double quantile(long[] nanos, double q) {
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    return sorted[(int) Math.min(sorted.length - 1L, Math.round(q * (sorted.length - 1)))];
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  static void print(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }
}
