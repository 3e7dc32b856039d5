// SPDX-License-Identifier: Apache-2.0
package consort.api.driver;

import consort.api.NumericArray;
import consort.api.Quantity;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a driver instance hands to its successor: dynamic values only, so that nothing of the old
 * version's code lives on in the new one.
 *
 * @param version the version of the form of the values, chosen by the driver; its successor may
 *     have to read older ones, and after a rollback newer ones
 * @param values Boolean, Integer, Long, Double, String, {@code byte[]} (not to be written to),
 *     {@link NumericArray}, Duration, Instant, {@link Quantity}, and lists and maps with text keys
 *     of these; at most {@link #LARGEST} bytes
 */
public record SavedState(int version, Map<String, Object> values) {

  /** The most bytes that the values may take, roughly counted: 1 MiB. */
  public static final int LARGEST = 1 << 20;

  private static final int DEEPEST = 16;

  /**
   * Checks and copies.
   *
   * @throws IllegalArgumentException for a value of another class, or when it is too large
   */
  public SavedState {
    Copy copy = new Copy();
    values = copy.map("", values, 0);
  }

  private static final class Copy {
    private long size;

    Map<String, Object> map(String where, Map<?, ?> map, int depth) {
      Map<String, Object> copied = new LinkedHashMap<>();
      map.forEach(
          (key, value) -> {
            if (!(key instanceof String name)) {
              throw new IllegalArgumentException("a key of the state is no text: " + key);
            }
            add(16 + name.length());
            copied.put(name, value(where + "/" + name, value, depth + 1));
          });
      return Collections.unmodifiableMap(copied);
    }

    private Object value(String where, Object value, int depth) {
      if (depth > DEEPEST) {
        throw new IllegalArgumentException("the state is nested too deeply at " + where);
      }
      if (value instanceof Map<?, ?> map) {
        return map(where, map, depth);
      }
      if (value instanceof List<?> list) {
        List<Object> copied = new ArrayList<>();
        for (Object element : list) {
          add(16);
          copied.add(value(where, element, depth + 1));
        }
        return Collections.unmodifiableList(copied);
      }
      if (value instanceof byte[] bytes) {
        add(bytes.length);
        return bytes.clone();
      }
      if (value instanceof String text) {
        add(text.getBytes(StandardCharsets.UTF_8).length);
        return text;
      }
      if (value instanceof NumericArray array) {
        add(8L * array.size());
        return array;
      }
      add(16);
      if (value == null
          || value instanceof Boolean
          || value instanceof Integer
          || value instanceof Long
          || value instanceof Double
          || value instanceof Duration
          || value instanceof Instant
          || value instanceof Quantity) {
        return value;
      }
      throw new IllegalArgumentException(
          where.substring(1) + " is a " + value.getClass().getSimpleName() + ", no dynamic value");
    }

    private void add(long bytes) {
      size += bytes;
      if (size > LARGEST) {
        throw new IllegalArgumentException("the state is larger than " + LARGEST + " bytes");
      }
    }
  }
}
