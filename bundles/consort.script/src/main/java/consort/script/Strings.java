// SPDX-License-Identifier: Apache-2.0
package consort.script;

import org.luaj.vm2.Buffer;
import org.luaj.vm2.Globals;
import org.luaj.vm2.LuaError;
import org.luaj.vm2.LuaString;
import org.luaj.vm2.LuaTable;
import org.luaj.vm2.LuaValue;
import org.luaj.vm2.Varargs;
import org.luaj.vm2.lib.StringLib;

/**
 * The string library within a budget: what could take long, or make a string too long, is made
 * anew; the rest is the engine's.
 */
final class Strings {

  private final Budget budget;

  private Strings(Budget budget) {
    this.budget = budget;
  }

  static LuaTable library(Globals globals, Budget budget) {
    new StringLib().call(LuaValue.NIL, globals);
    LuaTable table = globals.get("string").checktable();
    Strings made = new Strings(budget);
    Format format = new Format(budget);
    table.set("dump", LuaValue.NIL);
    table.set("find", Fn.of(args -> made.find(args, true)));
    table.set("match", Fn.of(args -> made.find(args, false)));
    table.set("gmatch", Fn.of(made::gmatch));
    table.set("gsub", Fn.of(made::gsub));
    table.set("rep", Fn.of(made::rep));
    table.set("format", Fn.of(format::format));
    LuaValue bytes = table.get("byte");
    table.set(
        "byte",
        Fn.of(
            args -> {
              int first = args.optint(2, 1);
              int length = args.checkstring(1).m_length;
              long most = (long) position(args.optint(3, first), length) - position(first, length);
              if (Math.min(most, length) >= Budget.MOST_VALUES) {
                throw new LuaError("string slice too long: at most " + Budget.MOST_VALUES);
              }
              return bytes.invoke(args);
            }));
    return table;
  }

  private static int position(int at, int length) {
    return at >= 0 ? at : length + at + 1;
  }

  private Varargs rep(Varargs args) {
    LuaString text = args.checkstring(1);
    long times = Math.max(0, args.checkint(2));
    LuaString between = args.optstring(3, LuaValue.EMPTYSTRING);
    if (times == 0) {
      return LuaValue.EMPTYSTRING;
    }
    long length = times * text.m_length + (times - 1) * between.m_length;
    budget.length(length);
    byte[] out = new byte[(int) length];
    int at = 0;
    for (long i = 0; i < times && length > 0; i++) {
      budget.step();
      System.arraycopy(text.m_bytes, text.m_offset, out, at, text.m_length);
      at += text.m_length;
      if (i + 1 < times) {
        System.arraycopy(between.m_bytes, between.m_offset, out, at, between.m_length);
        at += between.m_length;
      }
    }
    return LuaString.valueUsing(out);
  }

  private Varargs find(Varargs args, boolean positions) {
    LuaString text = args.checkstring(1);
    LuaString pattern = args.checkstring(2);
    int from = position(args.optint(3, 1), text.m_length);
    from = Math.max(1, from);
    if (from > text.m_length + 1) {
      return LuaValue.NIL;
    }
    if (positions && (args.arg(4).toboolean() || isPlain(pattern))) {
      int at = plain(text, pattern, from - 1);
      return at < 0
          ? LuaValue.NIL
          : LuaValue.varargsOf(LuaValue.valueOf(at + 1), LuaValue.valueOf(at + pattern.m_length));
    }
    boolean anchored = isAnchored(pattern);
    Matcher matcher = new Matcher(budget, text, pattern);
    int begin = pattern.m_offset + (anchored ? 1 : 0);
    for (int at = from - 1; at <= text.m_length; at++) {
      int end = matcher.match(at, begin);
      if (end >= 0) {
        if (!positions) {
          return captures(matcher, true, at, end);
        }
        return LuaValue.varargsOf(
            LuaValue.valueOf(at + 1), LuaValue.valueOf(end), captures(matcher, false, at, end));
      }
      if (anchored) {
        break;
      }
    }
    return LuaValue.NIL;
  }

  private static boolean isAnchored(LuaString pattern) {
    return pattern.m_length > 0 && pattern.m_bytes[pattern.m_offset] == '^';
  }

  private static boolean isPlain(LuaString pattern) {
    for (int i = 0; i < pattern.m_length; i++) {
      if ("^$*+?.([%-".indexOf(pattern.m_bytes[pattern.m_offset + i]) >= 0) {
        return false;
      }
    }
    return true;
  }

