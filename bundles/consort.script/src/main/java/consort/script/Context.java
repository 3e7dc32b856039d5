// SPDX-License-Identifier: Apache-2.0
package consort.script;

import consort.api.CommandInfo;
import consort.api.ErrorCode;
import consort.api.Instrument;
import consort.api.InstrumentException;
import consort.api.InstrumentInfo;
import consort.api.coordinator.Group;
import consort.api.coordinator.Lease;
import consort.api.coordinator.LeaseRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.luaj.vm2.LuaError;
import org.luaj.vm2.LuaTable;
import org.luaj.vm2.LuaValue;
import org.luaj.vm2.Varargs;

/** The {@code context} of a script: how it reaches instruments. */
final class Context {

  /** The most calls of one instrument in a parallel block: its queue has an end. */
  static final int MOST_PER_INSTRUMENT = 500;

  private static final int MOST_TOGETHER = 10_000;

  private final Run run;
  private final LuaTable table = new LuaTable();
  private List<List<Run.Planned>> block;
  private Outcome last;

  Context(Run run) {
    this.run = run;
    method("call", this::call);
    method("try", this::attempt);
    method("parallel", this::parallel);
    method("barrier", this::barrier);
    method("lease", this::lease);
    method("sleep", this::sleep);
    method("log", this::log);
    method("record", this::record);
    method("strict", this::strict);
    method("last_error", args -> last == null || !last.failed() ? LuaValue.NIL : last.errorTable());
    method("buffer", this::buffer);
    method("info", this::info);
  }

  LuaTable table() {
    return table;
  }

  private void method(String name, Fn.Body body) {
    table.set(
        name,
        Fn.of(
            args -> {
              if (args.arg1() != table) {
                throw new LuaError("write context:" + name + "(…), with a colon");
              }
              return body.run(args.subargs(2));
            }));
  }

  private Run.Planned plan(Varargs args) {
    Target target = Target.parse(args.checkjstring(1));
    List<Object> positional = new ArrayList<>();
    Map<String, Object> named = Map.of();
    if (args.narg() == 2 && args.istable(2) && !LuaValues.isList(args.checktable(2))) {
      named = LuaValues.map(target.verb(), args.checktable(2), 0);
    } else {
      for (int i = 2; i <= args.narg(); i++) {
        positional.add(LuaValues.toJava(target.verb() + " argument " + (i - 1), args.arg(i)));
      }
    }
    return run.plan(target, positional, named);
  }

  private Varargs call(Varargs args) {
    if (block != null) {
      buffered(plan(args));
      return LuaValue.NIL;
    }
    last = run.call(plan(args));
    if (last.failed()) {
      run.failed(last);
    }
    return run.staged() ? LuaValue.NIL : last.value();
  }

  private Varargs attempt(Varargs args) {
    alone("try");
    last = run.call(plan(args));
    return LuaValue.varargsOf(last.value(), last.failed() ? last.errorTable() : LuaValue.NIL);
  }

  private void buffered(Run.Planned planned) {
    Map<String, Integer> counts = new HashMap<>();
    int all = 0;
    for (List<Run.Planned> calls : block) {
      all += calls.size();
    }
    List<Run.Planned> current = block.get(block.size() - 1);
    if (all >= MOST_TOGETHER) {
      throw new LuaError("a parallel block has at most " + MOST_TOGETHER + " calls");
    }
    if (current.size() >= MOST_PER_INSTRUMENT) {
      for (Run.Planned one : current) {
        counts.merge(one.target().instrument(), 1, Integer::sum);
      }
      if (counts.getOrDefault(planned.target().instrument(), 0) >= MOST_PER_INSTRUMENT) {
        throw new LuaError(
            "a parallel block has at most %d calls of one instrument between two barriers"
                .formatted(MOST_PER_INSTRUMENT));
      }
    }
    current.add(planned);
  }

  private void alone(String name) {
    if (block != null) {
      throw new LuaError("context:" + name + " cannot stand in a parallel block");
    }
  }

  private Varargs parallel(Varargs args) {
    if (block != null) {
      throw new LuaError("Nested parallel blocks are not supported");
    }
    LuaValue function = args.checkfunction(1);
    LuaTable options = args.opttable(2, new LuaTable());
    Group.Policy policy = policy(options.get("policy"));
    Duration limit = seconds("timeout", options.get("timeout"), Group.TIMEOUT);
    List<List<Run.Planned>> collected;
    block = new ArrayList<>(List.of(new ArrayList<>()));
    try {
      function.call();
    } finally {
      collected = block;
      block = null;
    }
    collected.removeIf(List::isEmpty);
    LuaTable results = new LuaTable();
    Outcome failed = null;
    if (!collected.isEmpty()) {
      last = null;
      int index = 1;
      for (Outcome outcome :
          run.together(collected, options.get("together").toboolean(), policy, limit)) {
        results.set(index++, described(outcome));
        if (outcome.failed() && failed == null) {
          failed = outcome;
        }
      }
      last = failed;
      if (failed != null) {
        run.failed(failed);
      }
    }
    return run.staged() ? LuaValue.NIL : results;
  }

