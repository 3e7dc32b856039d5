// SPDX-License-Identifier: Apache-2.0
package consort.yaml;

import consort.yaml.Node.Kind;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Checks a YAML file against a JSON Schema, and says what is allowed where it is not met. Knows the
 * part of draft 2020-12 that our schemas use, and refuses a schema with any other keyword: a rule
 * that is written is a rule that is checked.
 */
public final class Schema {

  private static final Set<String> CHECKED =
      Set.of(
          "type",
          "enum",
          "const",
          "pattern",
          "minLength",
          "maxLength",
          "minimum",
          "maximum",
          "items",
          "maxItems",
          "properties",
          "additionalProperties",
          "propertyNames",
          "required",
          "dependentRequired",
          "oneOf",
          "if",
          "then",
          "$ref");
  private static final Set<String> TOLD =
      Set.of(
          "$schema", "title", "description", "default", "examples", "$defs", "patternErrorMessage");

  private final Map<String, Object> root;
  private final Map<String, Pattern> patterns = new HashMap<>();

  private Schema(Map<String, Object> root) {
    this.root = root;
    known(root);
    map(root, "$defs").values().forEach(s -> known(schema(s)));
  }

  /**
   * A schema in JSON.
   *
   * @throws IllegalArgumentException when it is none, or has a keyword that is not known
   */
  public static Schema of(String json) {
    Problems problems = new Problems("schema");
    Node node = YamlReader.read(json, problems);
    if (problems.failed()) {
      throw new IllegalArgumentException(problems.all().toString());
    }
    return new Schema(node.plainFields());
  }

  private void known(Map<String, Object> schema) {
    for (String keyword : schema.keySet()) {
      if (!CHECKED.contains(keyword) && !TOLD.contains(keyword)) {
        throw new IllegalArgumentException("the keyword " + keyword + " is not known");
      }
    }
    if (schema.get("pattern") instanceof String pattern) {
      // in Java $ also stands before a last line feed; in JSON Schema it does not
      String exact =
          pattern.endsWith("$") ? pattern.substring(0, pattern.length() - 1) + "\\z" : pattern;
      patterns.put(pattern, Pattern.compile(exact));
    }
    map(schema, "properties").values().forEach(s -> known(schema(s)));
    for (String inner : List.of("items", "additionalProperties", "propertyNames", "if", "then")) {
      if (!map(schema, inner).isEmpty()) {
        known(map(schema, inner));
      }
    }
    for (Object choice : list(schema, "oneOf")) {
      if (!schema(choice).keySet().equals(Set.of("required"))) {
        throw new IllegalArgumentException("oneOf chooses between required keys only");
      }
    }
  }

  /**
   * Judges a file.
   *
   * @param node its root
   * @param problems gets what is wrong
   */
  public void check(Node node, Problems problems) {
    check(root, node, problems);
  }

  private void check(Map<String, Object> schema, Node node, Problems problems) {
    if (node.is(Kind.BROKEN)) {
      return;
    }
    if (schema.get("$ref") instanceof String ref) {
      check(schema(map(root, "$defs").get(ref.substring("#/$defs/".length()))), node, problems);
    }
    String wrong = value(schema, node);
    if (wrong != null) {
      problems.error(node, wrong);
      return;
    }
    for (Node item : node.items()) {
      check(map(schema, "items"), item, problems);
    }
    if (node.is(Kind.MAP)) {
      fields(schema, node, problems);
    }
    if (schema.containsKey("if")) {
      Problems none = new Problems("");
      check(map(schema, "if"), node, none);
      if (!none.failed()) {
        check(map(schema, "then"), node, problems);
      }
    }
  }

