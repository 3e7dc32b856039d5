// SPDX-License-Identifier: Apache-2.0
package consort.script;

import consort.api.ErrorCode;
import consort.api.Faulted;
import consort.api.InstrumentException;
import consort.api.Result;
import consort.api.script.Buffer;
import java.util.Map;
import org.luaj.vm2.LuaTable;
import org.luaj.vm2.LuaValue;

/**
 * How a call of a script ended.
 *
 * @param result what it gave; null when it failed
 * @param error why it failed; null when it did not
 * @param buffer where its value, or the one long array of its record, waits; null when there is
 *     none
 * @param longFields the buffers of the long fields of a record; empty when there are none
 */
record Outcome(
    Target target,
    Result result,
    InstrumentException error,
    Buffer buffer,
    Map<String, Buffer> longFields) {

  boolean failed() {
    return error != null;
  }

  /** What the script gets of it. */
  LuaValue value() {
    if (failed() || (buffer != null && longFields.isEmpty())) {
      return LuaValue.NIL;
    }
    LuaValue value = LuaValues.toLua(result.value());
    longFields.forEach((name, field) -> value.set(name, LuaValues.handle(field)));
    return value;
  }

  /** instrument-script-server's words for what went wrong. */
  String text() {
    String message = error.getMessage();
    if (error.code() == ErrorCode.TIMED_OUT) {
      return "Command timeout: " + message;
    }
    if (error.code() == ErrorCode.UNKNOWN_INSTRUMENT) {
      return "Instrument not found: " + target.instrument() + ": " + message;
    }
    return error.code() == ErrorCode.UNKNOWN_COMMAND
        ? "Unknown verb: " + target.verb() + ": " + message
        : message;
  }

  /** The error as a table. */
  LuaTable errorTable() {
    LuaTable table = new LuaTable();
    table.set("message", text());
    table.set("code", error.code().text());
    table.set("kind", error.kind().name().toLowerCase(java.util.Locale.ROOT));
    table.set("instrument", target.label());
    table.set("verb", target.verb());
    if (error instanceof Faulted faulted && faulted.number() != 0) {
      table.set("number", faulted.number());
    }
    LuaTable methods = new LuaTable();
    methods.set(LuaValue.TOSTRING, Fn.of(args -> LuaValue.valueOf(text())));
    table.setmetatable(methods);
    return table;
  }
}
