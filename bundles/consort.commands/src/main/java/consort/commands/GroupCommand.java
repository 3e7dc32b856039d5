// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.Call;
import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.Instrument;
import consort.api.LeaseToken;
import consort.api.Refused;
import consort.api.Result;
import consort.api.Role;
import consort.api.coordinator.Coordinator;
import consort.api.coordinator.Group;
import consort.api.coordinator.GroupResult;
import consort.api.coordinator.Groups;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The command that calls several instruments together. */
final class GroupCommand {

  /** The most steps of a group. */
  private static final int MOST = 256;

  /** The longest that participants are waited for. */
  private static final Duration LONGEST = Duration.ofHours(1);

  private static final CommandDoc STEP =
      new CommandDoc("a step", Role.OBSERVER, CallCommands.CALL, "A call of a group.");

  private final Coordinator coordinator;
  private final Groups groups;

  GroupCommand(Coordinator coordinator, Groups groups) {
    this.coordinator = coordinator;
    this.groups = groups;
  }

  List<Command> all() {
    return List.of(
        new Command(
            new CommandDoc(
                "parallel",
                Role.OPERATOR,
                List.of(
                    new CommandDoc.Parameter("steps", "calls that run at once", true),
                    new CommandDoc.Parameter(
                        "blocks", "lists of steps, with a barrier after each", true),
                    new CommandDoc.Parameter(
                        "together", "true: the steps of a block begin at one instant", true),
                    new CommandDoc.Parameter("policy", "abort or continue", true),
                    new CommandDoc.Parameter(
                        "timeout", "how long participants are waited for, 10 s", true),
                    new CommandDoc.Parameter("deadline", "of each step that has none", true),
                    new CommandDoc.Parameter("lease", "of each step that names none", true)),
                "Calls several instruments at once, with barriers between blocks of calls."),
            this::run));
  }

  private Map<String, Object> run(Parameters p, Caller caller) {
    return reply(groups.run(group(p, caller)));
  }

  // ---- The request ----

  private Group group(Parameters p, Caller caller) {
    if (p.has("steps") == p.has("blocks")) {
      throw Wrong.request("either steps or blocks must be given");
    }
    List<?> written = p.has("steps") ? List.of(p.list("steps")) : p.list("blocks");
    List<List<Group.Step>> blocks = new ArrayList<>();
    int count = 0;
    for (Object block : written) {
      if (!(block instanceof List<?> steps) || steps.isEmpty()) {
        throw Wrong.request("block " + (blocks.size() + 1) + " is not a list of steps");
      }
      count += steps.size();
      if (count > MOST) {
        throw Wrong.request("a group has at most " + MOST + " steps");
      }
      blocks.add(block(blocks.size() + 1, steps, p, caller));
    }
    if (blocks.isEmpty()) {
      throw Wrong.request("there is no step");
    }
    boolean together = Boolean.TRUE.equals(p.flag("together"));
    return new Group(blocks, together, policy(p), timeout(p));
  }

  private List<Group.Step> block(int block, List<?> steps, Parameters p, Caller caller) {
    List<Group.Step> made = new ArrayList<>();
    for (Object step : steps) {
      String where = "step " + (made.size() + 1) + " of block " + block + ": ";
      try {
        if (!(step instanceof Map<?, ?> map)) {
          throw Wrong.request("it is not an object with name and verb");
        }
        @SuppressWarnings("unchecked") // what comes from JSON or a face has text keys
        Map<String, ?> given = (Map<String, ?>) map;
        made.add(step(new Parameters(STEP, given), p, caller));
      } catch (Wrong wrong) {
        throw new Wrong(wrong.code(), where + wrong.getMessage());
      } catch (Refused refused) {
        throw new Wrong(refused.code().text(), where + refused.getMessage());
      }
    }
    return made;
  }

  private Group.Step step(Parameters step, Parameters group, Caller caller) {
    Instrument instrument = Instruments.require(coordinator, step.instrument());
    String verb = step.text("verb");
    Arguments arguments = Arguments.of(instrument, verb, step);
    Duration own = step.duration("deadline");
    LeaseToken lease = step.has("lease") ? step.lease() : group.lease();
    Call call =
        new Call(
            verb,
            arguments.positional(),
            arguments.named(),
            own == null ? group.duration("deadline") : own,
            caller,
            "",
            lease);
    return new Group.Step(instrument.name(), call);
  }

  private static Group.Policy policy(Parameters p) {
    String policy = p.textOr("policy", "abort");
    return switch (policy) {
      case "abort" -> Group.Policy.ABORT;
      case "continue" -> Group.Policy.CONTINUE;
      default ->
          throw Wrong.request(
              "policy must be abort or continue, not " + Parameters.shortened(policy));
    };
  }

  private static Duration timeout(Parameters p) {
    Duration given = p.duration("timeout");
    if (given != null && given.compareTo(LONGEST) > 0) {
      throw Wrong.request("timeout: participants are waited for at most 1 h");
    }
    return given == null ? Group.TIMEOUT : given;
  }

  // ---- The reply ----

  private static Map<String, Object> reply(GroupResult result) {
    long begin =
        result.outcomes().stream()
            .filter(outcome -> outcome.result() != null)
            .mapToLong(outcome -> outcome.result().startedNanos())
            .min()
            .orElse(0);
    int last = result.outcomes().get(result.outcomes().size() - 1).block();
    List<Object> blocks = new ArrayList<>();
    for (int block = 0; block <= last; block++) {
      blocks.add(block(result, block, begin));
    }
    return Plain.map(
        "success", result.succeeded(),
        "degraded", result.degraded(),
        "failed", failed(result),
        "error_message", Errors.shown(error(result)),
        "blocks", blocks);
  }

  private static Map<String, Object> block(GroupResult result, int block, long begin) {
    List<GroupResult.Outcome> outcomes =
        result.outcomes().stream().filter(outcome -> outcome.block() == block).toList();
    return Plain.map(
        "skew_ms",
        result.skew(block).toNanos() / 1e6,
        "steps",
        outcomes.stream().map(outcome -> step(outcome, begin)).toList());
  }

  private static Map<String, Object> step(GroupResult.Outcome outcome, long begin) {
    Call call = outcome.step().call();
    Result result = outcome.result();
    Map<String, Object> step =
        Plain.map("name", outcome.step().instrument(), "verb", Errors.shown(call.command()));
    if (result == null) {
      step.putAll(Errors.reply(outcome.error().getMessage(), outcome.error()));
      return step;
    }
    step.put("ok", true);
    step.putAll(CallCommands.reply(result));
    step.put("start_ms", (result.startedNanos() - begin) / 1e6);
    step.put("end_ms", (result.endedNanos() - begin) / 1e6);
    return step;
  }

  /** Those who failed; not those who could not go on because of them. */
  private static List<String> failed(GroupResult result) {
    Set<String> names = new LinkedHashSet<>();
    for (GroupResult.Outcome outcome : result.outcomes()) {
      if (outcome.error() != null && outcome.error().code() != ErrorCode.BARRIER_BROKEN) {
        names.add(outcome.step().instrument());
      }
    }
    return List.copyOf(names);
  }

  private static String error(GroupResult result) {
    if (result.failure() != null) {
      return result.failure().getMessage();
    }
    return result.outcomes().stream()
        .filter(outcome -> outcome.error() != null)
        .findFirst()
        .map(
            outcome ->
                outcome.step().instrument()
                    + "."
                    + outcome.step().call().command()
                    + " failed: "
                    + outcome.error().getMessage())
        .orElse("");
  }
}
