// SPDX-License-Identifier: Apache-2.0
package consort.script;

import java.io.ByteArrayInputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.luaj.vm2.Buffer;
import org.luaj.vm2.Globals;
import org.luaj.vm2.LuaError;
import org.luaj.vm2.LuaString;
import org.luaj.vm2.LuaTable;
import org.luaj.vm2.LuaThread;
import org.luaj.vm2.LuaValue;
import org.luaj.vm2.Varargs;
import org.luaj.vm2.compiler.LuaC;
import org.luaj.vm2.lib.BaseLib;
import org.luaj.vm2.lib.Bit32Lib;
import org.luaj.vm2.lib.CoroutineLib;
import org.luaj.vm2.lib.OsLib;
import org.luaj.vm2.lib.TableLib;
import org.luaj.vm2.lib.jse.JseMathLib;

/**
 * The world of one script: Lua 5.2 without files, processes, classes and everything else that
 * reaches out of it. Libraries are loaded one by one, and what could run away is made anew.
 */
final class Sandbox {

  /** How LuaJ's compiler names a token: its number, and the character of that number. */
  private static final Pattern TOKEN =
      Pattern.compile("unexpected symbol (\\d{1,5}) \\(.{1,2}\\)", Pattern.DOTALL);

  private static final int FIRST_WORD = 257;

  /** LuaJ's tokens that are no characters, from {@link #FIRST_WORD}; {@code LexState} has them. */
  private static final List<String> WORDS =
      List.of(
          ("and break do else elseif end false for function goto if in local nil not or repeat"
                  + " return then true until while .. ... == >= <= ~= :: <eof> <number> <name>"
                  + " <string> <eof>")
              .split(" "));

  /** What a script asks of who runs it. */
  interface World {

    /** Takes what the script prints. */
    void print(String text);

    /** Waits; less when the script is ended. */
    void pause(double seconds);

    /** The text of a library, or null when there is none of that name. */
    Source library(String name);
  }

  /** A file of Lua and what messages call it. */
  record Source(String name, byte[] text) {}

  private static final List<String> VARIABLES = List.of("USER", "LANG", "TZ", "HOSTNAME");
  private static final Pattern SLEEP =
      Pattern.compile("\\s*sleep\\s+([0-9]{0,8}\\.?[0-9]{1,6})\\s*");

  /** What {@code package.path} may add: folders below those where libraries are. */
  private static final Pattern FOLDERS =
      Pattern.compile("(?:\\./)?((?:[A-Za-z0-9_-]{1,100}/){1,8})\\?\\.lua");

  private static final int LONGEST_PATH = 1000;

  private static final Pattern COMPILING =
      Pattern.compile("\\[string \"([^\"]*)\"\\](:.*?)\\s*", Pattern.DOTALL);
  private static final Pattern PLACE = Pattern.compile("(.*?:(?:\\d+|\\?)) (.*)", Pattern.DOTALL);

  /**
   * The string library of the script that runs on this thread. The engine has one table of methods
   * of strings for all scripts; ours looks into the library of each.
   */
  private static final InheritableThreadLocal<LuaTable> STRINGS = new InheritableThreadLocal<>();

  static {
    LuaTable methods = new LuaTable();
    methods.set(
        LuaValue.INDEX,
        Fn.of(
            args -> {
              LuaTable library = STRINGS.get();
              return library == null ? LuaValue.NIL : library.get(args.arg(2));
            }));
    methods.set(LuaValue.METATABLE, LuaValue.FALSE); // nobody gets hold of it
    LuaString.s_metatable = methods;
  }

  private final Globals globals = new Globals();
  private final Budget budget;
  private final World world;
  private final Hook hook;

  /** Makes a world for a script that runs on this thread. */
  Sandbox(Budget budget, World world) {
    this.budget = budget;
    this.world = world;
    hook = new Hook(globals, budget);
    globals.debuglib = hook;
    LuaC.install(globals);
    LuaTable loaded = new LuaTable();
    LuaTable packages = new LuaTable();
    packages.set("loaded", loaded);
    packages.set("path", "./?.lua;scripts/?.lua");
    globals.set("package", packages);
    base();
    globals.load(new Bit32Lib());
    globals.load(new JseMathLib());
    STRINGS.set(Strings.library(globals, budget));
    tables();
    coroutines();
    system();
    globals.set("require", Fn.of(this::require));
  }

  /** Makes something known to the script. */
  void set(String name, LuaValue value) {
    globals.set(name, value);
  }

  /** Runs a script on this thread; gives what it returns. */
  LuaValue run(Source source) {
    return load(source).call();
  }

