// SPDX-License-Identifier: Apache-2.0
package consort.api;

/** The closed interval of numbers a parameter takes; either end may be infinite. Never NaN. */
public record Limits(double min, double max) {

  /** Checks the order of the ends. */
  public Limits {
    if (!(min <= max)) {
      throw new IllegalArgumentException("the range [" + min + ", " + max + "] is empty");
    }
  }

  /** Whether the number lies inside; NaN never does. */
  public boolean contains(double number) {
    return number >= min && number <= max;
  }
}
