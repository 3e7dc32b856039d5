// SPDX-License-Identifier: Apache-2.0
package consort.script;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;
import org.luaj.vm2.Buffer;
import org.luaj.vm2.LuaError;
import org.luaj.vm2.LuaString;
import org.luaj.vm2.LuaValue;
import org.luaj.vm2.Varargs;

/**
 * {@code string.format} as C has it. The engine's own ignores precision in places, and writes
 * numbers as the language of the computer does.
 */
final class Format {

  private final Budget budget;

  Format(Budget budget) {
    this.budget = budget;
  }

  /** One conversion: {@code %-8.3f}. */
  private record Spec(
      boolean left,
      boolean plus,
      boolean blank,
      boolean alternate,
      boolean zero,
      int width,
      int precision,
      char kind) {

    String pad(String text) {
      if (text.length() >= width) {
        return text;
      }
      String fill = " ".repeat(width - text.length());
      return left ? text + fill : fill + text;
    }

    /** A number with its sign, padded. */
    String number(boolean negative, String digits) {
      String sign = negative ? "-" : plus ? "+" : blank ? " " : "";
      String fill =
          zero && !left ? "0".repeat(Math.max(0, width - sign.length() - digits.length())) : "";
      return pad(sign + fill + digits);
    }
  }

  LuaValue format(Varargs args) {
    LuaString format = args.checkstring(1);
    Buffer out = new Buffer(format.length());
    int next = 1;
    long length = 0;
    for (int i = 0; i < format.m_length; i++) {
      budget.step();
      byte c = format.m_bytes[format.m_offset + i];
      if (c != '%') {
        out.append(c);
        length++;
        continue;
      }
      if (++i >= format.m_length) {
        throw new LuaError("invalid option '%' to 'format'");
      }
      if (format.m_bytes[format.m_offset + i] == '%') {
        out.append((byte) '%');
        length++;
        continue;
      }
      int begin = i;
      while (i < format.m_length
          && "-+ #0123456789.".indexOf(format.m_bytes[format.m_offset + i]) >= 0) {
        i++;
      }
      Spec spec = spec(format, begin, i);
      LuaString piece = piece(spec, args, ++next);
      length += piece.m_length;
      budget.length(length + format.m_length - i);
      out.append(piece);
    }
    return out.tostring();
  }

  private static Spec spec(LuaString format, int begin, int end) {
    String text = format.substring(begin, end).tojstring();
    int i = 0;
    while (i < text.length() && "-+ #0".indexOf(text.charAt(i)) >= 0) {
      i++;
    }
    String flags = text.substring(0, i);
    for (int k = i; k < text.length(); k++) {
      if ("-+ #".indexOf(text.charAt(k)) >= 0) {
        throw new LuaError(
            "invalid option '%"
                + text
                + (end < format.m_length ? format.substring(end, end + 1).tojstring() : "")
                + "' to 'format': '"
                + text.charAt(k)
                + "' has no place after the width or the point");
      }
    }
    String[] sizes = text.substring(i).split("\\.", -1);
    if (end >= format.m_length
        || flags.length() > 5
        || sizes.length > 2
        || sizes[0].length() > 2
        || (sizes.length == 2 && sizes[1].length() > 2)) {
      throw new LuaError("invalid format '%" + text + "': a width or precision has two digits");
    }
    return new Spec(
        flags.contains("-"),
        flags.contains("+"),
        flags.contains(" "),
        flags.contains("#"),
        flags.contains("0"),
        sizes[0].isEmpty() ? 0 : Integer.parseInt(sizes[0]),
        sizes.length == 1 ? -1 : sizes[1].isEmpty() ? 0 : Integer.parseInt(sizes[1]),
        (char) (format.m_bytes[format.m_offset + end] & 0xff));
  }

  private LuaString piece(Spec spec, Varargs args, int index) {
    return switch (spec.kind) {
      case 'c' -> LuaString.valueOf(new byte[] {(byte) args.checkint(index)});
      case 'd', 'i' -> text(integer(spec, whole(args, index)));
      case 'u' -> text(spec.number(false, Long.toUnsignedString(whole(args, index))));
      case 'o' -> text(spec.number(false, Long.toOctalString(whole(args, index))));
      case 'x' -> text(hex(spec, whole(args, index)));
      case 'X' -> text(hex(spec, whole(args, index)).toUpperCase(Locale.ROOT));
      case 'e', 'f', 'g' -> text(real(spec, args.checkdouble(index)));
      case 'E', 'F', 'G' -> text(real(spec, args.checkdouble(index)).toUpperCase(Locale.ROOT));
      case 'q' -> quoted(args.checkstring(index));
      case 's' -> string(spec, args.checkvalue(index));
      default -> throw new LuaError("invalid option '%" + spec.kind + "' to 'format'");
    };
  }