  /** Where the script was when it was ended: {@code file:line}; empty when it is not known. */
  String endedAt() {
    return hook.endedAt();
  }

  /** What people are told of something that a script raised. */
  static String message(LuaValue raised) {
    boolean readable = raised.isstring() || !raised.metatag(LuaValue.TOSTRING).isnil();
    return readable ? text(raised).tojstring() : "the script raised a " + raised.typename();
  }

  private LuaValue load(Source source) {
    byte[] text = source.text;
    if (text.length > 0 && text[0] == '#') {
      // the line that names a program to run the script with
      for (int i = 0; i < text.length && text[i] != '\n'; i++) {
        text[i] = (byte) (i < 2 ? '-' : ' ');
      }
    }
    try {
      return globals.load(new ByteArrayInputStream(text), source.name, "t", globals);
    } catch (LuaError e) {
      throw new LuaError(readable(String.valueOf(e.getMessage())));
    }
  }

  /** What the compiler complains of, with words and signs for the numbers of its tokens. */
  private static String readable(String complaint) {
    return TOKEN
        .matcher(complaint)
        .replaceAll(
            token -> {
              int code = Integer.parseInt(token.group(1));
              String sign =
                  code < FIRST_WORD
                      ? Character.toString(code)
                      : code - FIRST_WORD < WORDS.size() ? WORDS.get(code - FIRST_WORD) : "?";
              return java.util.regex.Matcher.quoteReplacement("unexpected symbol near " + sign);
            });
  }

  private void base() {
    globals.load(new BaseLib());
    for (String name : List.of("load", "loadfile", "dofile")) {
      globals.set(name, refused(name, "put what it loads into a library and use require"));
    }
    globals.set(
        "collectgarbage",
        Fn.of(
            args -> {
              Runtime runtime = Runtime.getRuntime();
              return args.optjstring(1, "collect").equals("count")
                  ? LuaValue.valueOf((runtime.totalMemory() - runtime.freeMemory()) / 1024.0)
                  : LuaValue.ZERO;
            }));
    globals.set("error", Fn.of(this::error));
    globals.set("pcall", Fn.of(args -> protect(args.checkvalue(1), args.subargs(2), null)));
    globals.set(
        "xpcall", Fn.of(args -> protect(args.checkvalue(1), args.subargs(3), args.checkvalue(2))));
    globals.set("tostring", Fn.of(args -> text(args.checkvalue(1))));
    globals.set(
        "print",
        Fn.of(
            args -> {
              StringBuilder line = new StringBuilder();
              for (int i = 1; i <= args.narg(); i++) {
                line.append(i == 1 ? "" : "\t").append(text(args.arg(i)).tojstring());
              }
              world.print(line.append('\n').toString());
              return LuaValue.NONE;
            }));
  }

  /** A value as text: what {@code tostring} gives. */
  static LuaString text(LuaValue value) {
    LuaValue handler = value.metatag(LuaValue.TOSTRING);
    LuaValue text = handler.isnil() ? value.tostring() : handler.call(value);
    return text.isnil() ? LuaString.valueOf(value.tojstring()) : text.strvalue();
  }

  private Varargs error(Varargs args) {
    LuaValue message = args.arg1();
    if (message.isstring()) {
      String where = hook.where(args.optint(2, 1));
      if (!where.isEmpty()) {
        throw new LuaError(LuaValue.valueOf(where + ": " + message.tojstring()));
      }
    }
    throw new LuaError(message);
  }

  private Varargs protect(LuaValue function, Varargs args, LuaValue handler) {
    int depth = hook.depth();
    LuaValue failure;
    try {
      return LuaValue.varargsOf(LuaValue.TRUE, function.invoke(args));
    } catch (LuaError e) {
      failure = failure(e);
    } catch (StackOverflowError e) {
      failure = LuaValue.valueOf("stack overflow");
    } catch (RuntimeException e) {
      failure = LuaValue.valueOf(String.valueOf(e.getMessage())); // the engine's own mistakes
    }
    hook.unwind(depth);
    budget.check();
    return LuaValue.varargsOf(LuaValue.FALSE, handler == null ? failure : handler.call(failure));
  }

