// SPDX-License-Identifier: Apache-2.0
package consort.script;

import org.luaj.vm2.LuaError;
import org.luaj.vm2.LuaString;
import org.luaj.vm2.LuaValue;

/**
 * Matches a pattern of Lua 5.2 against a text. Every step counts against the budget of the script,
 * for a pattern can take time that grows exponentially with its text.
 */
final class Matcher {

  private static final int MOST_CAPTURES = 32;
  private static final int DEEPEST = 200;
  private static final int UNFINISHED = -1;
  private static final int POSITION = -2;
  private static final byte ESCAPE = '%';

  private final Budget budget;
  private final byte[] s;
  private final int s0;
  private final int sEnd;
  private final byte[] p;
  private final int pEnd;
  private final int[] starts = new int[MOST_CAPTURES];
  private final int[] lengths = new int[MOST_CAPTURES];
  private int captures;
  private int depth;

  Matcher(Budget budget, LuaString text, LuaString pattern) {
    this.budget = budget;
    this.s = text.m_bytes;
    this.s0 = text.m_offset;
    this.sEnd = text.m_offset + text.m_length;
    this.p = pattern.m_bytes;
    this.pEnd = pattern.m_offset + pattern.m_length;
  }

  /**
   * Matches the pattern from an offset on.
   *
   * @param from the offset into the text, from 0
   * @param patternAt where the pattern begins in its bytes
   * @return the offset behind the match, -1 when there is none
   */
  int match(int from, int patternAt) {
    captures = 0;
    depth = 0;
    int end = run(s0 + from, patternAt);
    return end < 0 ? -1 : end - s0;
  }

  int captures() {
    return captures;
  }

  /** What was matched. */
  LuaString whole(int from, int end) {
    return LuaString.valueOf(s, s0 + from, end - from);
  }

  /** A capture; the whole match where the pattern has none and {@code index} is 0. */
  LuaValue capture(int index, int from, int end) {
    if (index >= captures) {
      if (index != 0) {
        throw new LuaError("invalid capture index %" + (index + 1));
      }
      return whole(from, end);
    }
    int length = lengths[index];
    if (length == UNFINISHED) {
      throw new LuaError("unfinished capture");
    }
    return length == POSITION
        ? LuaValue.valueOf(starts[index] - s0 + 1)
        : LuaString.valueOf(s, starts[index], length);
  }

  private int run(int si, int pi) {
    if (++depth > DEEPEST) {
      throw new LuaError("pattern too complex");
    }
    try {
      int at = si;
      int pat = pi;
      while (pat < pEnd) {
        budget.step();
        switch (p[pat]) {
          case '(':
            return pat + 1 < pEnd && p[pat + 1] == ')'
                ? open(at, pat + 2, POSITION)
                : open(at, pat + 1, UNFINISHED);
          case ')':
            return close(at, pat + 1);
          case '$':
            if (pat + 1 == pEnd) {
              return at == sEnd ? at : -1;
            }
            break;
          case ESCAPE:
            if (pat + 1 < pEnd) {
              byte next = p[pat + 1];
              if (next == 'b') {
                at = balance(at, pat + 2);
                if (at < 0) {
                  return -1;
                }
                pat += 4;
                continue;
              }
              if (next == 'f') {
                pat += 2;
                if (pat >= pEnd || p[pat] != '[') {
                  throw new LuaError("missing '[' after '%f' in pattern");
                }
                int setEnd = classEnd(pat);
                int before = at == s0 ? 0 : s[at - 1] & 0xff;
                int here = at == sEnd ? 0 : s[at] & 0xff;
                if (inSet(before, pat, setEnd - 1) || !inSet(here, pat, setEnd - 1)) {
                  return -1;
                }
                pat = setEnd;
                continue;
              }
              if (isDigit(next & 0xff)) {
                at = back(at, next);
                if (at < 0) {
                  return -1;
                }
                pat += 2;
                continue;
              }
            }
            break;
          default:
            break;
        }
        int end = classEnd(pat);
        boolean here = at < sEnd && single(s[at] & 0xff, pat, end);
        byte suffix = end < pEnd ? p[end] : 0;
        switch (suffix) {
          case '?':
            if (here) {
              int result = run(at + 1, end + 1);
              if (result >= 0) {
                return result;
              }
            }
            pat = end + 1;
            continue;
          case '*':
            return most(at, pat, end);
          case '+':
            return here ? most(at + 1, pat, end) : -1;
          case '-':
            return least(at, pat, end);
          default:
            if (!here) {
              return -1;
            }
            at++;
            pat = end;
        }
      }
      return at;
    } finally {
      depth--;
    }
  }

  private int most(int si, int pi, int end) {
    int count = 0;
    while (si + count < sEnd && single(s[si + count] & 0xff, pi, end)) {
      budget.step();
      count++;
    }
    for (; count >= 0; count--) {
      budget.step();
      int result = run(si + count, end + 1);
      if (result >= 0) {
        return result;
      }
    }
    return -1;
  }

