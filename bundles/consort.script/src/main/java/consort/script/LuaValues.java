// SPDX-License-Identifier: Apache-2.0
package consort.script;

import consort.api.NumericArray;
import consort.api.Quantity;
import consort.api.Values;
import consort.api.script.Buffer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.luaj.vm2.LuaError;
import org.luaj.vm2.LuaString;
import org.luaj.vm2.LuaTable;
import org.luaj.vm2.LuaValue;
import org.luaj.vm2.Varargs;

/** Values of Lua and of instruments, one as the other. */
final class LuaValues {

  /** The most elements an array has as a table, or in the results; longer ones become buffers. */
  static final int LONGEST_ARRAY = 1000;

  private static final int DEEPEST = 8;
  private static final int MOST_ELEMENTS = 1_000_000;

  private LuaValues() {}

  /**
   * A value of Lua as an argument: boolean, Integer, Double, text (bytes where it is no UTF-8),
   * list or map.
   *
   * @param where what messages begin with
   */
  static Object toJava(String where, LuaValue value) {
    return toJava(where, value, 0);
  }

  private static Object toJava(String where, LuaValue value, int depth) {
    switch (value.type()) {
      case LuaValue.TNIL, LuaValue.TNONE:
        return null;
      case LuaValue.TBOOLEAN:
        return value.toboolean();
      case LuaValue.TINT:
        return value.toint();
      case LuaValue.TNUMBER:
        return value.isinttype() ? (Object) value.toint() : value.todouble();
      case LuaValue.TSTRING:
        return text(value.checkstring());
      case LuaValue.TTABLE:
        if (depth >= DEEPEST) {
          throw new LuaError(where + ": tables in tables, more than " + DEEPEST + " deep");
        }
        LuaTable table = value.checktable();
        return isList(table) ? list(where, table, depth) : map(where, table, depth);
      default:
        throw new LuaError(where + ": a " + value.typename() + " cannot be sent to an instrument");
    }
  }

  /** Whether a table has elements from 1 on, and nothing else. */
  static boolean isList(LuaTable table) {
    int length = table.rawlen();
    return length > 0 && table.keyCount() == length;
  }

  private static List<Object> list(String where, LuaTable table, int depth) {
    int length = table.rawlen();
    if (length > MOST_ELEMENTS) {
      throw new LuaError(where + ": a table with more than " + MOST_ELEMENTS + " elements");
    }
    List<Object> list = new ArrayList<>(length);
    for (int i = 1; i <= length; i++) {
      list.add(toJava(where + "[" + i + "]", table.rawget(i), depth + 1));
    }
    return list;
  }

