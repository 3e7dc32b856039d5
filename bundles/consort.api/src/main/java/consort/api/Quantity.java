// SPDX-License-Identifier: Apache-2.0
package consort.api;

import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number with its unit, a UCUM code ({@code V}, {@code mV}, {@code 1} for none). Source: The
 * Unified Code for Units of Measure, version 2.1, table 1 (prefixes).
 */
public record Quantity(double value, String unit) {

  private static final Map<String, Integer> PREFIXES =
      Map.ofEntries(
          Map.entry("Y", 24),
          Map.entry("Z", 21),
          Map.entry("E", 18),
          Map.entry("P", 15),
          Map.entry("T", 12),
          Map.entry("G", 9),
          Map.entry("M", 6),
          Map.entry("k", 3),
          Map.entry("h", 2),
          Map.entry("da", 1),
          Map.entry("d", -1),
          Map.entry("c", -2),
          Map.entry("m", -3),
          Map.entry("u", -6),
          Map.entry("n", -9),
          Map.entry("p", -12),
          Map.entry("f", -15),
          Map.entry("a", -18),
          Map.entry("z", -21),
          Map.entry("y", -24));

  /** The first unit of a term and its exponent: a prefix belongs to the unit, so mm2 is (mm)2. */
  private static final Pattern FIRST =
      Pattern.compile("(?:[A-Za-z%'\"*_]|\\[[^\\]]*\\])+([+-]?[0-9]{1,2})?.*");

  private static final Pattern NUMBER =
      Pattern.compile("[+-]?(?:NaN|Infinity|(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?)");

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
        return new Quantity(number(parts[0]), parts[1]);
      } catch (NumberFormatException e) {
        // reported below, with the whole text
      }
    }
    throw new IllegalArgumentException("'" + text + "' is not a quantity such as '3.3 V'");
  }

  /** Reads a number as people write it: not Java's {@code 1f}, and none that no double holds. */
  static Double number(String text) {
    if (!NUMBER.matcher(text).matches()) {
      throw new NumberFormatException("'" + text + "' is not a number");
    }
    double number = Double.parseDouble(text);
    if (Double.isInfinite(number) && !text.endsWith("Infinity")) {
      throw new NumberFormatException("'" + text + "' is beyond the largest double");
    }
    return number;
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
    if (!target.isEmpty() && unit.endsWith(target) && prefix(unit, target) != null) {
      return scaled(prefix(unit, target), target);
    }
    if (target.endsWith(unit) && prefix(target, unit) != null) {
      return scaled(-prefix(target, unit), unit);
    }
    for (int i = 1; i <= 2 && i < unit.length(); i++) {
      String base = unit.substring(i);
      Integer from = PREFIXES.get(unit.substring(0, i));
      Integer to = target.endsWith(base) ? prefix(target, base) : null;
      if (from != null && to != null) {
        return scaled(from - to, base);
      }
    }
    throw new IllegalArgumentException(this + " cannot be expressed in " + target);
  }

  private double scaled(int prefix, String base) {
    Matcher first = FIRST.matcher(base);
    int power = first.matches() && first.group(1) != null ? Integer.parseInt(first.group(1)) : 1;
    int exponent = prefix * power;
    // Dividing by a power of ten rounds once: 3300 mV are 3.3 V, not 3.3000000000000003 V.
    return exponent < 0 ? value / Math.pow(10, -exponent) : value * Math.pow(10, exponent);
  }

  private static Integer prefix(String unit, String base) {
    return PREFIXES.get(unit.substring(0, unit.length() - base.length()));
  }

  /** The quantity as {@link #parse} reads it: {@code 3.3 V}. */
  @Override
  public String toString() {
    return Values.number(value) + " " + unit;
  }
}
