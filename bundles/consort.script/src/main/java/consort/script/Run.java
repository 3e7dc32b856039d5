// SPDX-License-Identifier: Apache-2.0
package consort.script;

import consort.api.Call;
import consort.api.Caller;
import consort.api.CommandInfo;
import consort.api.ErrorCode;
import consort.api.Instrument;
import consort.api.InstrumentException;
import consort.api.LeaseToken;
import consort.api.NumericArray;
import consort.api.Refused;
import consort.api.Result;
import consort.api.ValueType;
import consort.api.coordinator.Coordinator;
import consort.api.coordinator.Group;
import consort.api.coordinator.GroupResult;
import consort.api.coordinator.Groups;
import consort.api.coordinator.Lease;
import consort.api.coordinator.LeaseRequest;
import consort.api.coordinator.Leases;
import consort.api.script.Buffer;
import consort.api.script.Buffers;
import consort.api.script.ScriptEntry;
import consort.api.script.ScriptRequest;
import consort.api.script.ScriptResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.luaj.vm2.LuaError;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of a script: makes its calls, and keeps what came of them. Used by the script's own
 * threads, one at a time; {@link #stop} and {@link #renewLeases} by others.
 */
final class Run implements Sandbox.World {

  static final int MOST_ENTRIES = 100_000;
  static final int MOST_RECORDS = 10_000;
  static final int LONGEST_OUTPUT = 1 << 20;

  private static final Logger LOG = LoggerFactory.getLogger(Run.class);

  /** What a run needs of the node. */
  record Node(Coordinator coordinator, Groups groups, Leases leases, Buffers buffers) {}

  private final String id;
  private final Node node;
  private final ScriptRequest request;
  private final Caller caller;
  private final Library library;
  private final Budget budget;
  private final long begunNanos = System.nanoTime();
  private final long begunMs = System.currentTimeMillis();
  private final List<ScriptEntry> entries = new ArrayList<>();
  private final List<ScriptResult.Recorded> records = new ArrayList<>();
  private final StringBuilder output = new StringBuilder();
  private final Map<Lease, Duration> leases = new ConcurrentHashMap<>();
  private int calls;
  private int leased;
  private boolean cut;
  private boolean strict;
  private boolean degraded;
  private String failedCall;
  private volatile Thread waiting;

  Run(String id, Node node, ScriptRequest request, Caller caller, Library library, Budget budget) {
    this.id = id;
    this.node = node;
    this.request = request;
    this.caller = caller;
    this.library = library;
    this.budget = budget;
    this.strict = request.strict();
  }

  String name() {
    return library.script();
  }

  boolean strict() {
    return strict;
  }

  void strict(boolean on) {
    strict = on;
  }

  boolean staged() {
    return request.staged();
  }

  Optional<Instrument> instrument(String name) {
    return node.coordinator.instrument(name);
  }

  /** A call as it will be sent. */
  record Planned(Target target, Call call, Map<String, Object> params, Refused problem) {}

  /** Prepares a call; what is wrong with it is said when it is made. */
  Planned plan(Target target, List<Object> positional, Map<String, Object> named) {
    Optional<CommandInfo> command = info(target);
    Map<String, Object> all = named;
    if (target.channel() != null) {
      all = new LinkedHashMap<>(named);
      all.put("channel", target.channel());
    }
    Map<String, Object> params = new LinkedHashMap<>();
    for (int i = 0; i < positional.size(); i++) {
      boolean known = command.isPresent() && i < command.get().parameters().size();
      params.put(
          known ? command.get().parameters().get(i).name() : "arg" + i,
          LuaValues.plain(positional.get(i)));
    }
    named.forEach((name, value) -> params.put(name, LuaValues.plain(value)));
    Refused problem =
        target.problem() == null ? null : new Refused(ErrorCode.BAD_REQUEST, target.problem());
    Call call =
        new Call(target.verb(), positional, all, null, caller, id + "/" + calls++, token(target));
    return new Planned(target, call, params, problem);
  }

  private Optional<CommandInfo> info(Target target) {
    try {
      return instrument(target.instrument()).flatMap(i -> i.info().command(target.verb()));
    } catch (InstrumentException e) {
      return Optional.empty(); // no driver yet; the call will say so
    }
  }

  /** The lease that covers an instrument, or a part of it. */
  private LeaseToken token(Target target) {
    for (Lease lease : leases.keySet()) {
      for (String resource : lease.resources()) {
        if (resource.equals(target.instrument())
            || resource.startsWith(target.instrument() + "/")) {
          return lease.token();
        }
      }
    }
    return request.lease();
  }

  /** Makes one call and waits for it. */
  Outcome call(Planned planned) {
    budget.check();
    long begin = System.nanoTime();
    Result result = null;
    InstrumentException error = planned.problem;
    if (error == null) {
      try {
        result = node.coordinator.require(planned.target.instrument()).call(planned.call);
      } catch (InstrumentException e) {
        error = e;
      }
    }
    return done(planned, result, error, begin);
  }

  /**
   * Makes calls together, in blocks with a barrier after each, and waits for all of them.
   *
   * @return one outcome for each, in their order
   */
  List<Outcome> together(
      List<List<Planned>> blocks, boolean together, Group.Policy policy, Duration limit) {
    budget.check();
    long begin = System.nanoTime();
    List<List<Group.Step>> steps = new ArrayList<>();
    List<Planned> sent = new ArrayList<>();
    Map<Planned, InstrumentException> refused = new java.util.IdentityHashMap<>();
    for (List<Planned> block : blocks) {
      List<Group.Step> made = new ArrayList<>();
      for (Planned one : block) {
        InstrumentException problem = problem(one);
        if (problem == null) {
          made.add(new Group.Step(one.target.instrument(), one.call));
          sent.add(one);
        } else {
          refused.put(one, problem);
        }
      }
      if (!made.isEmpty()) {
        steps.add(made);
      }
    }
    GroupResult result =
        steps.isEmpty()
            ? new GroupResult(List.of(), false, null)
            : node.groups.run(new Group(steps, together, policy, limit));
    degraded |= result.degraded() || (!refused.isEmpty() && policy == Group.Policy.CONTINUE);
    List<Outcome> outcomes = new ArrayList<>();
    int next = 0;
    for (List<Planned> block : blocks) {
      for (Planned one : block) {
        if (refused.containsKey(one)) {
          outcomes.add(done(one, null, refused.get(one), begin));
        } else {
          GroupResult.Outcome outcome = result.outcomes().get(next++);
          outcomes.add(done(one, outcome.result(), outcome.error(), begin));
        }
      }
    }
    return outcomes;
  }

  private InstrumentException problem(Planned planned) {
    if (planned.problem != null) {
      return planned.problem;
    }
    try {
      node.coordinator.require(planned.target.instrument());
      return null;
    } catch (InstrumentException e) {
      return e;
    }
  }

  private Outcome done(Planned planned, Result result, InstrumentException error, long begin) {
    Buffer buffer = null;
    Map<String, Buffer> longFields = new LinkedHashMap<>();
    InstrumentException failure = error;
    if (failure == null) {
      try {
        buffer = kept(result.value(), longFields);
      } catch (Refused e) {
        failure = e;
      }
    }
    Outcome outcome = new Outcome(planned.target, result, failure, buffer, longFields);
    if (!outcome.failed()) {
      budget.progressed();
    }
    if (entries.size() < MOST_ENTRIES) {
      entries.add(entry(planned, outcome, begin));
    }
    return outcome;
  }

  /** Keeps what is too long for the results; gives the buffer that the value counts as. */
  private Buffer kept(Object value, Map<String, Buffer> longFields) {
    if (isLong(value)) {
      return node.buffers.keep(value, caller, request.lease());
    }
    if (value instanceof Map<?, ?> record) {
      record.forEach(
          (name, field) -> {
            if (isLong(field)) {
              longFields.put(
                  String.valueOf(name), node.buffers.keep(field, caller, request.lease()));
            }
          });
    }
    return longFields.size() == 1 ? longFields.values().iterator().next() : null;
  }

  /** The fields of a record as the results have them. */
  private static Map<String, Object> fields(Outcome outcome) {
    Map<String, Object> fields = new LinkedHashMap<>();
    if (!outcome.failed() && outcome.result().value() instanceof Map<?, ?> record) {
      record.forEach(
          (name, field) -> {
            Buffer buffer = outcome.longFields().get(String.valueOf(name));
            fields.put(String.valueOf(name), buffer != null ? buffer : returned(field));
          });
      fields.values().removeIf(java.util.Objects::isNull);
    }
    return fields;
  }

  /** Whether a value is too long for the results. */
  private static boolean isLong(Object value) {
    return value instanceof NumericArray array && array.size() > LuaValues.LONGEST_ARRAY
        || value instanceof byte[] bytes && bytes.length > LuaValues.LONGEST_ARRAY;
  }

  private ScriptEntry entry(Planned planned, Outcome outcome, long begin) {
    Result result = outcome.result();
    long started = result == null ? begin : result.startedNanos();
    long ended = result == null ? System.nanoTime() : result.endedNanos();
    boolean gave = !outcome.failed() && outcome.buffer() == null;
    Object value = gave ? returned(result.value()) : null;
    return new ScriptEntry(
        Integer.parseInt(planned.call.correlation().substring(id.length() + 1)),
        planned.target.label(),
        planned.target.verb(),
        planned.params,
        begunMs + (started - begunNanos) / 1_000_000,
        outcome.buffer() != null
            ? "buffer"
            : gave ? type(result.command().result(), value) : "void",
        value,
        outcome.buffer(),
        fields(outcome),
        outcome.failed() ? outcome.text() : null,
        (ended - started) / 1e6,
        planned.call.correlation());
  }

  private static Object returned(Object value) {
    if (value == null) {
      return null;
    }
    if (value instanceof byte[] bytes) {
      List<Object> list = new ArrayList<>(bytes.length);
      for (byte b : bytes) {
        list.add(b & 0xff);
      }
      return list;
    }
    return LuaValues.plain(value);
  }

  private static String type(ValueType type, Object value) {
    if (value == null) {
      return "void";
    }
    if (value instanceof List<?>) {
      return "array";
    }
    return switch (type.kind()) {
      case BOOLEAN -> "bool";
      case INT, LONG -> "int64";
      case DOUBLE -> "double";
      default -> "string";
    };
  }

  /** A call failed, and nobody deals with it. */
  void failed(Outcome outcome) {
    if (strict) {
      if (failedCall == null) {
        failedCall =
            outcome.target().label() + "." + outcome.target().verb() + ": " + outcome.text();
      }
      throw new LuaError(outcome.text());
    }
  }

  /** Takes a lease that ends with the script at the latest. */
  Lease lease(LeaseRequest wanted) {
    budget.check();
    Lease lease;
    waiting = Thread.currentThread();
    try {
      lease = node.leases.take(wanted.client(id + "-" + ++leased), caller);
    } finally {
      waiting = null;
    }
    leases.put(lease, wanted.ttl());
    return lease;
  }

  void release(Lease lease) {
    leases.remove(lease);
    lease.close();
  }

  /** Keeps the leases of a script that goes on. */
  void renewLeases() {
    leases.forEach(
        (lease, time) -> {
          try {
            if (lease.remaining().compareTo(time.dividedBy(2)) < 0) {
              lease.renew();
            }
          } catch (Refused over) {
            // somebody broke it; the next call under it says so
          }
        });
  }

  Buffer buffer(String bufferId) {
    return node.buffers.get(bufferId, caller);
  }

  void log(String text) {
    String line = text.length() > 10_000 ? text.substring(0, 10_000) + "…" : text;
    LOG.info("{} [{}]: {}", name(), id, line);
  }

  void record(String key, Object value) {
    if (records.size() >= MOST_RECORDS) {
      throw new LuaError("more than " + MOST_RECORDS + " values are recorded");
    }
    records.add(new ScriptResult.Recorded(key, LuaValues.plain(value), System.currentTimeMillis()));
  }

  @Override
  public void print(String text) {
    int room = LONGEST_OUTPUT - output.length();
    if (room >= text.length()) {
      output.append(text);
    } else if (!cut) {
      cut = true;
      output.append(text, 0, Math.max(0, room)).append("\n… the output is longer than 1 MiB\n");
    }
  }

  @Override
  public void pause(double seconds) {
    if (!(seconds >= 0 && seconds <= 86_400)) {
      throw new LuaError("a pause of " + seconds + " s is outside [0 s, 86400 s]");
    }
    long end = System.nanoTime() + (long) (seconds * 1e9);
    waiting = Thread.currentThread();
    try {
      budget.check();
      for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
        LockSupport.parkNanos(this, left);
        budget.check();
      }
    } finally {
      waiting = null;
    }
    if (seconds >= 0.001) {
      budget.progressed();
    }
  }

  @Override
  public Sandbox.Source library(String module) {
    return library.find(module);
  }

  /** Ends the script before its next instruction or call. */
  void stop(String why) {
    budget.stop(why);
    Thread waits = waiting;
    if (waits != null) {
      waits.interrupt(); // a pause, or the wait for a lease
    }
  }

  /** Releases what the script held. */
  void close() {
    leases.keySet().forEach(Lease::close);
    leases.clear();
  }

  /**
   * What came of it.
   *
   * @param error why the script ended before its end; null when it did not
   */
  ScriptResult result(String error) {
    String failure = error != null || !strict ? error : failedCall;
    return new ScriptResult(
        name(),
        failure,
        output.toString(),
        entries,
        calls - entries.size(),
        records,
        degraded,
        (System.nanoTime() - begunNanos) / 1e6);
  }
}
