// SPDX-License-Identifier: Apache-2.0
package consort.api;

import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * The type of an argument or result, independent of Java classes. The dynamic value that belongs to
 * each kind stands at {@link Kind}.
 *
 * @param kind the kind
 * @param options the names of an {@link Kind#ENUM}, else empty
 * @param element the type of the elements of a {@link Kind#LIST}, else null
 * @param array the type of the elements of an {@link Kind#ARRAY}, null where any is meant
 * @param fields the fields of a {@link Kind#RECORD}, else empty
 */
public record ValueType(
    Kind kind,
    List<String> options,
    ValueType element,
    NumericArray.Type array,
    List<ParameterInfo> fields) {

  /** The kinds of types, with the Java class of their dynamic values. */
  public enum Kind {
    /** No value: null. */
    VOID,
    /** {@link Boolean}. */
    BOOLEAN,
    /** {@link Integer}. */
    INT,
    /** {@link Long}. */
    LONG,
    /** {@link Double}. */
    DOUBLE,
    /** {@link java.lang.String}. */
    STRING,
    /** The {@link java.lang.String} of one of the options. */
    ENUM,
    /** A {@code byte[]}, not to be written to. */
    BYTES,
    /** {@link NumericArray}. */
    ARRAY,
    /** An unmodifiable {@link java.util.List}. */
    LIST,
    /** An unmodifiable {@link java.util.Map} from field name to value, in the order of fields. */
    RECORD,
    /** {@link java.time.Duration}. */
    DURATION,
    /** {@link java.time.Instant}. */
    INSTANT,
    /** {@link consort.api.Quantity}. */
    QUANTITY
  }

  /** No value. */
  public static final ValueType VOID = simple(Kind.VOID);

  /** True or false. */
  public static final ValueType BOOLEAN = simple(Kind.BOOLEAN);

  /** A signed 32-bit number. */
  public static final ValueType INT = simple(Kind.INT);

  /** A signed 64-bit number. */
  public static final ValueType LONG = simple(Kind.LONG);

  /** An IEEE 754 double. */
  public static final ValueType DOUBLE = simple(Kind.DOUBLE);

  /** Text. */
  public static final ValueType STRING = simple(Kind.STRING);

  /** Bytes. */
  public static final ValueType BYTES = simple(Kind.BYTES);

  /** A span of time. */
  public static final ValueType DURATION = simple(Kind.DURATION);

  /** A point in time. */
  public static final ValueType INSTANT = simple(Kind.INSTANT);

  /** A number with a unit. */
  public static final ValueType QUANTITY = simple(Kind.QUANTITY);

  /** Checks that what the kind needs is there. */
  public ValueType {
    Objects.requireNonNull(kind, "kind");
    options = List.copyOf(options);
    fields = List.copyOf(fields);
    if ((kind == Kind.ENUM) == options.isEmpty()) {
      throw new IllegalArgumentException("an enum, and only an enum, has options");
    }
    if ((kind == Kind.LIST) != (element != null)) {
      throw new IllegalArgumentException("a list, and only a list, has an element type");
    }
  }

  private static ValueType simple(Kind kind) {
    return new ValueType(kind, List.of(), null, null, List.of());
  }

  /** One of these names. */
  public static ValueType oneOf(List<String> options) {
    return new ValueType(Kind.ENUM, options, null, null, List.of());
  }

  /** A list of elements of one type. */
  public static ValueType listOf(ValueType element) {
    return new ValueType(Kind.LIST, List.of(), element, null, List.of());
  }

  /** An array of numbers; {@code type} null means any numeric type. */
  public static ValueType arrayOf(NumericArray.Type type) {
    return new ValueType(Kind.ARRAY, List.of(), null, type, List.of());
  }

  /** A record with these fields. */
  public static ValueType recordOf(List<ParameterInfo> fields) {
    return new ValueType(Kind.RECORD, List.of(), null, null, fields);
  }

  /** How the type is written for people: {@code double}, {@code list<int>}, {@code A|B}. */
  @Override
  public String toString() {
    return switch (kind) {
      case ENUM -> String.join("|", options);
      case LIST -> "list<" + element + ">";
      case ARRAY -> (array == null ? "number" : array.component().getName()) + "[]";
      case RECORD ->
          fields.stream()
              .map(f -> f.name() + ": " + f.type())
              .collect(Collectors.joining(", ", "{", "}"));
      case VOID, BOOLEAN, INT, LONG, DOUBLE, STRING, BYTES, DURATION, INSTANT, QUANTITY ->
          kind.name().toLowerCase(java.util.Locale.ROOT);
    };
  }
}
