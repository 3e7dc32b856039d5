// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.api.ErrorCode;
import consort.api.NumericArray;
import consort.api.Refused;
import java.math.BigDecimal;
import java.math.MathContext;

/** How values are written on a line, independent of any locale. */
final class Decimals {

  private Decimals() {}

  /**
   * A value as instruments read it: a number as the shortest decimal that reads back equal, true
   * and false as 1 and 0, text as it is, an array as its numbers with commas between.
   *
   * @throws Refused for a number that is not finite
   */
  static void write(StringBuilder out, Object value) {
    if (value instanceof Double number) {
      write(out, number.doubleValue());
    } else if (value instanceof Boolean on) {
      out.append(on ? '1' : '0');
    } else if (value instanceof NumericArray array) {
      for (int i = 0; i < array.size(); i++) {
        write(i == 0 ? out : out.append(','), array.at(i));
      }
    } else {
      out.append(value);
    }
  }

  private static void write(StringBuilder out, double number) {
    if (number == Math.rint(number) && Math.abs(number) < 1e15) {
      out.append((long) number);
    } else if (Double.isFinite(number)) {
      shortest(out, number);
    } else {
      throw new Refused(ErrorCode.OUT_OF_RANGE, number + " is no number that can be sent");
    }
  }

  private static void shortest(StringBuilder out, double number) {
    String text = Double.toString(number);
    // before Java 19 some numbers had a digit or two more than they need
    if (text.length() >= 18) {
      BigDecimal fewer = new BigDecimal(text).round(new MathContext(16)).stripTrailingZeros();
      if (fewer.doubleValue() == number) {
        text = Double.toString(number).indexOf('E') < 0 ? fewer.toPlainString() : fewer.toString();
      }
    }
    int exponent = text.indexOf("E");
    if (exponent > 2 && text.startsWith(".0", exponent - 2)) {
      out.append(text, 0, exponent - 2).append(text, exponent, text.length());
    } else {
      out.append(text);
    }
  }
}