  private int plain(LuaString text, LuaString wanted, int from) {
    for (int at = from; at + wanted.m_length <= text.m_length; at++) {
      int same = 0;
      budget.step();
      while (same < wanted.m_length
          && text.m_bytes[text.m_offset + at + same] == wanted.m_bytes[wanted.m_offset + same]) {
        budget.step();
        same++;
      }
      if (same == wanted.m_length) {
        return at;
      }
    }
    return -1;
  }

  private static Varargs captures(Matcher matcher, boolean whole, int from, int end) {
    int count = matcher.captures() == 0 && whole ? 1 : matcher.captures();
    LuaValue[] values = new LuaValue[count];
    for (int i = 0; i < count; i++) {
      values[i] = matcher.capture(i, from, end);
    }
    return LuaValue.varargsOf(values);
  }

  private Varargs gmatch(Varargs args) {
    LuaString text = args.checkstring(1);
    LuaString pattern = args.checkstring(2);
    int[] next = {0};
    return Fn.of(
        none -> {
          Matcher matcher = new Matcher(budget, text, pattern);
          for (int at = next[0]; at <= text.m_length; at++) {
            int end = matcher.match(at, pattern.m_offset);
            if (end >= 0) {
              next[0] = end == at ? end + 1 : end;
              return captures(matcher, true, at, end);
            }
          }
          next[0] = text.m_length + 1;
          return LuaValue.NIL;
        });
  }

  private Varargs gsub(Varargs args) {
    LuaString text = args.checkstring(1);
    LuaString pattern = args.checkstring(2);
    LuaValue replacement = args.checkvalue(3);
    int most = args.optint(4, text.m_length + 1);
    if (!replacement.isstring() && !replacement.istable() && !replacement.isfunction()) {
      throw new LuaError("bad argument #3 to 'gsub' (string, function or table expected)");
    }
    boolean anchored = isAnchored(pattern);
    Matcher matcher = new Matcher(budget, text, pattern);
    Buffer out = new Buffer(text.m_length);
    long length = 0;
    int at = 0;
    int count = 0;
    while (count < most) {
      int end = matcher.match(at, pattern.m_offset + (anchored ? 1 : 0));
      if (end >= 0) {
        count++;
        LuaString made = replaced(matcher, replacement, at, end);
        length += made.m_length;
        budget.length(length + text.m_length - at);
        out.append(made);
      }
      if (end > at) {
        at = end;
      } else if (at < text.m_length) {
        out.append(text.m_bytes[text.m_offset + at++]);
        length++;
      } else {
        break;
      }
      if (anchored) {
        break;
      }
    }
    out.append(text.substring(Math.min(at, text.m_length), text.m_length));
    return LuaValue.varargsOf(out.tostring(), LuaValue.valueOf(count));
  }

  private LuaString replaced(Matcher matcher, LuaValue replacement, int from, int end) {
    LuaValue value;
    if (replacement.isstring()) {
      return expanded(matcher, replacement.checkstring(), from, end);
    } else if (replacement.istable()) {
      value = replacement.get(matcher.capture(0, from, end));
    } else {
      value = replacement.invoke(captures(matcher, true, from, end)).arg1();
    }
    if (!value.toboolean()) {
      return matcher.whole(from, end);
    }
    if (!value.isstring()) {
      throw new LuaError("invalid replacement value (a " + value.typename() + ")");
    }
    return value.checkstring();
  }

  private LuaString expanded(Matcher matcher, LuaString replacement, int from, int end) {
    Buffer out = new Buffer(replacement.m_length);
    long length = 0;
    for (int i = 0; i < replacement.m_length; i++) {
      budget.step();
      byte c = replacement.m_bytes[replacement.m_offset + i];
      if (c != '%') {
        out.append(c);
        length++;
        continue;
      }
      byte next = ++i < replacement.m_length ? replacement.m_bytes[replacement.m_offset + i] : 0;
      if (next < '0' || next > '9') {
        if (next != '%') {
          throw new LuaError("invalid use of '%' in replacement string");
        }
        out.append(next);
        length++;
      } else {
        LuaString piece =
            next == '0'
                ? matcher.whole(from, end)
                : matcher.capture(next - '1', from, end).checkstring();
        length += piece.m_length;
        budget.length(length);
        out.append(piece);
      }
    }
    return out.tostring();
  }
}