  /** What a script sees of an error: what it raised, or a text that begins with file and line. */
  static LuaValue failure(LuaError e) {
    LuaValue raised = e.getMessageObject();
    if (raised == null) {
      return LuaValue.NIL;
    }
    // The engine's own messages have file and line in front, and an empty trace behind them.
    String text = raised.isstring() ? raised.tojstring() : "";
    Matcher compiling = COMPILING.matcher(text);
    if (compiling.matches()) {
      return LuaValue.valueOf(compiling.group(1) + compiling.group(2));
    }
    if (text.endsWith("\n")) {
      Matcher place = PLACE.matcher(text.stripTrailing());
      return LuaValue.valueOf(
          place.matches() ? place.group(1) + ": " + place.group(2) : text.stripTrailing());
    }
    return raised;
  }

  private void tables() {
    globals.load(new TableLib());
    LuaTable table = globals.get("table").checktable();
    LuaValue unpack = table.get("unpack");
    LuaValue bounded =
        Fn.of(
            args -> {
              long from = args.optint(2, 1);
              long to = args.isnoneornil(3) ? args.arg1().length() : args.checkint(3);
              if (to - from >= Budget.MOST_VALUES) {
                throw new LuaError("too many results to unpack: at most " + Budget.MOST_VALUES);
              }
              return unpack.invoke(args);
            });
    table.set("unpack", bounded);
    globals.set("unpack", bounded); // of Lua 5.1
    table.set("concat", Fn.of(this::concat));
    table.set("sort", Fn.of(this::sort));
  }

  private Varargs concat(Varargs args) {
    LuaTable table = args.checktable(1);
    LuaString between = args.optstring(2, LuaValue.EMPTYSTRING);
    int from = args.optint(3, 1);
    int to = args.isnoneornil(4) ? table.length() : args.checkint(4);
    Buffer out = new Buffer();
    long length = 0;
    for (long i = from; i <= to; i++) {
      budget.step();
      LuaValue element = table.get((int) i);
      if (!element.isstring()) {
        throw new LuaError(
            "invalid value (" + element.typename() + ") at index " + i + " in table for 'concat'");
      }
      LuaString piece = element.checkstring();
      length += piece.m_length + (i < to ? between.m_length : 0);
      budget.length(length);
      out.append(piece);
      if (i < to) {
        out.append(between);
      }
    }
    return out.tostring();
  }

  private Varargs sort(Varargs args) {
    LuaTable table = args.checktable(1);
    LuaValue smaller = args.isnoneornil(2) ? null : args.checkfunction(2);
    LuaValue[] values = new LuaValue[table.length()];
    for (int i = 0; i < values.length; i++) {
      budget.step();
      values[i] = table.get(i + 1);
    }
    try {
      Arrays.sort(values, (a, b) -> less(smaller, a, b) ? -1 : less(smaller, b, a) ? 1 : 0);
    } catch (IllegalArgumentException e) {
      throw new LuaError("invalid order function for sorting");
    }
    for (int i = 0; i < values.length; i++) {
      budget.step();
      table.set(i + 1, values[i]);
    }
    return LuaValue.NONE;
  }

  private boolean less(LuaValue smaller, LuaValue a, LuaValue b) {
    budget.step();
    return smaller == null ? a.lt_b(b) : smaller.call(a, b).toboolean();
  }

  /** The function of a coroutine: keeps what it failed with, which the engine would make text. */
  private final class Body extends org.luaj.vm2.lib.VarArgFunction {
    private final LuaValue function;
    private LuaValue failure;

    Body(LuaValue function) {
      this.function = function;
    }

    @Override
    public Varargs invoke(Varargs args) {
      try {
        return function.invoke(args);
      } catch (LuaError e) {
        failure = failure(e);
      } catch (StackOverflowError e) {
        failure = LuaValue.valueOf("stack overflow");
      } catch (RuntimeException e) {
        failure = LuaValue.valueOf(String.valueOf(e.getMessage()));
      } finally {
        budget.leaveCoroutine();
      }
      throw new LuaError(failure);
    }
  }

  private void coroutines() {
    globals.load(new CoroutineLib());
    LuaTable coroutine = globals.get("coroutine").checktable();
    coroutine.set("create", Fn.of(args -> create(args.checkfunction(1))));
    coroutine.set("resume", Fn.of(args -> resume(args.checkthread(1), args.subargs(2))));
    coroutine.set(
        "wrap",
        Fn.of(
            args -> {
              LuaThread thread = create(args.checkfunction(1));
              return Fn.of(
                  passed -> {
                    Varargs given = resume(thread, passed);
                    if (!given.arg1().toboolean()) {
                      throw new LuaError(given.arg(2));
                    }
                    return given.subargs(2);
                  });
            }));
  }

  private LuaThread create(LuaValue function) {
    return new LuaThread(globals, new Body(function));
  }

