// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Call;
import consort.api.ErrorCode;
import consort.api.Instrument;
import consort.api.InstrumentException;
import consort.api.Origin;
import consort.api.Refused;
import consort.api.Result;
import consort.api.coordinator.Group;
import consort.api.coordinator.GroupResult;
import consort.api.mesh.Imported;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * One run of a group, on the thread of whoever runs it. That thread is the only one that waits: it
 * holds the deadlines of all calls, and as it sends a block only after all calls of the block
 * before have their outcome, no participant can pass the barrier early.
 */
final class GroupRun {

  private final Group group;
  private final Environment env;
  private final Map<String, Instrument> instruments = new HashMap<>();
  private final List<GroupResult.Outcome> outcomes = new ArrayList<>();
  private final Set<String> left = new HashSet<>();
  private InstrumentException failure;
  private boolean interrupted;

  /**
   * Finds all instruments of the group; one that goes meanwhile fails its calls.
   *
   * @param instruments finds a {@link Guard} or an {@link Imported}
   * @throws Refused when one does not exist
   */
  GroupRun(Group group, Environment env, Function<String, Instrument> instruments) {
    this.group = group;
    this.env = env;
    for (List<Group.Step> block : group.blocks()) {
      // An unknown instrument is refused before anything is sent.
      block.forEach(step -> this.instruments.computeIfAbsent(step.instrument(), instruments));
    }
  }

  GroupResult run() {
    for (int block = 0; block < group.blocks().size(); block++) {
      runBlock(block, group.blocks().get(block));
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return new GroupResult(outcomes, !left.isEmpty() && failure == null, failure);
  }

  private void runBlock(int block, List<Group.Step> steps) {
    StartGate gate = group.together() ? new StartGate(env) : null;
    List<GroupStep> sent = new ArrayList<>();
    prepare(steps, gate, sent);
    sent.forEach(GroupStep::submit);
    await(sent, gate);
    int next = 0;
    for (Group.Step step : steps) {
      if (next < sent.size() && sent.get(next).step() == step) {
        outcomes.add(outcome(block, step, sent.get(next++).outcome()));
      } else {
        outcomes.add(new GroupResult.Outcome(block, step, null, notSent(step)));
      }
    }
  }

  /** Makes the calls of a block, without those of participants that have left. */
  private void prepare(List<Group.Step> steps, StartGate gate, List<GroupStep> sent) {
    Map<String, Long> limits = new HashMap<>();
    Map<String, RemoteStep> last = new HashMap<>();
    for (Group.Step step : steps) {
      if (failure != null || left.contains(step.instrument())) {
        continue;
      }
      Instrument instrument = instruments.get(step.instrument());
      if (instrument instanceof Imported imported) {
        sent.add(
            last.compute(
                step.instrument(), (name, before) -> remote(step, imported, before, gate)));
        continue;
      }
      Guard guard = (Guard) instrument;
      Call call = step.call();
      // The second step of an instrument waits for the first, which must not cost it its deadline.
      boolean first = !limits.containsKey(step.instrument());
      long before =
          first ? (gate == null ? 0 : group.timeout().toNanos()) : limits.get(step.instrument());
      long own = guard.limit(call);
      long limit = before + own;
      limits.put(step.instrument(), limit);
      Pending pending = Pending.awaited(guard.name(), call, env.nanoTime(), limit);
      if (gate != null && first) {
        gate.expect(pending);
        pending.gate(gate, own);
      }
      sent.add(new LocalStep(step, guard, pending));
    }
  }

  private RemoteStep remote(
      Group.Step step, Imported instrument, RemoteStep before, StartGate gate) {
    boolean gated = gate != null && before == null;
    RemoteStep made =
        new RemoteStep(step, instrument, before, gated ? gate : null, group.timeout());
    if (gated) {
      gate.expect(made);
    }
    return made;
  }

  /** What a step is known as at the gate. */
  private static Object atGate(GroupStep step) {
    return step instanceof LocalStep local ? local.call() : step;
  }

  private InstrumentException notSent(Group.Step step) {
    String why =
        failure != null ? failure.getMessage() : step.instrument() + " has left the group before";
    return new Refused(
            ErrorCode.BARRIER_BROKEN,
            step.instrument() + "." + step.call().command() + " was not sent: " + why)
        .at(new Origin(step.instrument(), step.call().command(), "", "", ""));
  }

  private static GroupResult.Outcome outcome(int block, Group.Step step, Object outcome) {
    return outcome instanceof Result result
        ? new GroupResult.Outcome(block, step, result, null)
        : new GroupResult.Outcome(block, step, null, (InstrumentException) outcome);
  }

  /** Waits until every call has its outcome; deals with those that fail. */
  private void await(List<GroupStep> sent, StartGate gate) {
    long gateCloses = env.nanoTime() + group.timeout().toNanos();
    long abortAt = Long.MAX_VALUE;
    Set<GroupStep> settled = Collections.newSetFromMap(new IdentityHashMap<>());
    while (settled.size() < sent.size()) {
      long now = env.nanoTime();
      long wake = abortAt;
      for (GroupStep one : sent) {
        if (settled.contains(one)) {
          continue;
        }
        long deadline = one.deadline();
        if (one.outcome() == null && deadline != GroupStep.NEVER && deadline - now <= 0) {
          one.expire();
        }
        Object outcome = one.outcome();
        if (outcome == null) {
          wake = earlier(wake, deadline);
        } else {
          settled.add(one);
          if (outcome instanceof InstrumentException e
              && fails(one, e, gate)
              && abortAt == Long.MAX_VALUE) {
            abortAt = now + group.timeout().toNanos();
            wake = earlier(wake, abortAt);
          }
        }
      }
      if (gate != null && !gate.isOpen() && failure == null) {
        if (gateCloses - now <= 0) {
          late(sent, gate);
          continue;
        }
        wake = earlier(wake, gateCloses);
      }
      if (abortAt != Long.MAX_VALUE && abortAt - now <= 0) {
        sent.forEach(one -> one.cancel("the group ended"));
        abortAt = Long.MAX_VALUE;
      } else if (settled.size() < sent.size()) {
        LockSupport.parkNanos(
            this, wake == Long.MAX_VALUE ? 1_000_000_000L : Math.max(1, wake - now));
        interrupted |= Thread.interrupted();
      }
    }
  }

  private static long earlier(long a, long b) {
    return a == Long.MAX_VALUE || (b != Long.MAX_VALUE && b - a < 0) ? b : a;
  }

  /** A participant fails; true when the group ends because of it. */
  private boolean fails(GroupStep one, InstrumentException e, StartGate gate) {
    boolean first = failure == null;
    left.add(one.step().instrument());
    if (group.policy() == Group.Policy.CONTINUE) {
      if (gate != null) {
        gate.without(atGate(one));
      }
      return false;
    }
    if (first) {
      String why = one.step().instrument() + " left the group: " + e.getMessage();
      failure =
          new Refused(ErrorCode.BARRIER_BROKEN, why, e)
              .at(new Origin(one.step().instrument(), one.step().call().command(), "", "", ""));
      if (gate != null) {
        gate.breakUp(why);
      }
    }
    return first;
  }

  /** Some have not come to the gate in time. */
  private void late(List<GroupStep> sent, StartGate gate) {
    for (GroupStep one : sent) {
      if (gate.isMissing(atGate(one))) {
        String limit = Texts.seconds(group.timeout().toNanos());
        one.cancel(one.step().instrument() + " was not ready within " + limit);
      }
    }
  }
}
