// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import java.util.List;
import java.util.Map;

/** The values of a message by position, of the type that belongs there. */
record Fields(String what, List<?> values) {

  /** Reads a message of at least so many values. */
  static Fields read(String what, byte[] payload, int count) throws Malformed {
    return new Fields(what, CborIn.message(payload, 0, payload.length, count));
  }

  /** A value that is an array of at least so many values. */
  Fields inner(String name, int index, int count) throws Malformed {
    return of(name, values.get(index), count);
  }

  static Fields of(String name, Object value, int count) throws Malformed {
    if (value instanceof List<?> list && list.size() >= count) {
      return new Fields(name, list);
    }
    throw new Malformed(name + " is no list of " + count + " values");
  }

  Object any(int index) {
    return values.get(index);
  }

  String text(int index) throws Malformed {
    return get(index, String.class);
  }

  boolean flag(int index) throws Malformed {
    return get(index, Boolean.class);
  }

  long number(int index) throws Malformed {
    return get(index, Long.class);
  }

  int count(int index) throws Malformed {
    long number = number(index);
    if (number < 0 || number > Integer.MAX_VALUE) {
      throw new Malformed(what + ": the value " + index + " is no count");
    }
    return (int) number;
  }

  double real(int index) throws Malformed {
    return get(index, Double.class);
  }

  List<?> list(int index) throws Malformed {
    return get(index, List.class);
  }

  /** A list of text. */
  List<String> texts(int index) throws Malformed {
    for (Object value : list(index)) {
      if (!(value instanceof String)) {
        throw new Malformed(what + ": the value " + index + " is no list of text");
      }
    }
    return list(index).stream().map(String.class::cast).toList();
  }

  @SuppressWarnings("unchecked") // CborIn makes no other maps
  Map<String, Object> map(int index) throws Malformed {
    return get(index, Map.class);
  }

  <T> T orNull(int index, Class<T> type) throws Malformed {
    return values.get(index) == null ? null : get(index, type);
  }

  /** A constant of an enum by its name. */
  <E extends Enum<E>> E constant(int index, Class<E> type) throws Malformed {
    try {
      return Enum.valueOf(type, text(index));
    } catch (IllegalArgumentException e) {
      throw new Malformed(what + ": '" + text(index) + "' is not known here", e);
    }
  }

  private <T> T get(int index, Class<T> type) throws Malformed {
    Object value = values.get(index);
    if (!type.isInstance(value)) {
      throw new Malformed(
          what
              + ": the value "
              + index
              + " is no "
              + type.getSimpleName().toLowerCase(java.util.Locale.ROOT));
    }
    return type.cast(value);
  }
}
