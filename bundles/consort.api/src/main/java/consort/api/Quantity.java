// SPDX-License-Identifier: Apache-2.0
package consort.api;

import java.util.Map;
import java.util.Objects;

/**
 * A number with its unit, a UCUM code ({@code V}, {@code mV}, {@code 1} for none). Source: The
 * Unified Code for Units of Measure, version 2.1, table 1 (prefixes).
 */
public record Quantity(double value, String unit) {

  private static final Map<String, Double> PREFIXES =
      Map.ofEntries(
          Map.entry("Y", 1e24),
          Map.entry("Z", 1e21),
          Map.entry("E", 1e18),
          Map.entry("P", 1e15),
          Map.entry("T", 1e12),
          Map.entry("G", 1e9),
          Map.entry("M", 1e6),
          Map.entry("k", 1e3),
          Map.entry("h", 1e2),
          Map.entry("da", 1e1),
          Map.entry("d", 1e-1),
          Map.entry("c", 1e-2),
          Map.entry("m", 1e-3),
          Map.entry("u", 1e-6),
          Map.entry("n", 1e-9),
          Map.entry("p", 1e-12),
          Map.entry("f", 1e-15),
          Map.entry("a", 1e-18),
          Map.entry("z", 1e-21),
          Map.entry("y", 1e-24));

  /** Checks that there is a unit. */
  public Quantity {
    Objects.requireNonNull(unit, "unit");
    if (unit.isEmpty() || unit.chars().anyMatch(Character::isWhitespace)) {
      throw new IllegalArgumentException("'" + unit + "' is not a UCUM unit");
    }
  }

  /**
   * Reads {@code 3.3 V}.
   *
   * @throws IllegalArgumentException when the text is not a number, blanks and a unit
   */
  public static Quantity parse(String text) {
    String[] parts = text.strip().split("\\s+", 2);
    if (parts.length == 2) {
      try {
        return new Quantity(Double.parseDouble(parts[0]), parts[1]);
      } catch (NumberFormatException e) {
        // reported below, with the whole text
      }
    }
    throw new IllegalArgumentException("'" + text + "' is not a quantity such as '3.3 V'");
  }

  /**
   * The number in another unit that differs only by a metric prefix.
   *
   * @throws IllegalArgumentException when the units do not fit
   */
  public double in(String target) {
    if (unit.equals(target)) {
      return value;
    }
    // A unit is tried as a whole before its first letter is read as a prefix: 'm' is a metre.
    Double here = unit.endsWith(target) ? prefix(unit, target) : null;
    if (here != null) {
      return value * here;
    }
    Double there = target.endsWith(unit) ? prefix(target, unit) : null;
    if (there != null) {
      return value / there;
    }
    for (int i = 1; i <= 2 && i < unit.length(); i++) {
      String base = unit.substring(i);
      Double from = PREFIXES.get(unit.substring(0, i));
      Double to = target.endsWith(base) ? prefix(target, base) : null;
      if (from != null && to != null) {
        return value * (from / to);
      }
    }
    throw new IllegalArgumentException(this + " cannot be expressed in " + target);
  }

  private static Double prefix(String unit, String base) {
    return PREFIXES.get(unit.substring(0, unit.length() - base.length()));
  }

  @Override
  public String toString() {
    return value + " " + unit;
  }
}