  private static LuaTable described(Outcome outcome) {
    LuaTable table = new LuaTable();
    table.set("instrument", outcome.target().label());
    table.set("verb", outcome.target().verb());
    table.set("value", outcome.value());
    if (outcome.failed()) {
      table.set("error", outcome.errorTable());
    }
    if (outcome.buffer() != null) {
      table.set("buffer", LuaValues.handle(outcome.buffer()));
    }
    return table;
  }

  private Group.Policy policy(LuaValue value) {
    if (value.isnil()) {
      return run.strict() ? Group.Policy.ABORT : Group.Policy.CONTINUE;
    }
    return switch (value.tojstring()) {
      case "abort" -> Group.Policy.ABORT;
      case "continue" -> Group.Policy.CONTINUE;
      default -> throw new LuaError("policy must be \"abort\" or \"continue\"");
    };
  }

  private static Duration seconds(String name, LuaValue value, Duration otherwise) {
    if (value.isnil()) {
      return otherwise;
    }
    double seconds = value.isnumber() ? value.todouble() : -1;
    if (!(seconds > 0 && seconds <= 86_400)) {
      throw new LuaError(name + " must be a number of seconds up to 86400");
    }
    return Duration.ofNanos((long) (seconds * 1e9));
  }

  private Varargs barrier(Varargs args) {
    // Outside of a block every call waits for the one before: nothing is left to do.
    if (block != null && !block.get(block.size() - 1).isEmpty()) {
      block.add(new ArrayList<>());
    }
    return LuaValue.NIL;
  }

  private Varargs lease(Varargs args) {
    alone("lease");
    TreeSet<String> names = new TreeSet<>();
    LuaTable options = new LuaTable();
    LuaValue body = LuaValue.NIL;
    for (int i = 1; i <= args.narg(); i++) {
      LuaValue arg = args.arg(i);
      if (arg.isfunction()) {
        body = arg;
      } else if (arg.istable() && LuaValues.isList(arg.checktable())) {
        for (int k = 1; k <= arg.length(); k++) {
          names.add(arg.get(k).checkjstring());
        }
      } else if (arg.istable()) {
        options = arg.checktable();
      } else {
        names.add(arg.checkjstring());
      }
    }
    Lease lease;
    try {
      LeaseRequest request =
          LeaseRequest.of(names)
              .ttl(seconds("ttl", options.get("ttl"), LeaseRequest.TTL))
              .waiting(
                  options.get("wait").isnil() || options.get("wait").todouble() == 0
                      ? Duration.ZERO
                      : seconds("wait", options.get("wait"), Duration.ZERO))
              .purpose(options.get("purpose").optjstring(run.name()));
      lease = run.lease(options.get("alone").toboolean() ? request.alone() : request);
    } catch (InstrumentException e) {
      throw new LuaError(e.getMessage());
    }
    if (body.isnil()) {
      return held(lease);
    }
    try {
      return body.invoke(LuaValue.NONE);
    } finally {
      run.release(lease);
    }
  }

  private LuaTable held(Lease lease) {
    LuaTable handle = new LuaTable();
    handle.set("id", lease.id());
    handle.set(
        "release",
        Fn.of(
            args -> {
              run.release(lease);
              return LuaValue.NONE;
            }));
    return handle;
  }

  private Varargs sleep(Varargs args) {
    alone("sleep");
    run.pause(args.checkdouble(1));
    return LuaValue.NIL;
  }

  private Varargs log(Varargs args) {
    run.log(Sandbox.text(args.checkvalue(1)).tojstring());
    return LuaValue.NIL;
  }

  private Varargs record(Varargs args) {
    String name = args.checkjstring(1);
    Object value = LuaValues.toJava("record " + name, args.checkvalue(2));
    if (value == null) {
      throw new LuaError("record " + name + ": there is no value");
    }
    run.record(name, value);
    return LuaValue.NIL;
  }

  private Varargs strict(Varargs args) {
    run.strict(args.optboolean(1, true));
    return LuaValue.NIL;
  }

  private Varargs info(Varargs args) {
    Instrument instrument = run.instrument(args.checkjstring(1)).orElse(null);
    if (instrument == null) {
      return LuaValue.NIL;
    }
    LuaTable info = new LuaTable();
    info.set("name", instrument.name());
    info.set("state", instrument.status().state().name());
    LuaTable commands = new LuaTable();
    try {
      InstrumentInfo known = instrument.info();
      for (CommandInfo command : known.commands()) {
        commands.set(command.name(), command.signature());
      }
    } catch (InstrumentException e) {
      // never connected: its commands are not known
    }
    info.set("commands", commands);
    return info;
  }

  private Varargs buffer(Varargs args) {
    if (args.isnoneornil(1)) {
      return last == null || last.buffer() == null ? LuaValue.NIL : LuaValues.handle(last.buffer());
    }
    try {
      return LuaValues.handle(run.buffer(args.checkjstring(1)));
    } catch (InstrumentException e) {
      if (e.code() == ErrorCode.BAD_REQUEST) {
        return LuaValue.NIL;
      }
      throw new LuaError(e.getMessage());
    }
  }
}