  private Varargs resume(LuaThread thread, Varargs args) {
    boolean begins = thread.state.status == LuaThread.STATUS_INITIAL;
    if (begins) {
      budget.enterCoroutine();
    }
    Varargs given = thread.resume(args);
    budget.check();
    if (!given.arg1().toboolean()
        && thread.state.function instanceof Body body
        && body.failure != null) {
      LuaValue failure = body.failure;
      body.failure = null;
      return LuaValue.varargsOf(LuaValue.FALSE, failure);
    }
    return given;
  }

  private void system() {
    Globals aside = new Globals();
    LuaTable packages = new LuaTable();
    packages.set("loaded", new LuaTable());
    aside.set("package", packages);
    aside.load(new OsLib());
    LuaValue engine = aside.get("os");
    LuaTable os = new LuaTable();
    for (String name : List.of("time", "clock", "date", "difftime")) {
      os.set(name, engine.get(name));
    }
    os.set("getenv", Fn.of(args -> variable(args.checkjstring(1))));
    os.set("execute", Fn.of(args -> execute(args.arg1())));
    for (String name : List.of("exit", "remove", "rename", "tmpname", "setlocale")) {
      os.set(name, refused("os." + name, "a script reaches instruments only"));
    }
    globals.set("os", os);
    globals.get("package").get("loaded").set("os", os);
    LuaTable io = new LuaTable();
    io.set(
        "write",
        Fn.of(
            args -> {
              for (int i = 1; i <= args.narg(); i++) {
                world.print(args.checkstring(i).tojstring());
              }
              return LuaValue.NONE;
            }));
    for (String name :
        List.of("open", "lines", "read", "input", "output", "close", "tmpfile", "type")) {
      io.set(name, refused("io." + name, "keep values with context:record(name, value)"));
    }
    io.set("popen", refused("io.popen", "a script starts no processes"));
    globals.set("io", io);
    globals.get("package").get("loaded").set("io", io);
  }

  private static LuaValue variable(String name) {
    String value = VARIABLES.contains(name) ? System.getenv(name) : null;
    return value == null ? LuaValue.NIL : LuaValue.valueOf(value);
  }

  private Varargs execute(LuaValue command) {
    if (command.isnil()) {
      return LuaValue.FALSE; // there is no shell
    }
    Matcher sleep = SLEEP.matcher(command.checkjstring());
    if (!sleep.matches()) {
      throw new LuaError(
          "os.execute is not available in a script, but for \"sleep SECONDS\":"
              + " a script starts no processes");
    }
    world.pause(Double.parseDouble(sleep.group(1)));
    return LuaValue.varargsOf(LuaValue.TRUE, LuaValue.valueOf("exit"), LuaValue.ZERO);
  }

  private static LuaValue refused(String name, String instead) {
    return Fn.of(
        args -> {
          throw new LuaError(name + " is not available in a script: " + instead);
        });
  }

  /** A library by its name, else below a folder that {@code package.path} has. */
  private Source find(String name) {
    Source found = world.library(name);
    LuaValue path = globals.get("package").get("path");
    if (found != null || !path.isstring() || path.checkstring().m_length > LONGEST_PATH) {
      return found;
    }
    for (String template : path.tojstring().split(";")) {
      Matcher folders = FOLDERS.matcher(template);
      if (found == null && folders.matches()) {
        found = world.library(folders.group(1).replace('/', '.') + name);
      }
    }
    return found;
  }

  private Varargs require(Varargs args) {
    String name = args.checkjstring(1);
    LuaValue loaded = globals.get("package").get("loaded");
    LuaValue known = loaded.istable() ? loaded.get(name) : LuaValue.NIL;
    if (known.toboolean()) {
      return known;
    }
    if (!name.matches("[A-Za-z0-9_-]{1,100}(\\.[A-Za-z0-9_-]{1,100}){0,8}")) {
      throw new LuaError(
          "module '%s' is no name of a library; it is such as tools or lab.tools"
              .formatted(name.length() > 60 ? name.substring(0, 60) + "…" : name));
    }
    Source source = find(name);
    if (source == null) {
      String file = name.replace('.', '/') + ".lua";
      throw new LuaError(
          String.format(
              Locale.ROOT,
              "module '%s' not found: there is no %s beside the script, nor in scripts/",
              name,
              file));
    }
    LuaValue value = load(source).call(LuaValue.valueOf(name));
    if (value.isnil()) {
      value = LuaValue.TRUE;
    }
    if (loaded.istable()) {
      loaded.set(name, value);
    }
    return value;
  }
}
