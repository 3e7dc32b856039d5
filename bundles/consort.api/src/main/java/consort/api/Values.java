// SPDX-License-Identifier: Apache-2.0
package consort.api;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The one place where values are converted and checked. Strict: nothing is passed on unconverted,
 * rounded, cut or dropped. What is taken for each kind:
 *
 * <ul>
 *   <li>boolean: a boolean
 *   <li>int, long: an integral number in range; 3.0 is integral, 3.5 is refused
 *   <li>double: any number that a double holds; for a parameter with a unit also a {@link Quantity}
 *   <li>string: text
 *   <li>enum: the name of an option, or an enum constant of that name; case is ignored
 *   <li>bytes: a {@code byte[]}
 *   <li>array: a {@link NumericArray}, a primitive array or a list of numbers
 *   <li>list: a list; record: a map with text keys, without unknown ones
 *   <li>duration, instant: themselves or ISO 8601 text; durations also {@code 500ms}, {@code 1.5s}
 *   <li>quantity: a quantity or text like {@code 3.3 V}
 * </ul>
 *
 * Text for a number or boolean is refused by {@link #convert}; faces that carry text only (command
 * lines) use {@link #parse}. Where limits are given, NaN is refused.
 */
public final class Values {

  private static final Pattern DURATION =
      Pattern.compile("([0-9]+(?:\\.[0-9]+)?)\\s*(ns|us|ms|s|min|m|h)");

  private Values() {}

  /**
   * Binds the arguments of a call to the parameters of a command.
   *
   * @return dynamic values by canonical parameter name, in the order of the parameters; optional
   *     parameters without a value and without a default are absent
   * @throws Refused when an argument is missing, unknown, given twice, of the wrong type or outside
   *     its limits
   */
  public static Map<String, Object> bind(
      CommandInfo command, List<?> positional, Map<String, ?> named) {
    List<ParameterInfo> parameters = command.parameters();
    if (parameters.isEmpty() && positional.isEmpty() && named.isEmpty()) {
      return Map.of();
    }
    if (positional.size() > parameters.size()) {
      throw bad(
          command.name(),
          "takes "
              + parameters.size()
              + " arguments, not "
              + positional.size()
              + ": "
              + command.signature());
    }
    return assemble(command.name(), parameters, positional, named);
  }

  /**
   * Converts a map to the fields of a record, or to settings.
   *
   * @param where what the error message begins with
   */
  public static Map<String, Object> fields(
      String where, List<ParameterInfo> fields, Map<String, ?> values) {
    return assemble(where, fields, List.of(), values);
  }

  private static Map<String, Object> assemble(
      String where, List<ParameterInfo> parameters, List<?> positional, Map<String, ?> named) {
    Object[] given = new Object[parameters.size()];
    for (int i = 0; i < positional.size(); i++) {
      given[i] = positional.get(i);
    }
    named.forEach(
        (name, value) -> {
          int index = index(parameters, name);
          if (index < 0) {
            throw bad(where, "has no parameter '" + name + "'; it has " + names(parameters));
          }
          if (value != null && given[index] != null) {
            throw bad(where, parameters.get(index).name() + " is given twice");
          }
          given[index] = value == null ? given[index] : value;
        });
    Map<String, Object> out = new LinkedHashMap<>();
    for (int i = 0; i < given.length; i++) {
      ParameterInfo parameter = parameters.get(i);
      if (given[i] != null) {
        out.put(parameter.name(), convert(where, parameter, given[i]));
      } else if (parameter.defaultValue() != null) {
        out.put(parameter.name(), parameter.defaultValue());
      } else if (!parameter.optional()) {
        throw bad(where, parameter.name() + " is missing");
      }
    }
    return Collections.unmodifiableMap(out);
  }

  private static int index(List<ParameterInfo> parameters, String name) {
    String folded = Names.fold(name);
    for (int i = 0; i < parameters.size(); i++) {
      if (Names.fold(parameters.get(i).name()).equals(folded)) {
        return i;
      }
    }
    return -1;
  }

  private static String names(List<ParameterInfo> parameters) {
    return parameters.isEmpty()
        ? "none"
        : parameters.stream().map(ParameterInfo::name).collect(Collectors.joining(", "));
  }

  /**
   * Converts a value to a parameter's type and checks its limits and options.
   *
   * @param where what the error message begins with: the command
   * @throws Refused when it does not fit
   */
  public static Object convert(String where, ParameterInfo parameter, Object value) {
    Object plain = value;
    if (value instanceof Quantity quantity
        && parameter.type().kind() != ValueType.Kind.QUANTITY
        && !parameter.unit().isEmpty()) {
      try {
        plain = quantity.in(parameter.unit());
      } catch (IllegalArgumentException e) {
        throw bad(where + " " + parameter.name(), e.getMessage());
      }
    }
    Object converted = convert(where + " " + parameter.name(), parameter.type(), plain);
    check(where, parameter, converted);
    return converted;
  }

  /**
   * Converts a value to a type; no limits are known here.
   *
   * @param where what the error message begins with
   * @throws Refused when it does not fit
   */
  public static Object convert(String where, ValueType type, Object value) {
    Object out =
        switch (type.kind()) {
          case VOID -> value == null ? null : mismatch(where, type, value);
          case BOOLEAN -> value instanceof Boolean ? value : null;
          case INT -> narrow(integral(value, Integer.MIN_VALUE, Integer.MAX_VALUE), Long::intValue);
          case LONG -> integral(value, Long.MIN_VALUE, Long.MAX_VALUE);
          case DOUBLE -> real(value);
          case STRING -> value instanceof CharSequence ? value.toString() : null;
          case ENUM -> option(where, type, value);
          case BYTES -> value instanceof byte[] ? value : null;
          case ARRAY -> array(where, type, value);
          case LIST -> value instanceof Collection<?> c ? list(where, type, c) : null;
          case RECORD ->
              value instanceof Map<?, ?> m
                  ? fields(where, type.fields(), textKeys(where, m))
                  : null;
          case DURATION -> duration(value);
          case INSTANT -> instant(value);
          case QUANTITY -> quantity(value);
        };
    return out == null && type.kind() != ValueType.Kind.VOID ? mismatch(where, type, value) : out;
  }

  /**
   * Converts what a person typed to a parameter's type: the whole text must be one value. Lists and
   * arrays are {@code [1, 2, 3]} or {@code 1,2,3}.
   *
   * @throws Refused when it does not fit
   */
  public static Object parse(String where, ParameterInfo parameter, String text) {
    return convert(
        where,
        parameter,
        untext(where + " " + parameter.name(), parameter.type(), parameter.unit(), text));
  }

  private static Object untext(String where, ValueType type, String unit, String text) {
    String bare = text.strip();
    try {
      return switch (type.kind()) {
        case BOOLEAN ->
            switch (bare.toLowerCase(java.util.Locale.ROOT)) {
              case "true", "on", "yes" -> true;
              case "false", "off", "no" -> false;
              default -> text;
            };
        case INT, LONG -> new BigDecimal(bare);
        case DOUBLE ->
            !unit.isEmpty() && bare.contains(" ") ? Quantity.parse(bare) : Quantity.number(bare);
        case BYTES ->
            bare.startsWith("0x")
                ? HexFormat.of().parseHex(bare.substring(2))
                : Base64.getDecoder().decode(bare);
        case LIST -> items(bare).stream().map(i -> untext(where, type.element(), unit, i)).toList();
        case ARRAY -> items(bare).stream().map(i -> element(type.array(), i)).toList();
        case VOID, STRING, ENUM, RECORD, DURATION, INSTANT, QUANTITY -> text;
      };
    } catch (IllegalArgumentException e) {
      return mismatch(where, type, text);
    }
  }

  private static Number element(NumericArray.Type type, String text) {
    return type == null || type == NumericArray.Type.FLOAT32 || type == NumericArray.Type.FLOAT64
        ? (Number) Quantity.number(text)
        : new BigDecimal(text);
  }

  private static List<String> items(String text) {
    String inner =
        text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
    return inner.isBlank() ? List.of() : List.of(inner.strip().split("\\s*,\\s*", -1));
  }

  private static Long integral(Object value, long min, long max) {
    if (value instanceof Integer
        || value instanceof Short
        || value instanceof Byte
        || value instanceof Long) {
      long number = ((Number) value).longValue();
      return number >= min && number <= max ? number : null;
    }
    if (value instanceof Number) {
      try {
        long number = new BigDecimal(value.toString()).longValueExact();
        return number >= min && number <= max ? number : null;
      } catch (ArithmeticException | NumberFormatException e) {
        return null;
      }
    }
    return null;
  }

  private static <A, B> Object narrow(A value, Function<A, B> narrower) {
    return value == null ? null : narrower.apply(value);
  }

  private static Double real(Object value) {
    if (value instanceof Double d) {
      return d;
    }
    if (value instanceof Long l) {
      // a long that a double cannot hold is not rounded
      return (long) (double) l == l && l != Long.MAX_VALUE ? (Double) (double) l : null;
    }
    if (value instanceof BigInteger big) {
      double number = big.doubleValue();
      return Double.isFinite(number) && new BigDecimal(number).toBigInteger().equals(big)
          ? (Double) number
          : null;
    }
    if (value instanceof BigDecimal big) {
      // the nearest double stands for a decimal, infinity for none
      return Double.isFinite(big.doubleValue()) ? (Double) big.doubleValue() : null;
    }
    return value instanceof Number n ? (Double) n.doubleValue() : null;
  }

  private static Float single(Double number) {
    boolean holds =
        number != null && (!Double.isFinite(number) || Float.isFinite(number.floatValue()));
    return holds ? (Float) number.floatValue() : null;
  }

  private static String option(String where, ValueType type, Object value) {
    String text =
        value instanceof Enum<?> e
            ? e.name()
            : value instanceof CharSequence ? value.toString() : null;
    if (text == null) {
      return null;
    }
    if (type.options().contains(text)) {
      return text;
    }
    for (String option : type.options()) {
      if (option.equalsIgnoreCase(text)) {
        return option;
      }
    }
    throw new Refused(
        ErrorCode.OUT_OF_RANGE,
        where + ": " + describe(text) + " is not one of " + String.join(", ", type.options()));
  }

  private static NumericArray array(String where, ValueType type, Object value) {
    NumericArray array = null;
    if (value instanceof NumericArray a) {
      array = a;
    } else if (value instanceof Collection<?> c) {
      array = fromNumbers(where, type, c);
    } else if (value != null && NumericArray.Type.of(value.getClass().getComponentType()) != null) {
      array = NumericArray.of(value);
    }
    if (array != null && type.array() != null && array.type() != type.array()) {
      List<Object> elements = new ArrayList<>(array.size());
      for (int i = 0; i < array.size(); i++) {
        elements.add(array.at(i));
      }
      int[] shape = array.shape().stream().mapToInt(Integer::intValue).toArray();
      return NumericArray.of(fromNumbers(where, type, elements).toArray(), shape);
    }
    return array;
  }

  private static NumericArray fromNumbers(String where, ValueType type, Collection<?> values) {
    NumericArray.Type element = type.array() == null ? NumericArray.Type.FLOAT64 : type.array();
    Object data = java.lang.reflect.Array.newInstance(element.component(), values.size());
    int i = 0;
    for (Object value : values) {
      Object number =
          switch (element) {
            case FLOAT64 -> real(value);
            case FLOAT32 -> single(real(value));
            case INT64 -> integral(value, Long.MIN_VALUE, Long.MAX_VALUE);
            case INT32 ->
                narrow(integral(value, Integer.MIN_VALUE, Integer.MAX_VALUE), Long::intValue);
            case INT16 ->
                narrow(integral(value, Short.MIN_VALUE, Short.MAX_VALUE), Long::shortValue);
            case INT8 -> narrow(integral(value, Byte.MIN_VALUE, Byte.MAX_VALUE), Long::byteValue);
          };
      if (number == null) {
        throw bad(
            where + "[" + i + "]",
            describe(value) + " is not " + article(element.component().getName()));
      }
      java.lang.reflect.Array.set(data, i++, number);
    }
    return NumericArray.of(data);
  }

  private static List<Object> list(String where, ValueType type, Collection<?> values) {
    List<Object> out = new ArrayList<>(values.size());
    for (Object value : values) {
      out.add(convert(where + "[" + out.size() + "]", type.element(), value));
    }
    return Collections.unmodifiableList(out);
  }

  private static Map<String, Object> textKeys(String where, Map<?, ?> map) {
    Map<String, Object> out = new LinkedHashMap<>();
    map.forEach(
        (key, value) -> {
          if (!(key instanceof String name)) {
            throw bad(where, describe(key) + " is not the name of a field");
          }
          out.put(name, value);
        });
    return out;
  }

  private static Duration duration(Object value) {
    if (value instanceof Duration d) {
      return d;
    }
    if (value instanceof CharSequence text) {
      Matcher m = DURATION.matcher(text.toString().strip());
      if (m.matches()) {
        long nanos =
            switch (m.group(2)) {
              case "ns" -> 1L;
              case "us" -> 1_000L;
              case "ms" -> 1_000_000L;
              case "s" -> 1_000_000_000L;
              case "min", "m" -> 60_000_000_000L;
              default -> 3_600_000_000_000L;
            };
        try {
          return Duration.ofNanos(
              new BigDecimal(m.group(1)).multiply(BigDecimal.valueOf(nanos)).longValueExact());
        } catch (ArithmeticException e) {
          return null;
        }
      }
      try {
        return Duration.parse(text);
      } catch (DateTimeException e) {
        return null;
      }
    }
    return null;
  }

  private static Instant instant(Object value) {
    if (value instanceof Instant i) {
      return i;
    }
    if (value instanceof CharSequence text) {
      try {
        return Instant.parse(text);
      } catch (DateTimeException e) {
        return null;
      }
    }
    return null;
  }

  private static Quantity quantity(Object value) {
    if (value instanceof Quantity q) {
      return q;
    }
    if (value instanceof CharSequence text) {
      try {
        return Quantity.parse(text.toString());
      } catch (IllegalArgumentException e) {
        return null;
      }
    }
    return null;
  }

  private static void check(String where, ParameterInfo parameter, Object value) {
    if (!parameter.options().isEmpty() && !parameter.options().contains(value)) {
      throw new Refused(
          ErrorCode.OUT_OF_RANGE,
          where
              + " "
              + parameter.name()
              + ": "
              + describe(value)
              + " is not one of "
              + parameter.options().stream().map(Values::text).collect(Collectors.joining(", ")));
    }
    range(where, parameter, parameter.name(), value);
  }

  private static void range(String where, ParameterInfo parameter, String name, Object value) {
    if (value instanceof Quantity quantity && !parameter.unit().isEmpty()) {
      try {
        range(where, parameter, name, quantity.in(parameter.unit()));
      } catch (IllegalArgumentException e) {
        throw bad(where + " " + name, e.getMessage());
      }
    } else if (value instanceof Quantity quantity) {
      range(where, parameter, name, quantity.value());
    } else if (value instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        range(where, parameter, name + "[" + i + "]", list.get(i));
      }
    } else if (parameter.limits() == null) {
      return;
    } else if (value instanceof NumericArray array) {
      for (int i = 0; i < array.size(); i++) {
        double number = array.doubleAt(i);
        if (!parameter.limits().contains(number)) {
          limit(where, parameter, name + "[" + i + "]", number);
        }
      }
    } else if (value instanceof Number number) {
      limit(where, parameter, name, number.doubleValue());
    }
  }

  private static void limit(String where, ParameterInfo parameter, String name, double number) {
    Limits limits = parameter.limits();
    if (!limits.contains(number)) {
      String unit = parameter.unit().isEmpty() ? "" : " " + parameter.unit();
      throw new Refused(
          ErrorCode.OUT_OF_RANGE,
          where
              + " "
              + name
              + ": "
              + number(number)
              + unit
              + " is outside ["
              + number(limits.min())
              + unit
              + ", "
              + number(limits.max())
              + unit
              + "]");
    }
  }

  private static <T> T mismatch(String where, ValueType type, Object value) {
    throw bad(where, describe(value) + " is not " + article(type.toString()));
  }

  private static String article(String noun) {
    return (noun.isEmpty() || "aeiouAEIOU".indexOf(noun.charAt(0)) < 0 ? "a " : "an ") + noun;
  }

  private static Refused bad(String where, String what) {
    return new Refused(ErrorCode.BAD_ARGUMENT, where + ": " + what);
  }

  private static String describe(Object value) {
    if (value == null) {
      return "nothing";
    }
    String text = quoted(value);
    return text.length() > 60 ? text.substring(0, 60) + "…" : text;
  }

  private static String quoted(Object value) {
    return value instanceof CharSequence ? "'" + value + "'" : text(value);
  }

  /**
   * A number for people: the shortest decimal that reads back equal, without a useless {@code .0}.
   */
  public static String number(double number) {
    if (number == Math.rint(number) && Math.abs(number) < 1e15) {
      return Long.toString((long) number);
    }
    return Double.toString(number);
  }

  /** A dynamic value for people. Large arrays are shortened. */
  public static String text(Object value) {
    if (value == null) {
      return "";
    }
    if (value instanceof Double d) {
      return number(d);
    }
    if (value instanceof byte[] bytes) {
      return bytes.length <= 32 ? "0x" + HexFormat.of().formatHex(bytes) : bytes.length + " bytes";
    }
    if (value instanceof NumericArray array) {
      StringBuilder out = new StringBuilder("[");
      for (int i = 0; i < Math.min(array.size(), 8); i++) {
        out.append(i == 0 ? "" : ", ").append(text(array.at(i)));
      }
      if (array.size() > 8) {
        out.append(", … ").append(array.size()).append(" elements");
      }
      return out.append(']').toString();
    }
    if (value instanceof Quantity q) {
      return number(q.value()) + " " + q.unit();
    }
    if (value instanceof List<?> list) {
      return list.stream().map(Values::text).collect(Collectors.joining(", ", "[", "]"));
    }
    if (value instanceof Map<?, ?> map) {
      return map.entrySet().stream()
          .map(e -> e.getKey() + ": " + text(e.getValue()))
          .collect(Collectors.joining(", ", "{", "}"));
    }
    return value.toString();
  }
}