  /** What is wrong with the value itself, or null. */
  private String value(Map<String, Object> schema, Node node) {
    List<Object> types = list(schema, "type");
    if (!types.isEmpty() && types.stream().noneMatch(t -> is(node, (String) t))) {
      String wanted = types.stream().map(Schema::words).collect(Collectors.joining(" or "));
      return node.described() + ", not " + wanted + hint(schema, node, types);
    }
    Object value = node.plain();
    List<Object> options = list(schema, "enum");
    if (!options.isEmpty() && options.stream().noneMatch(o -> same(o, value))) {
      return shown(node)
          + " is not one of "
          + options.stream().map(Object::toString).collect(Collectors.joining(", "))
          + suggestion(value.toString(), options.stream().map(Object::toString).toList());
    }
    if (schema.containsKey("const") && !same(schema.get("const"), value)) {
      return shown(node) + " is not " + schema.get("const");
    }
    if (value instanceof String text) {
      return text(schema, text);
    }
    if (value instanceof Number number) {
      double min = number(schema, "minimum", Double.NEGATIVE_INFINITY);
      double max = number(schema, "maximum", Double.POSITIVE_INFINITY);
      if (!(number.doubleValue() >= min && number.doubleValue() <= max)) {
        return value + " is outside [" + bound(min) + ", " + bound(max) + "]";
      }
    }
    if (node.items().size() > number(schema, "maxItems", Double.POSITIVE_INFINITY)) {
      return node.items().size() + " entries are more than " + schema.get("maxItems");
    }
    return null;
  }

  private String text(Map<String, Object> schema, String text) {
    int length = text.codePointCount(0, text.length());
    if (length < number(schema, "minLength", 0)) {
      return "this text is empty";
    }
    if (length > number(schema, "maxLength", Double.POSITIVE_INFINITY)) {
      return "'" + Node.cut(text) + "' is longer than " + schema.get("maxLength") + " characters";
    }
    Object pattern = schema.get("pattern");
    if (pattern != null && !patterns.get(pattern).matcher(text).find()) {
      return "'"
          + Node.cut(text)
          + "' does not match "
          + pattern
          + ": "
          + schema.get("patternErrorMessage");
    }
    return null;
  }

  private void fields(Map<String, Object> schema, Node node, Problems problems) {
    Map<String, Object> properties = map(schema, "properties");
    boolean open = !Boolean.FALSE.equals(schema.get("additionalProperties"));
    node.fields()
        .forEach(
            (key, field) -> {
              Node name =
                  new Node(Kind.TEXT, key, field.line(), field.column(), field.value().pointer());
              check(map(schema, "propertyNames"), name, problems);
              if (properties.containsKey(key)) {
                check(schema(properties.get(key)), field.value(), problems);
              } else if (open) {
                check(map(schema, "additionalProperties"), field.value(), problems);
              } else {
                problems.error(field, () -> unknown(key, properties.keySet()));
              }
            });
    for (Object key : list(schema, "required")) {
      missing(node, (String) key, "", problems);
    }
    map(schema, "dependentRequired")
        .forEach(
            (key, needed) -> {
              if (node.fields().containsKey(key)) {
                ((List<?>) needed)
                    .forEach(n -> missing(node, (String) n, ", and needed with " + key, problems));
              }
            });
    choice(schema, node, problems);
  }

  private static void choice(Map<String, Object> schema, Node node, Problems problems) {
    List<String> choices =
        list(schema, "oneOf").stream()
            .flatMap(s -> list(schema(s), "required").stream())
            .map(String.class::cast)
            .toList();
    List<String> given = choices.stream().filter(node.fields()::containsKey).toList();
    if (!choices.isEmpty() && given.isEmpty()) {
      problems.error(node, String.join(" or ", choices) + " is missing; write one of them");
    } else if (given.size() > 1) {
      Node.Field second = node.fields().get(given.get(1));
      problems.error(
          second, String.join(" and ", given) + " exclude each other; write one of them");
    }
  }

  private static void missing(Node node, String key, String why, Problems problems) {
    if (!node.fields().containsKey(key)) {
      problems.missing(node, key, "this key is missing" + why);
    }
  }

  private static String unknown(String key, Set<String> allowed) {
    String close = suggestion(key, allowed);
    return "unknown key '"
        + Node.cut(key)
        + "'"
        + (close.isEmpty() ? "; allowed are " + String.join(", ", new TreeSet<>(allowed)) : close);
  }

