// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A value of a YAML file, and where it stands.
 *
 * @param kind what it is
 * @param value a String, Integer, Long, Double, Boolean, {@code List<Node>}, or {@code Map<String,
 *     Field>} in the order of the file
 * @param line the line, from 1
 * @param column the column, from 1
 */
record Node(Kind kind, Object value, int line, int column) {

  /** What a value is; a BROKEN one was reported when it was read, and is not judged again. */
  enum Kind {
    TEXT("text"),
    INTEGER("an integer"),
    NUMBER("a number"),
    BOOLEAN("a boolean"),
    LIST("a list"),
    MAP("a map"),
    BROKEN("unreadable");

    final String words;

    Kind(String words) {
      this.words = words;
    }
  }

  /** A key of a map, where it stands, and its value. */
  record Field(int line, int column, Node value) {}

  boolean is(Kind other) {
    return kind == other;
  }

  @SuppressWarnings("unchecked")
  List<Node> items() {
    return is(Kind.LIST) ? (List<Node>) value : List.of();
  }

  @SuppressWarnings("unchecked")
  Map<String, Field> fields() {
    return is(Kind.MAP) ? (Map<String, Field>) value : Map.of();
  }

  /** The value of a key, or null. */
  Node get(String key) {
    Field field = fields().get(key);
    return field == null ? null : field.value();
  }

  /** The text of a key, or null when it is absent. */
  String text(String key) {
    Node node = get(key);
    return node == null ? null : node.value().toString();
  }

  /** Scalars, immutable lists and immutable maps. */
  Object plain() {
    return switch (kind) {
      case LIST -> items().stream().map(Node::plain).toList();
      case MAP -> plainFields();
      case TEXT, INTEGER, NUMBER, BOOLEAN, BROKEN -> value;
    };
  }

  Map<String, Object> plainFields() {
    Map<String, Object> out = new LinkedHashMap<>();
    fields().forEach((key, field) -> out.put(key, field.value().plain()));
    return Map.copyOf(out);
  }

  /** For messages: {@code 'banana' is text}; long values are cut. */
  String described() {
    return switch (kind) {
      case TEXT -> "'" + cut(value.toString()) + "' is text";
      case INTEGER, NUMBER, BOOLEAN -> value + " is " + kind.words;
      case LIST, MAP -> "this is " + kind.words;
      case BROKEN -> kind.words;
    };
  }

  static String cut(String text) {
    String line = text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t");
    return line.length() > 60 ? line.substring(0, 60) + "…" : line;
  }
}
