// SPDX-License-Identifier: Apache-2.0
package consort.api.link;

import consort.api.Garbled;
import consort.api.Origin;
import java.math.BigDecimal;

/**
 * What answers in text mean; one place for every link. Blanks around an answer are ignored. SCPI's
 * stand-ins for numbers (9.9E37 for an overload, 9.91E37 for not a number) are passed on as they
 * are. Source: SCPI-99, 7.2.1.4 and 7.2.1.5.
 */
public final class Answers {

  private static final int SHOWN = 80;

  private Answers() {}

  /**
   * A decimal number.
   *
   * @throws Garbled when the answer is none
   */
  public static double toDouble(String question, String answer) {
    String text = answer.strip();
    // Double.parseDouble also takes 1f, 0x1p3, NaN and Infinity.
    if (!text.isEmpty() && endsLikeNumber(text) && text.indexOf('x') < 0 && text.indexOf('X') < 0) {
      try {
        return Double.parseDouble(text);
      } catch (NumberFormatException e) {
        throw garbled(question, answer, "is not a number");
      }
    }
    throw garbled(question, answer, "is not a number");
  }

  /**
   * A whole number; {@code 3.0} and {@code +3E0} are.
   *
   * @throws Garbled when the answer is none, or outside the range of a long
   */
  public static long toLong(String question, String answer) {
    String text = answer.strip();
    try {
      BigDecimal number = new BigDecimal(text);
      if (Math.abs((long) number.scale()) < 400) {
        return number.longValueExact();
      }
    } catch (ArithmeticException | NumberFormatException e) {
      throw garbled(question, answer, "is not a whole number");
    }
    throw garbled(question, answer, "is not a whole number");
  }

  /**
   * {@code 1} or {@code ON}, {@code 0} or {@code OFF}.
   *
   * @throws Garbled when the answer is something else
   */
  public static boolean toBoolean(String question, String answer) {
    String text = answer.strip();
    if (text.equals("1") || text.equals("+1") || text.equalsIgnoreCase("ON")) {
      return true;
    }
    if (text.equals("0") || text.equals("+0") || text.equalsIgnoreCase("OFF")) {
      return false;
    }
    throw garbled(question, answer, "is neither ON nor OFF");
  }

  /** The error that an answer makes no sense: {@code "banana" in answer to "VOLT?" …}. */
  public static Garbled garbled(String question, String answer, String what) {
    Garbled error =
        new Garbled("\"" + shown(answer) + "\" in answer to \"" + shown(question) + "\" " + what);
    error.at(Origin.link("", question, answer));
    return error;
  }

  private static boolean endsLikeNumber(String text) {
    char last = text.charAt(text.length() - 1);
    return last == '.' || last >= '0' && last <= '9';
  }

  private static String shown(String text) {
    String printable = Origin.link("", text, "").sent();
    return printable.length() <= SHOWN ? printable : printable.substring(0, SHOWN) + "…";
  }
}
