// SPDX-License-Identifier: Apache-2.0
package consort.script;

import consort.api.Caller;
import consort.api.Deadline;
import consort.api.ErrorCode;
import consort.api.Faulted;
import consort.api.InstrumentInfo;
import consort.api.Role;
import consort.api.ValueType;
import consort.api.Values;
import consort.api.driver.Driver;
import consort.api.script.ScriptRequest;
import consort.api.script.ScriptResult;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.luaj.vm2.LuaError;
import org.luaj.vm2.LuaValue;

/**
 * An instrument whose commands are functions of Lua that call others. Each call is a run of its
 * own, within the limits of a script and the deadline of the call: nothing is kept between them.
 */
final class CompositeDriver implements Driver {

  private static final Duration READING = Duration.ofSeconds(2);

  private final String name;
  private final LuaScripts scripts;
  private final Sandbox.Source source;
  private final Library library;
  private final Composite composite;

  CompositeDriver(String name, LuaScripts scripts, Sandbox.Source source, Path folder) {
    this.name = name;
    this.scripts = scripts;
    this.source = source;
    this.library = library(scripts, source, folder);
    this.composite = read(scripts, source, folder);
  }

  private static Library library(LuaScripts scripts, Sandbox.Source source, Path folder) {
    Path file = Path.of(source.name()).getFileName();
    return new Library(folder.resolve(file), scripts.libraries());
  }

  /**
   * Reads the file of a composite instrument.
   *
   * @throws LuaError when it is none; the message begins with file and line
   */
  static Composite read(LuaScripts scripts, Sandbox.Source source, Path folder) {
    AtomicReference<Composite> read = new AtomicReference<>();
    run(
        scripts,
        library(scripts, source, folder),
        READING,
        new Caller("deploy", Role.OBSERVER, "lua"),
        sandbox -> {
          sandbox.set("context", LuaValue.NIL); // instruments are called by commands only
          read.set(Composite.of(source.name(), sandbox.run(source)));
        });
    return read.get();
  }

  private static void run(
      LuaScripts scripts, Library library, Duration limit, Caller caller, LuaScripts.Task task) {
    ScriptRequest request = ScriptRequest.of(Path.of(library.script())).strict(true).within(limit);
    ScriptResult result = scripts.start(library, request, caller, task).done().join();
    if (!result.succeeded()) {
      throw new LuaError(result.error());
    }
  }

  @Override
  public InstrumentInfo info() {
    return composite.info();
  }

  @Override
  public Object call(String command, Map<String, Object> arguments) {
    ValueType type = composite.info().command(command).orElseThrow().result();
    Duration left = Deadline.current(Duration.ofSeconds(5)).remaining();
    Duration limit = left.compareTo(ScriptRequest.LONGEST) > 0 ? ScriptRequest.LONGEST : left;
    AtomicReference<Object> given = new AtomicReference<>();
    try {
      run(
          scripts,
          library,
          limit.plusMillis(1),
          new Caller(name, Role.OPERATOR, "lua"),
          sandbox -> {
            LuaValue function = sandbox.run(source).get("commands").get(command).get("run");
            LuaValue[] values =
                composite.info().command(command).orElseThrow().parameters().stream()
                    .map(p -> LuaValues.toLua(arguments.get(p.name())))
                    .toArray(LuaValue[]::new);
            LuaValue value = function.invoke(LuaValue.varargsOf(values)).arg1();
            given.set(
                type.kind() == ValueType.Kind.VOID
                    ? null
                    : LuaValues.toJava(name + "." + command + " result", value));
          });
      return type.kind() == ValueType.Kind.VOID
          ? null
          : Values.convert(name + "." + command + " result", type, given.get());
    } catch (LuaError | consort.api.Refused e) {
      throw new Faulted(ErrorCode.INSTRUMENT_ERROR, 0, e.getMessage(), e);
    }
  }
}