  private int least(int si, int pi, int end) {
    for (int at = si; ; at++) {
      budget.step();
      int result = run(at, end + 1);
      if (result >= 0) {
        return result;
      }
      if (at >= sEnd || !single(s[at] & 0xff, pi, end)) {
        return -1;
      }
    }
  }

  private int open(int si, int pi, int what) {
    if (captures >= MOST_CAPTURES) {
      throw new LuaError("too many captures");
    }
    starts[captures] = si;
    lengths[captures] = what;
    captures++;
    int result = run(si, pi);
    if (result < 0) {
      captures--;
    }
    return result;
  }

  private int close(int si, int pi) {
    int last = captures - 1;
    while (last >= 0 && lengths[last] != UNFINISHED) {
      last--;
    }
    if (last < 0) {
      throw new LuaError("invalid pattern capture");
    }
    lengths[last] = si - starts[last];
    int result = run(si, pi);
    if (result < 0) {
      lengths[last] = UNFINISHED;
    }
    return result;
  }

  private int balance(int si, int pi) {
    if (pi + 1 >= pEnd) {
      throw new LuaError("malformed pattern (missing arguments to '%b')");
    }
    if (si >= sEnd || s[si] != p[pi]) {
      return -1;
    }
    int nested = 1;
    for (int at = si + 1; at < sEnd; at++) {
      budget.step();
      if (s[at] == p[pi + 1]) {
        if (--nested == 0) {
          return at + 1;
        }
      } else if (s[at] == p[pi]) {
        nested++;
      }
    }
    return -1;
  }

  private int back(int si, byte digit) {
    int index = digit - '1';
    if (index < 0 || index >= captures || lengths[index] == UNFINISHED) {
      throw new LuaError("invalid capture index %" + (index + 1));
    }
    int length = Math.max(0, lengths[index]);
    for (int i = 0; i < length; i++) {
      budget.step();
      if (si + i >= sEnd || s[starts[index] + i] != s[si + i]) {
        return -1;
      }
    }
    return si + length;
  }

  private int classEnd(int pi) {
    int at = pi;
    byte first = p[at++];
    if (first == ESCAPE) {
      if (at >= pEnd) {
        throw new LuaError("malformed pattern (ends with '%')");
      }
      return at + 1;
    }
    if (first == '[') {
      if (at < pEnd && p[at] == '^') {
        at++;
      }
      do {
        if (at >= pEnd) {
          throw new LuaError("malformed pattern (missing ']')");
        }
        byte c = p[at++];
        if (c == ESCAPE && at < pEnd) {
          at++;
        }
      } while (at >= pEnd || p[at] != ']');
      return at + 1;
    }
    return at;
  }

  private boolean single(int c, int pi, int end) {
    return switch (p[pi]) {
      case '.' -> true;
      case ESCAPE -> isOf(c, p[pi + 1] & 0xff);
      case '[' -> inSet(c, pi, end - 1);
      default -> (p[pi] & 0xff) == c;
    };
  }

  /** Whether a byte is in the set that begins at {@code pi} and whose bracket closes at end. */
  private boolean inSet(int c, int pi, int end) {
    boolean wanted = true;
    int at = pi + 1;
    if (p[at] == '^') {
      wanted = false;
      at++;
    }
    for (; at < end; at++) {
      budget.step();
      if (p[at] == ESCAPE) {
        at++;
        if (isOf(c, p[at] & 0xff)) {
          return wanted;
        }
      } else if (at + 2 < end && p[at + 1] == '-') {
        if ((p[at] & 0xff) <= c && c <= (p[at + 2] & 0xff)) {
          return wanted;
        }
        at += 2;
      } else if ((p[at] & 0xff) == c) {
        return wanted;
      }
    }
    return !wanted;
  }

  private static boolean isOf(int c, int name) {
    boolean is;
    switch (name | 0x20) {
      case 'a' -> is = isLetter(c);
      case 'c' -> is = c < 32 || c == 127;
      case 'd' -> is = isDigit(c);
      case 'g' -> is = c > 32 && c < 127;
      case 'l' -> is = c >= 'a' && c <= 'z';
      case 'p' -> is = c > 32 && c < 127 && !isLetter(c) && !isDigit(c);
      case 's' -> is = c == ' ' || (c >= 9 && c <= 13);
      case 'u' -> is = c >= 'A' && c <= 'Z';
      case 'w' -> is = isLetter(c) || isDigit(c);
      case 'x' -> is = isDigit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
      default -> {
        return name == c;
      }
    }
    if (!isLetter(name)) {
      return name == c;
    }
    return name >= 'a' ? is : !is;
  }

  private static boolean isLetter(int c) {
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && c < 128;
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }
}
