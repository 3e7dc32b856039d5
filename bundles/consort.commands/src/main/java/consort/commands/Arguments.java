// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.CommandInfo;
import consort.api.Instrument;
import consort.api.NumericArray;
import consort.api.ParameterInfo;
import consort.api.ValueType;
import consort.api.Values;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The arguments of a call as a request carries them. Only what JSON or a command line cannot carry
 * is read here: text for its declared type, bytes, NaN. The guard converts and checks the rest.
 */
record Arguments(List<?> positional, Map<String, ?> named) {

  static Arguments of(Instrument instrument, String verb, Parameters p) {
    List<?> args = p.list("args");
    List<?> textArgs = p.list("text_args");
    Map<String, ?> params = p.map("params");
    Map<String, ?> text = p.map("text");
    if (!args.isEmpty() && !textArgs.isEmpty()) {
      throw Wrong.request("args and text_args exclude each other");
    }
    if (args.isEmpty() && textArgs.isEmpty() && params.isEmpty() && text.isEmpty()) {
      return new Arguments(List.of(), Map.of());
    }
    // Without it the guard says what is wrong: no such command, or no driver.
    Optional<CommandInfo> command = instrument.info().command(verb);
    List<Object> positional = new ArrayList<>();
    for (int i = 0; i < args.size(); i++) {
      positional.add(json(at(command, i), args.get(i)));
    }
    for (int i = 0; i < textArgs.size(); i++) {
      positional.add(text(command, at(command, i), textArgs.get(i)));
    }
    Map<String, Object> named = new LinkedHashMap<>();
    params.forEach((name, value) -> named.put(name, json(named(command, name), value)));
    text.forEach(
        (name, value) -> {
          if (named.put(name, text(command, named(command, name), value)) != null) {
            throw Wrong.request(name + " is given twice");
          }
        });
    return new Arguments(positional, named);
  }

  private static Optional<ParameterInfo> at(Optional<CommandInfo> command, int index) {
    return command.filter(c -> index < c.parameters().size()).map(c -> c.parameters().get(index));
  }

  private static Optional<ParameterInfo> named(Optional<CommandInfo> command, String name) {
    return command.flatMap(c -> c.parameter(name));
  }

  private static Object text(
      Optional<CommandInfo> command, Optional<ParameterInfo> parameter, Object value) {
    if (!(value instanceof String text)) {
      throw Wrong.request("text and text_args carry text, not " + Values.text(value));
    }
    return parameter.isEmpty()
        ? text
        : Values.parse(command.orElseThrow().name(), parameter.get(), text);
  }

  private static Object json(Optional<ParameterInfo> parameter, Object value) {
    return parameter.isEmpty() ? value : json(parameter.get().type(), value);
  }

  private static Object json(ValueType type, Object value) {
    return switch (type.kind()) {
      case BYTES -> value instanceof String text ? bytes(text) : value;
      case DOUBLE -> value instanceof String text ? number(text) : value;
      case ARRAY -> value instanceof List<?> list ? array(type, list) : value;
      case LIST ->
          value instanceof List<?> list
              ? list.stream().map(element -> json(type.element(), element)).toList()
              : value;
      case QUANTITY ->
          value instanceof Map<?, ?> map && map.keySet().equals(java.util.Set.of("value", "unit"))
              ? map.get("value") + " " + map.get("unit")
              : value;
      case VOID, BOOLEAN, INT, LONG, STRING, ENUM, RECORD, DURATION, INSTANT -> value;
    };
  }

  private static Object bytes(String text) {
    try {
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      return text;
    }
  }

  private static Object number(String text) {
    return switch (text) {
      case "NaN" -> Double.NaN;
      case "Infinity" -> Double.POSITIVE_INFINITY;
      case "-Infinity" -> Double.NEGATIVE_INFINITY;
      default -> text;
    };
  }

  /** Nested lists of equal lengths are an array with a shape. */
  private static Object array(ValueType type, List<?> list) {
    List<Integer> shape = new ArrayList<>();
    List<Object> flat = new ArrayList<>();
    for (Object level = list; level instanceof List<?> inner; ) {
      shape.add(inner.size());
      level = inner.isEmpty() ? null : inner.get(0);
    }
    flatten(list, shape, 0, flat);
    if (shape.size() == 1) {
      return flat;
    }
    Object data = ((NumericArray) Values.convert("array", type, flat)).toArray();
    return NumericArray.of(data, shape.stream().mapToInt(Integer::intValue).toArray());
  }

  private static void flatten(List<?> list, List<Integer> shape, int depth, List<Object> out) {
    if (depth == shape.size() || list.size() != shape.get(depth)) {
      throw Wrong.request("the rows of an array must have one length");
    }
    for (Object element : list) {
      if (element instanceof List<?> inner) {
        flatten(inner, shape, depth + 1, out);
      } else if (depth != shape.size() - 1) {
        throw Wrong.request("the rows of an array must have one length");
      } else {
        out.add(element instanceof String text ? number(text) : element);
      }
    }
  }
}
