// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.ErrorCode;
import consort.api.InstrumentException;
import consort.api.InstrumentInfo;
import consort.api.Reason;
import consort.api.Unreachable;
import java.time.Duration;

/**
 * The attempts to have an instance that works: how a plan begins, what follows when it does not
 * start, which one to go back to, when to try again. Under the guard's lock.
 */
final class Attempts {

  private final Machine machine;
  private final Environment env;

  /** The plan that failed last: it is not tried again at once. */
  private Plan failed;

  private Plan lastGood;
  private InstrumentInfo lastInfo;
  private int count;
  private boolean retryPending;

  Attempts(Machine machine, Environment env) {
    this.machine = machine;
    this.env = env;
  }

  /** How long making and connecting may take. */
  static Duration limit(Plan of) {
    return Guard.START_LIMIT.plus(of.spec.startupDelay());
  }

  /** The plan that worked last, null for none. */
  Plan lastGood() {
    return lastGood;
  }

  /** What the instance could do that worked last, null for none. */
  InstrumentInfo lastInfo() {
    return lastInfo;
  }

  /** There is another plan. */
  void planned() {
    count = 0;
    retryPending = false;
  }

  /** The instance serves. */
  void admitted() {
    count = 0;
    failed = null;
  }

  /** An instance was given up. */
  void abandoned(Plan of) {
    failed = of;
  }

  /** How a plan that was at fault begins; null for not at all. */
  Event again() {
    return machine.plan() == failed ? null : beginning();
  }

  /** How the plan begins where nothing runs; null for not at all, or not yet. */
  Event beginning() {
    Plan plan = machine.plan();
    if (plan.goal != Plan.Goal.RUN) {
      return plan.goal == Plan.Goal.STOP ? Event.STOP : Event.CLOSE;
    }
    boolean offline = machine.phase() == Phase.OFFLINE;
    if (plan.source == null) {
      String pin = plan.spec.version() == null ? "" : " of version " + plan.spec.version();
      machine.condition.because(
          Reason.NO_DRIVER, "no driver " + plan.spec.driver() + pin + " is installed");
      Exchange exchange = machine.exchange;
      boolean waits = exchange.holding() || (machine.waiting.isEmpty() && !exchange.isUnderWay());
      return offline && waits ? null : Event.NO_DRIVER;
    }
    if (offline && (retryPending || plan == failed)) {
      return null;
    }
    int stuck = machine.crew.stuck();
    if (machine.instance() == null && stuck >= Guard.STUCK) {
      failed = plan;
      machine.condition.because(
          Reason.STUCK, stuck + " threads of its drivers are stuck; restart the node");
      return Event.EXHAUSTED;
    }
    return Event.START;
  }

  /** Whether the plan is another one than that which just failed, so that it is tried at once. */
  boolean anotherIsNext() {
    Plan plan = machine.plan();
    Plan last = machine.instance() == null ? failed : machine.instance().plan;
    return plan.goal == Plan.Goal.RUN && plan.source != null && plan != last;
  }

  /** The driver's thread is back from making and connecting. */
  void started(Instance made, Thrown failure) {
    boolean broken = made.isClosed();
    if (broken) {
      machine.drop();
    }
    if (machine.phase() == Phase.LATE_START) {
      String limit = Texts.seconds(limit(made.plan).toNanos());
      machine.condition.because(Reason.CONNECT_TIMEOUT, "connecting took longer than " + limit);
      fail(made.plan, Event.START_FAILED);
    } else if (failure == null) {
      lastInfo = made.info();
      lastGood = made.plan;
      machine.step(Event.STARTED);
    } else {
      machine.condition.remember(failure.text());
      if (!(failure.cause() instanceof InstrumentException)) {
        env.mistake(machine.guard, "connect", failure);
      }
      machine.condition.because(broken ? Reason.CONFIGURATION : why(made, failure), failure.text());
      fail(made.plan, broken ? Event.BROKEN : Event.START_FAILED);
    }
    if (broken) {
      machine.urgents.giveUp();
    }
  }

  private static Reason why(Instance made, Thrown failure) {
    if (failure.cause() instanceof Unreachable e && e.code() == ErrorCode.NO_LINK) {
      return Reason.NO_LINK;
    }
    return made.failedItsCheck() ? Reason.UNHEALTHY : Reason.CONNECT_FAILED;
  }

  /**
   * A start failed: where there is a driver to go back to, that is the plan now. A plan that has
   * worked stays; it is the link then that fails, and comes back.
   */
  void fail(Plan of, Event event) {
    failed = of;
    String why = machine.condition.reasonText();
    machine.exchange.failed(of, why);
    Plan back = of.fallback();
    boolean hasWayBack = back != null && !back.source.isGone();
    if (machine.plan() == of && hasWayBack && of != lastGood) {
      machine.condition.remember("the driver " + of.source + " was taken back: " + why);
      machine.goBack(back);
    }
    machine.step(event);
  }

  /** Tries again after the back-off, unless another plan is tried at once. */
  void retryLater() {
    if (anotherIsNext()) {
      return;
    }
    Plan plan = machine.plan();
    if (!plan.spec.reconnect().enabled()) {
      machine.condition.add("; reconnecting is off, 'restart " + machine.name + "' tries again");
      failed = plan;
      return;
    }
    retryPending = true;
    machine.limit.arm(
        plan.spec.reconnect().delay(count++),
        () -> {
          if (machine.plan() == plan && retryPending) {
            retryPending = false;
            failed = null;
          }
        });
  }
}
