// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.NumericArray;
import consort.api.Quantity;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Dynamic values as the plain ones that a reply is made of. */
final class Plain {

  /** The most elements an array has in a reply; longer ones come as a summary. */
  static final int LONGEST_ARRAY = 10_000;

  /** The most bytes, or characters of a text, in a reply; longer ones come as a summary. */
  static final int LONGEST = 1 << 20;

  private static final int FIRST = 1000;

  private Plain() {}

  private static Object bytes(byte[] bytes) {
    return bytes.length <= LONGEST
        ? Base64.getEncoder().encodeToString(bytes)
        : map(
            "bytes",
            bytes.length,
            "first",
            Base64.getEncoder().encodeToString(Arrays.copyOf(bytes, FIRST)));
  }

  private static Object text(String text) {
    return text.length() <= LONGEST
        ? text
        : map("characters", text.length(), "first", text.substring(0, FIRST));
  }

  /** A text for people: of a long one the beginning, and how long it is. */
  static String cut(String text) {
    return text.length() <= LONGEST
        ? text
        : text.substring(0, FIRST) + "… (" + text.length() + " characters)";
  }

  static Object of(Object value) {
    if (value instanceof Double d) {
      return number(d);
    }
    if (value instanceof Float f) {
      return Float.isFinite(f) ? (Object) f : number(f.doubleValue());
    }
    if (value == null || value instanceof Boolean || value instanceof Number) {
      return value;
    }
    if (value instanceof String text) {
      return text(text);
    }
    if (value instanceof NumericArray array) {
      return array(array);
    }
    if (value instanceof byte[] bytes) {
      return bytes(bytes);
    }
    if (value instanceof Quantity q) {
      return map("value", number(q.value()), "unit", q.unit());
    }
    if (value instanceof List<?> list) {
      return list.size() <= LONGEST_ARRAY
          ? all(list)
          : map("elements", list.size(), "first", all(list.subList(0, 8)));
    }
    if (value instanceof Map<?, ?> fields) {
      Map<String, Object> out = new LinkedHashMap<>();
      fields.forEach((name, field) -> out.put(String.valueOf(name), of(field)));
      return out;
    }
    return value.toString(); // Duration and Instant: ISO 8601
  }

  private static List<Object> all(List<?> list) {
    List<Object> out = new ArrayList<>(list.size());
    list.forEach(element -> out.add(of(element)));
    return out;
  }

  /** JSON has no NaN and no infinity; they travel as text. */
  private static Object number(double value) {
    return Double.isFinite(value) ? (Object) value : Double.toString(value);
  }

  private static Object array(NumericArray array) {
    if (array.size() <= LONGEST_ARRAY) {
      return nested(array, array.shape(), new int[1]);
    }
    List<Object> first = new ArrayList<>();
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    double sum = 0;
    for (int i = 0; i < array.size(); i++) {
      double element = array.doubleAt(i);
      min = Math.min(min, element);
      max = Math.max(max, element);
      sum += element;
      if (i < 8) {
        first.add(of(array.at(i)));
      }
    }
    return map(
        "elements", array.size(),
        "shape", array.shape(),
        "element_type", array.type().component().getName(),
        "min", number(min),
        "max", number(max),
        "mean", number(sum / array.size()),
        "first", first);
  }

  private static List<Object> nested(NumericArray array, List<Integer> shape, int[] next) {
    List<Object> out = new ArrayList<>(shape.get(0));
    for (int i = 0; i < shape.get(0); i++) {
      out.add(
          shape.size() == 1
              ? of(array.at(next[0]++))
              : nested(array, shape.subList(1, shape.size()), next));
    }
    return out;
  }

  /** A map in the order written. */
  static Map<String, Object> map(Object... keysAndValues) {
    Map<String, Object> out = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      out.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return out;
  }
}
