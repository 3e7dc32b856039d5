// SPDX-License-Identifier: Apache-2.0
package consort.script;

import java.util.Arrays;
import org.luaj.vm2.Globals;
import org.luaj.vm2.Lua;
import org.luaj.vm2.LuaClosure;
import org.luaj.vm2.LuaError;
import org.luaj.vm2.LuaFunction;
import org.luaj.vm2.LuaValue;
import org.luaj.vm2.Prototype;
import org.luaj.vm2.Varargs;
import org.luaj.vm2.lib.DebugLib;

/**
 * Sees every instruction before it is carried out: counts it, refuses a {@code ..} that would make
 * too long a string, and knows where the script is. It is not reachable from the script.
 */
final class Hook extends DebugLib {

  private final Globals globals;
  private final Budget budget;
  private String endedAt = "";

  Hook(Globals globals, Budget budget) {
    this.globals = globals;
    this.budget = budget;
  }

  /** The functions that a coroutine is in. */
  private static final class Frames {
    private Prototype[] functions = new Prototype[16];
    private LuaValue[][] stacks = new LuaValue[16][];
    private int[] positions = new int[16];
    private int depth;

    void push(Prototype function, LuaValue[] stack) {
      if (depth == functions.length) {
        functions = Arrays.copyOf(functions, depth * 2);
        stacks = Arrays.copyOf(stacks, depth * 2);
        positions = Arrays.copyOf(positions, depth * 2);
      }
      functions[depth] = function;
      stacks[depth] = stack;
      positions[depth++] = 0;
    }

    void cut(int to) {
      while (depth > to) {
        depth--;
        functions[depth] = null;
        stacks[depth] = null;
      }
    }
  }

  private Frames frames() {
    Frames frames = (Frames) globals.running.callstack;
    if (frames == null) {
      frames = new Frames();
      globals.running.callstack = frames;
    }
    return frames;
  }

  @Override
  public void onCall(LuaFunction function) {
    // the engine calls this for functions that we have replaced
  }

  @Override
  public void onCall(LuaClosure function, Varargs arguments, LuaValue[] stack) {
    Frames frames = frames();
    if (frames.depth >= Budget.DEEPEST) {
      throw new LuaError("stack overflow: functions call each other deeper than " + Budget.DEEPEST);
    }
    frames.push(function.p, stack);
  }

  @Override
  public void onInstruction(int position, Varargs values, int top) {
    Frames frames = (Frames) globals.running.callstack;
    int at = frames.depth - 1;
    frames.positions[at] = position;
    try {
      budget.step();
    } catch (Stop stop) {
      if (endedAt.isEmpty()) {
        endedAt = where(1);
      }
      throw stop;
    }
    int code = frames.functions[at].code[position];
    if ((code & 0x3f) == Lua.OP_CONCAT) {
      concat(frames.stacks[at], code >>> 23, (code >> 14) & 0x1ff);
    }
  }

  private void concat(LuaValue[] stack, int from, int to) {
    long length = 0;
    for (int i = from; i <= to; i++) {
      length +=
          stack[i].isstring() ? stack[i].type() == LuaValue.TSTRING ? stack[i].rawlen() : 32 : 0;
    }
    budget.length(length);
  }

  @Override
  public void onReturn() {
    Frames frames = frames();
    frames.cut(Math.max(0, frames.depth - 1));
  }

  /** Where the script was when it was ended; empty when it was not, or not at an instruction. */
  String endedAt() {
    return endedAt;
  }

  /** How deep the running coroutine is. */
  int depth() {
    return frames().depth;
  }

  /** Forgets what an error has left. */
  void unwind(int depth) {
    frames().cut(depth);
  }

  @Override
  public String traceback(int level) {
    return "";
  }

  /**
   * Where the script is: {@code file:line}.
   *
   * @param level 1 for the innermost function, 2 for the one that called it …
   * @return empty when there is no such function
   */
  String where(int level) {
    Frames frames = frames();
    int at = frames.depth - level;
    if (level < 1 || at < 0) {
      return "";
    }
    Prototype function = frames.functions[at];
    int position = frames.positions[at];
    int[] lines = function.lineinfo;
    String line = lines != null && position < lines.length ? String.valueOf(lines[position]) : "?";
    return function.source.tojstring() + ":" + line;
  }
}