  /** The entries of a table with text keys. */
  static Map<String, Object> map(String where, LuaTable table, int depth) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (Varargs entry = table.next(LuaValue.NIL);
        !entry.isnil(1);
        entry = table.next(entry.arg1())) {
      if (entry.arg1().type() != LuaValue.TSTRING) {
        throw new LuaError(where + ": the key " + entry.arg1().tojstring() + " is no name");
      }
      if (map.size() >= MOST_ELEMENTS) {
        throw new LuaError(where + ": a table with more than " + MOST_ELEMENTS + " elements");
      }
      String name = entry.arg1().tojstring();
      map.put(name, toJava(where + " " + name, entry.arg(2), depth + 1));
    }
    return map;
  }

  /** The keys of a table that has text as keys only. */
  static Set<String> keys(String where, LuaTable table) {
    Set<String> keys = new LinkedHashSet<>();
    for (Varargs entry = table.next(LuaValue.NIL);
        !entry.isnil(1);
        entry = table.next(entry.arg1())) {
      if (entry.arg1().type() != LuaValue.TSTRING) {
        throw new LuaError(where + "the key " + entry.arg1().tojstring() + " is no name");
      }
      keys.add(entry.arg1().tojstring());
    }
    return keys;
  }

  private static Object text(LuaString string) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(string.m_bytes, string.m_offset, string.m_length))
          .toString();
    } catch (CharacterCodingException e) {
      byte[] bytes = new byte[string.m_length];
      string.copyInto(0, bytes, 0, bytes.length);
      return bytes;
    }
  }

  /** What a call gave, as a value of Lua; nil for nothing and for long arrays. */
  static LuaValue toLua(Object value) {
    if (value == null) {
      return LuaValue.NIL;
    }
    if (value instanceof Boolean b) {
      return LuaValue.valueOf(b);
    }
    if (value instanceof Long l) {
      return l == l.intValue() ? LuaValue.valueOf(l.intValue()) : LuaValue.valueOf((double) l);
    }
    if (value instanceof Integer i) {
      return LuaValue.valueOf(i);
    }
    if (value instanceof Number n) {
      return LuaValue.valueOf(n.doubleValue());
    }
    if (value instanceof NumericArray array) {
      if (array.size() > LONGEST_ARRAY) {
        return LuaValue.NIL;
      }
      LuaTable table = new LuaTable(array.size(), 0);
      for (int i = 0; i < array.size(); i++) {
        table.rawset(i + 1, LuaValue.valueOf(array.doubleAt(i)));
      }
      return table;
    }
    if (value instanceof byte[] bytes) {
      return LuaString.valueOf(bytes.clone());
    }
    if (value instanceof List<?> list) {
      LuaTable table = new LuaTable(list.size(), 0);
      for (int i = 0; i < list.size(); i++) {
        table.rawset(i + 1, toLua(list.get(i)));
      }
      return table;
    }
    if (value instanceof Map<?, ?> map) {
      LuaTable table = new LuaTable();
      map.forEach((key, element) -> table.rawset(String.valueOf(key), toLua(element)));
      return table;
    }
    if (value instanceof Duration duration) {
      return LuaValue.valueOf(duration.toNanos() / 1e9);
    }
    if (value instanceof Quantity quantity) {
      LuaTable table = new LuaTable();
      table.rawset("value", LuaValue.valueOf(quantity.value()));
      table.rawset("unit", LuaValue.valueOf(quantity.unit()));
      return table;
    }
    return LuaValue.valueOf(value.toString());
  }

  /** An argument as the results have it: a number, text, boolean or list of numbers. */
  static Object plain(Object value) {
    if (value instanceof Double d && !Double.isFinite(d)) {
      return Double.toString(d); // JSON has no such number
    }
    if (value instanceof Float f) {
      return plain((double) f);
    }
    if (value instanceof Number || value instanceof Boolean || value instanceof String) {
      return value;
    }
    if (value instanceof List<?> list && list.stream().allMatch(Number.class::isInstance)) {
      return list.stream().map(LuaValues::plain).toList();
    }
    if (value instanceof NumericArray array) {
      List<Object> list = new ArrayList<>(array.size());
      for (int i = 0; i < array.size(); i++) {
        list.add(plain(array.at(i)));
      }
      return list;
    }
    return Values.text(value);
  }

  /** A long array: its elements one by one, or some of them as a table. */
  static LuaTable handle(Buffer buffer) {
    LuaTable handle = new LuaTable();
    handle.set("id", buffer.id());
    handle.set("element_count", buffer.data().size());
    handle.set("data_type", buffer.dataType());
    handle.set("get", Fn.of(args -> element(buffer, args.checkint(2))));
    handle.set(
        "values",
        Fn.of(
            args -> {
              int from = args.optint(2, 1);
              int count = args.optint(3, Budget.MOST_VALUES);
              int end = (int) Math.min(buffer.data().size(), (long) from - 1 + count);
              if (from < 1 || count < 0 || (long) end - from >= Budget.MOST_VALUES) {
                throw new LuaError("at most " + Budget.MOST_VALUES + " elements, from 1 on");
              }
              LuaTable values = new LuaTable(Math.max(0, end - from + 1), 0);
              for (int i = from; i <= end; i++) {
                values.rawset(i - from + 1, element(buffer, i));
              }
              return values;
            }));
    return handle;
  }

  private static LuaValue element(Buffer buffer, int index) {
    if (index < 1 || index > buffer.data().size()) {
      return LuaValue.NIL;
    }
    double value = buffer.data().doubleAt(index - 1);
    return LuaValue.valueOf(buffer.dataType().equals("uint8") && value < 0 ? value + 256 : value);
  }
}