  private static LuaString text(String text) {
    return LuaString.valueOf(text);
  }

  private static long whole(Varargs args, int index) {
    double number = args.checkdouble(index);
    if (number != Math.rint(number) || Math.abs(number) > 0x1p63) {
      throw new LuaError(
          "bad argument #" + index + " to 'format' (" + number + " is not a whole number)");
    }
    return (long) number;
  }

  private static String integer(Spec spec, long number) {
    String digits = Long.toString(number).replace("-", "");
    if (spec.precision > digits.length()) {
      digits = "0".repeat(spec.precision - digits.length()) + digits;
    }
    return spec.number(number < 0, digits);
  }

  private static String hex(Spec spec, long number) {
    String digits = Long.toHexString(number);
    if (spec.precision > digits.length()) {
      digits = "0".repeat(spec.precision - digits.length()) + digits;
    }
    return spec.number(false, spec.alternate ? "0x" + digits : digits);
  }

  private static String real(Spec spec, double number) {
    boolean negative = number < 0 || (number == 0 && 1 / number < 0);
    if (!Double.isFinite(number)) {
      return spec.pad((negative ? "-" : spec.plus ? "+" : "") + (number != number ? "nan" : "inf"));
    }
    double size = Math.abs(number);
    int precision = spec.precision < 0 ? 6 : spec.precision;
    String digits =
        switch (Character.toLowerCase(spec.kind)) {
          case 'f' -> fixed(size, precision);
          case 'e' -> exponent(size, precision);
          default -> general(size, Math.max(1, precision), spec.alternate);
        };
    return spec.number(negative, digits);
  }

  private static String fixed(double number, int precision) {
    return new BigDecimal(number).setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
  }

  private static String exponent(double number, int precision) {
    BigDecimal rounded =
        new BigDecimal(number).round(new MathContext(precision + 1, RoundingMode.HALF_EVEN));
    int exponent = rounded.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
    String digits =
        rounded.signum() == 0
            ? fixed(0, precision)
            : rounded.movePointLeft(exponent).setScale(precision).toPlainString();
    return digits
        + "e"
        + (exponent < 0 ? "-" : "+")
        + (Math.abs(exponent) < 10 ? "0" : "")
        + Math.abs(exponent);
  }

  private static String general(double number, int precision, boolean keep) {
    BigDecimal rounded =
        new BigDecimal(number).round(new MathContext(precision, RoundingMode.HALF_EVEN));
    int exponent = rounded.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
    boolean scientific = exponent < -4 || exponent >= precision;
    String text =
        scientific ? exponent(number, precision - 1) : fixed(number, precision - 1 - exponent);
    if (keep || text.indexOf('.') < 0) {
      return text;
    }
    int e = text.indexOf('e');
    String mantissa = e < 0 ? text : text.substring(0, e);
    mantissa = mantissa.replaceAll("0+$", "").replaceAll("\\.$", "");
    return e < 0 ? mantissa : mantissa + text.substring(e);
  }

  private static LuaString string(Spec spec, LuaValue value) {
    LuaString text = Sandbox.text(value);
    if (spec.precision >= 0 && spec.precision < text.m_length) {
      text = text.substring(0, spec.precision);
    }
    if (text.m_length >= spec.width) {
      return text;
    }
    LuaString fill = LuaString.valueOf(" ".repeat(spec.width - text.m_length));
    Buffer out = new Buffer(spec.width);
    out.append(spec.left ? text : fill);
    out.append(spec.left ? fill : text);
    return out.tostring();
  }

  private LuaString quoted(LuaString text) {
    budget.length(2L * text.m_length + 2);
    Buffer out = new Buffer(text.m_length + 2);
    out.append((byte) '"');
    for (int i = 0; i < text.m_length; i++) {
      budget.step();
      byte c = text.m_bytes[text.m_offset + i];
      switch (c) {
        case '"', '\\', '\n' -> {
          out.append((byte) '\\');
          out.append(c);
        }
        case '\r' -> out.append("\\r");
        case 0 -> out.append("\\0");
        default -> out.append(c);
      }
    }
    out.append((byte) '"');
    return out.tostring();
  }
}
