// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.yaml.Node;
import consort.yaml.Problems;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Reads values of a file that its schema may have found wrong: what is absent or of another kind is
 * null, as it was reported already.
 */
final class Texts {

  private Texts() {}

  static String text(Node map, String key) {
    Node node = map == null ? null : map.get(key);
    return node != null && node.is(Node.Kind.TEXT) ? (String) node.value() : null;
  }

  /** Text, or the text of another scalar; empty when it is absent. */
  static String any(Node map, String key) {
    String text = map == null ? null : map.text(key);
    return text == null ? "" : text;
  }

  static String or(Node map, String key, String absent) {
    String text = text(map, key);
    return text == null ? absent : text;
  }

  static Number number(Node map, String key) {
    Node node = map == null ? null : map.get(key);
    return node != null && node.value() instanceof Number number ? number : null;
  }

  static Boolean bool(Node map, String key) {
    Node node = map == null ? null : map.get(key);
    return node != null && node.value() instanceof Boolean on ? on : null;
  }

  static List<Node> items(Node map, String key) {
    Node node = map == null ? null : map.get(key);
    return node == null ? List.of() : node.items();
  }

  /** The entries of a list that are text. */
  static List<Node> texts(Node map, String key) {
    return items(map, key).stream().filter(n -> n.is(Node.Kind.TEXT)).toList();
  }

  /** A regular expression, or null when it is absent or none; that is reported. */
  static Pattern pattern(Node map, String key, Problems problems) {
    String text = text(map, key);
    if (text == null) {
      return null;
    }
    try {
      return Pattern.compile(text, Pattern.DOTALL);
    } catch (PatternSyntaxException e) {
      problems.error(
          map.get(key),
          "'%s' is no regular expression: %s at character %d"
              .formatted(Node.cut(text), e.getDescription(), e.getIndex() + 1));
      return null;
    }
  }

  /** Names for a message: at most twenty. */
  static String list(Iterable<String> names) {
    StringBuilder out = new StringBuilder();
    int count = 0;
    for (String name : names) {
      if (++count > 20) {
        return out.append(", …").toString();
      }
      out.append(count == 1 ? "" : ", ").append(Node.cut(name));
    }
    return count == 0 ? "none" : out.toString();
  }
}
