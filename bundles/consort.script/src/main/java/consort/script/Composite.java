// SPDX-License-Identifier: Apache-2.0
package consort.script;

import consort.api.CommandInfo;
import consort.api.InstrumentInfo;
import consort.api.Limits;
import consort.api.Names;
import consort.api.NumericArray;
import consort.api.ParameterInfo;
import consort.api.ValueType;
import consort.api.Values;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.luaj.vm2.LuaClosure;
import org.luaj.vm2.LuaError;
import org.luaj.vm2.LuaTable;
import org.luaj.vm2.LuaValue;
import org.luaj.vm2.Varargs;

/**
 * What the file of a composite instrument says: the table that it returns.
 *
 * @param info what the instrument can do
 * @param version the version of the file
 */
record Composite(InstrumentInfo info, String version) {

  private static final Set<String> KEYS = Set.of("doc", "version", "commands");
  private static final Set<String> COMMAND =
      Set.of("doc", "unit", "reads", "parameters", "result", "run");
  private static final Set<String> PARAMETER =
      Set.of("name", "type", "unit", "min", "max", "options", "default", "doc");

  /**
   * Reads.
   *
   * @param file the name of the file, for messages
   * @throws LuaError when it is none; the message begins with file and line
   */
  static Composite of(String file, LuaValue returned) {
    if (!returned.istable() || !returned.get("commands").istable()) {
      throw new LuaError(file + ":1: it must return a table with commands = {name = {…}}");
    }
    LuaTable table = returned.checktable();
    String where = file + ":1: ";
    known(where, table, KEYS);
    String version = returned.get("version").optjstring("1.0.0");
    if (!version.matches("[0-9]{1,9}\\.[0-9]{1,9}\\.[0-9]{1,9}")) {
      throw new LuaError(where + "version: '" + version + "' is not like 1.0.0");
    }
    List<CommandInfo> commands = new ArrayList<>();
    LuaTable written = table.get("commands").checktable();
    for (String name : new TreeSet<>(LuaValues.keys(where, written))) {
      commands.add(command(file, name, written.get(name)));
    }
    if (commands.isEmpty()) {
      throw new LuaError(where + "there are no commands");
    }
    try {
      return new Composite(
          new InstrumentInfo(List.of(), table.get("doc").optjstring(""), commands), version);
    } catch (IllegalArgumentException e) {
      throw new LuaError(where + e.getMessage());
    }
  }

  private static CommandInfo command(String file, String name, LuaValue written) {
    LuaValue run = written.istable() ? written.get("run") : written;
    if (!run.isclosure()) {
      throw new LuaError(file + ":1: " + name + " has no function run");
    }
    String where = file + ":" + ((LuaClosure) run).p.linedefined + ": " + name + ": ";
    if (!name.matches("[a-z][a-z0-9_]{0,63}")) {
      throw new LuaError(where + "the name of a command is like read_voltages");
    }
    if (!written.istable()) {
      throw new LuaError(where + "write " + name + " = {result = …, run = function() … end}");
    }
    LuaTable table = written.checktable();
    known(where, table, COMMAND);
    List<ParameterInfo> parameters = new ArrayList<>();
    LuaValue list = table.get("parameters");
    for (int i = 1; i <= (list.istable() ? list.length() : 0); i++) {
      parameters.add(parameter(where, list.get(i)));
    }
    try {
      return new CommandInfo(
          name,
          parameters,
          type(where + "result", table.get("result").optjstring("void")),
          table.get("unit").optjstring(""),
          false,
          table.get("reads").optboolean(false),
          null,
          table.get("doc").optjstring(""));
    } catch (IllegalArgumentException e) {
      throw new LuaError(where + e.getMessage());
    }
  }

  private static ParameterInfo parameter(String where, LuaValue written) {
    if (!written.istable() || !written.get("name").isstring()) {
      throw new LuaError(where + "a parameter is {name = \"count\", type = \"int\"}");
    }
    LuaTable table = written.checktable();
    String name = table.get("name").tojstring();
    String at = where + "parameter " + name + ": ";
    known(at, table, PARAMETER);
    if (!Names.isInstrument(name)) {
      throw new LuaError(at + "that is no name");
    }
    ValueType type = type(at + "type", table.get("type").optjstring("double"));
    boolean limited = !table.get("min").isnil() || !table.get("max").isnil();
    double min = table.get("min").optdouble(Double.NEGATIVE_INFINITY);
    double max = table.get("max").optdouble(Double.POSITIVE_INFINITY);
    if (!(min <= max)) {
      throw new LuaError(at + "min is larger than max");
    }
    List<Object> options = new ArrayList<>();
    LuaValue listed = table.get("options");
    for (int i = 1; i <= (listed.istable() ? listed.length() : 0); i++) {
      options.add(value(at + "options", type, listed.get(i)));
    }
    LuaValue otherwise = table.get("default");
    return new ParameterInfo(
        name,
        type,
        table.get("unit").optjstring(""),
        limited ? new Limits(min, max) : null,
        options,
        !otherwise.isnil(),
        otherwise.isnil() ? null : value(at + "default", type, otherwise),
        table.get("doc").optjstring(""));
  }

  private static Object value(String where, ValueType type, LuaValue value) {
    try {
      return Values.convert(where, type, LuaValues.toJava(where, value));
    } catch (consort.api.Refused e) {
      throw new LuaError(e.getMessage());
    }
  }

  private static ValueType type(String where, String name) {
    return switch (name) {
      case "void" -> ValueType.VOID;
      case "double" -> ValueType.DOUBLE;
      case "int" -> ValueType.INT;
      case "long" -> ValueType.LONG;
      case "boolean" -> ValueType.BOOLEAN;
      case "string" -> ValueType.STRING;
      case "array" -> ValueType.arrayOf(NumericArray.Type.FLOAT64);
      default ->
          throw new LuaError(
              where
                  + ": '"
                  + name
                  + "' is none of void, double, int, long, boolean, string, array");
    };
  }

  private static void known(String where, LuaTable table, Set<String> keys) {
    for (Varargs entry = table.next(LuaValue.NIL);
        !entry.isnil(1);
        entry = table.next(entry.arg1())) {
      if (!keys.contains(entry.arg1().tojstring())) {
        throw new LuaError(
            where
                + "unknown key '"
                + entry.arg1().tojstring()
                + "'; there are "
                + String.join(", ", new TreeSet<>(keys)));
      }
    }
  }
}
