// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.api.Garbled;
import consort.api.link.Answers;
import java.util.Arrays;

/** Reads numbers with commas, semicolons or blanks between them. */
final class Lists {

  private static final int USUAL = 16;

  private Lists() {}

  /**
   * The numbers of an answer; an empty answer has none.
   *
   * @throws Garbled when a part is none
   */
  static double[] doubles(String question, String answer) {
    double[] out = new double[USUAL];
    int count = 0;
    for (int at = next(answer, 0, false); at < answer.length(); ) {
      int end = end(answer, at);
      if (count == out.length) {
        out = Arrays.copyOf(out, 2 * count);
      }
      out[count++] = Answers.toDouble(question, answer.substring(at, end));
      at = next(answer, end, true);
    }
    return Arrays.copyOf(out, count);
  }

  /**
   * The whole numbers of an answer; an empty answer has none.
   *
   * @throws Garbled when a part is none
   */
  static long[] longs(String question, String answer) {
    long[] out = new long[USUAL];
    int count = 0;
    for (int at = next(answer, 0, false); at < answer.length(); ) {
      int end = end(answer, at);
      if (count == out.length) {
        out = Arrays.copyOf(out, 2 * count);
      }
      out[count++] = Answers.toLong(question, answer.substring(at, end));
      at = next(answer, end, true);
    }
    return Arrays.copyOf(out, count);
  }

  private static int end(String text, int from) {
    int end = from;
    while (end < text.length() && !isSeparator(text.charAt(end)) && text.charAt(end) > ' ') {
      end++;
    }
    return end;
  }

  /** Past blanks and at most one separator, so that 1,,2 has an empty part, which is no number. */
  private static int next(String text, int from, boolean separator) {
    int at = from;
    boolean may = separator;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c > ' ' && !(may && isSeparator(c))) {
        return at;
      }
      may &= !isSeparator(c);
      at++;
    }
    return at;
  }

  private static boolean isSeparator(char c) {
    return c == ',' || c == ';';
  }
}
