// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A line with places for values. {@code {name}} is a place; any other brace is itself.
 *
 * @param text as it is written
 * @param parts literals and places in turn, beginning and ending with a literal, which may be empty
 */
record Template(String text, List<String> parts) {

  private static final Pattern PLACE = Pattern.compile("\\{([A-Za-z_][A-Za-z0-9_]*)}");

  /** The names in a text, in order, as they are written. */
  static List<String> places(String text) {
    return PLACE.matcher(text).results().map(m -> m.group(1)).toList();
  }

  /**
   * A template.
   *
   * @param argument the argument that stands at a place
   */
  static Template of(String text, UnaryOperator<String> argument) {
    List<String> parts = new ArrayList<>();
    Matcher m = PLACE.matcher(text);
    int end = 0;
    while (m.find()) {
      parts.add(text.substring(end, m.start()));
      parts.add(argument.apply(m.group(1)));
      end = m.end();
    }
    parts.add(text.substring(end));
    return new Template(text, List.copyOf(parts));
  }

  /** Whether a line asks for something: it, or one of its words, ends with a question mark. */
  static boolean asks(String text) {
    return text.strip().endsWith("?") || text.contains("? ") || text.contains("?;");
  }

  /** The arguments it has places for. */
  List<String> arguments() {
    List<String> names = new ArrayList<>();
    for (int i = 1; i < parts.size(); i += 2) {
      names.add(parts.get(i));
    }
    return names;
  }

  /** The line with these values; for one that is absent nothing stands, and no blank at the end. */
  String expand(Map<String, Object> values) {
    if (parts.size() == 1) {
      return parts.get(0);
    }
    StringBuilder out = new StringBuilder(text.length() + 16);
    boolean whole = true;
    for (int i = 0; i < parts.size(); i++) {
      if (i % 2 == 0) {
        out.append(parts.get(i));
      } else {
        Object value = values.get(parts.get(i));
        if (value == null) {
          whole = false;
        } else {
          Decimals.write(out, value);
        }
      }
    }
    return whole ? out.toString() : out.toString().stripTrailing();
  }

  /**
   * What finds the values in a line that it made: one group for each place.
   *
   * @param form the regular expression of what may stand for an argument
   */
  Pattern reader(UnaryOperator<String> form) {
    StringBuilder regex = new StringBuilder();
    for (int i = 0; i < parts.size(); i++) {
      regex.append(i % 2 == 0 ? Pattern.quote(parts.get(i)) : "(" + form.apply(parts.get(i)) + ")");
    }
    return Pattern.compile(regex.toString(), Pattern.DOTALL);
  }

  @Override
  public String toString() {
    return parts.stream().collect(Collectors.joining());
  }
}