  private static String suggestion(String word, Iterable<String> allowed) {
    String best = null;
    int least = 3;
    for (String candidate : allowed) {
      int distance = distance(word, candidate);
      if (distance < least && distance < candidate.length()) {
        best = candidate;
        least = distance;
      }
    }
    return best == null ? "" : "; did you mean '" + best + "'?";
  }

  /** The number of letters to insert, remove or exchange; case is ignored. */
  private static int distance(String a, String b) {
    if (Math.abs(a.length() - b.length()) > 2) {
      return 3;
    }
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        char x = Character.toLowerCase(a.charAt(i - 1));
        char y = Character.toLowerCase(b.charAt(j - 1));
        int exchanged = diagonal + (x == y ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(exchanged, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }

  private static boolean is(Node node, String type) {
    return switch (type) {
      case "string" -> node.is(Kind.TEXT);
      case "boolean" -> node.is(Kind.BOOLEAN);
      case "array" -> node.is(Kind.LIST);
      case "object" -> node.is(Kind.MAP);
      case "number" -> node.is(Kind.INTEGER) || finite(node);
      case "integer" -> node.is(Kind.INTEGER);
      default -> throw new IllegalArgumentException("the type " + type + " is not known");
    };
  }

  private static boolean finite(Node node) {
    return node.value() instanceof Double d && Double.isFinite(d);
  }

  private static String words(Object type) {
    return switch ((String) type) {
      case "string" -> "text";
      case "boolean" -> "true or false";
      case "array" -> "a list";
      case "object" -> "a map";
      case "integer" -> "an integer";
      default -> "a finite number";
    };
  }

  private String hint(Map<String, Object> schema, Node node, List<Object> types) {
    boolean scalar = !node.is(Kind.MAP) && !node.is(Kind.LIST);
    if (types.contains("string") && scalar) {
      // quotes help only where the text in them would be allowed
      String would = text(schema, node.value().toString());
      return would == null ? "; put it in quotes" : "; in quotes " + would;
    }
    boolean bare =
        types.contains("integer") || types.contains("number") || types.contains("boolean");
    return node.is(Kind.TEXT) && bare && node.value().toString().matches("[-+.0-9eE]+|true|false")
        ? "; leave the quotes out"
        : "";
  }

  private static boolean same(Object a, Object b) {
    return a instanceof Number x && b instanceof Number y
        ? x.doubleValue() == y.doubleValue()
        : a.equals(b);
  }

  private static String shown(Node node) {
    return node.is(Kind.TEXT)
        ? "'" + Node.cut((String) node.value()) + "'"
        : node.value().toString();
  }

  private static String bound(double number) {
    return consort.api.Values.number(number);
  }

  private static double number(Map<String, Object> schema, String keyword, double absent) {
    return schema.get(keyword) instanceof Number n ? n.doubleValue() : absent;
  }

  private static List<Object> list(Map<String, Object> schema, String keyword) {
    Object value = schema.get(keyword);
    return value == null ? List.of() : value instanceof List<?> l ? List.copyOf(l) : List.of(value);
  }

  private static Map<String, Object> map(Map<String, Object> schema, String keyword) {
    return schema.get(keyword) instanceof Map<?, ?> m ? schema(m) : Map.of();
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> schema(Object value) {
    return (Map<String, Object>) value;
  }

  /** Every key that is described, with its path: {@code connection.address}. */
  public Set<String> keys() {
    Set<String> keys = new TreeSet<>(Comparator.naturalOrder());
    keys(root, "", keys);
    return keys;
  }

  private static void keys(Map<String, Object> schema, String path, Set<String> keys) {
    map(schema, "properties")
        .forEach(
            (key, value) -> {
              keys.add(child(path, key));
              keys(schema(value), child(path, key), keys);
            });
    if (!map(schema, "items").isEmpty()) {
      keys(map(schema, "items"), path + "[]", keys);
    }
    if (!map(schema, "additionalProperties").isEmpty()) {
      keys(map(schema, "additionalProperties"), path + ".*", keys);
    }
  }

  private static String child(String path, String key) {
    return path.isEmpty() ? key : path + "." + key;
  }
}
