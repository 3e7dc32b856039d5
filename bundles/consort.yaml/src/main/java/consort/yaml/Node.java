// SPDX-License-Identifier: Apache-2.0
package consort.yaml;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A value of a YAML file, and where it stands. Immutable.
 *
 * @param kind what it is
 * @param value a String, Integer, Long, Double, Boolean, {@code List<Node>}, or {@code Map<String,
 *     Field>} in the order of the file
 * @param line the line, from 1
 * @param column the column, from 1
 * @param pointer the way to it
 */
public record Node(Kind kind, Object value, int line, int column, Pointer pointer) {

  /** What a value is; a BROKEN one was reported when it was read, and is not judged again. */
  public enum Kind {
    /** A String: in quotes, or not readable as anything else. */
    TEXT("text"),
    /** An Integer or a Long. */
    INTEGER("an integer"),
    /** A Double, also one that is not finite. */
    NUMBER("a number"),
    /** A Boolean. */
    BOOLEAN("a boolean"),
    /** A list of nodes. */
    LIST("a list"),
    /** A map of fields. */
    MAP("a map"),
    /** What could not be read. */
    BROKEN("unreadable");

    final String words;

    Kind(String words) {
      this.words = words;
    }
  }

  /**
   * A key of a map, where it stands, and its value.
   *
   * @param line the line of the key, from 1
   * @param column the column of the key, from 1
   * @param value its value
   */
  public record Field(int line, int column, Node value) {}

  /** Whether it is of a kind. */
  public boolean is(Kind other) {
    return kind == other;
  }

  /** The entries of a list; empty for anything else. */
  @SuppressWarnings("unchecked")
  public List<Node> items() {
    return is(Kind.LIST) ? (List<Node>) value : List.of();
  }

  /** The keys of a map, in the order of the file; empty for anything else. */
  @SuppressWarnings("unchecked")
  public Map<String, Field> fields() {
    return is(Kind.MAP) ? (Map<String, Field>) value : Map.of();
  }

  /** The value of a key, or null. */
  public Node get(String key) {
    Field field = fields().get(key);
    return field == null ? null : field.value();
  }

  /** The value of a key as text, whatever scalar it is, or null when it is absent. */
  public String text(String key) {
    Node node = get(key);
    return node == null ? null : node.value().toString();
  }

  /** Scalars, immutable lists and immutable maps. */
  public Object plain() {
    return switch (kind) {
      case LIST -> items().stream().map(Node::plain).toList();
      case MAP -> plainFields();
      case TEXT, INTEGER, NUMBER, BOOLEAN, BROKEN -> value;
    };
  }

  /** The keys of a map with their plain values; empty for anything else. */
  public Map<String, Object> plainFields() {
    Map<String, Object> out = new LinkedHashMap<>();
    fields().forEach((key, field) -> out.put(key, field.value().plain()));
    return Map.copyOf(out);
  }

  /** For messages: {@code 'banana' is text}; long values are cut. */
  public String described() {
    return switch (kind) {
      case TEXT -> "'" + cut(value.toString()) + "' is text";
      case INTEGER, NUMBER, BOOLEAN -> value + " is " + kind.words;
      case LIST, MAP -> "this is " + kind.words;
      case BROKEN -> kind.words;
    };
  }

  /** Something of a file as one may say it in a message: one line, at most 60 characters. */
  public static String cut(String text) {
    String line = text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t");
    return line.length() > 60 ? line.substring(0, 60) + "…" : line;
  }
}
