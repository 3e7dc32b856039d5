// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.InstrumentException;
import consort.api.coordinator.SwapOutcome;
import consort.api.coordinator.SwapStatus;
import consort.api.driver.SavedState;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Exchanges the instance of a guard for that of another plan, and keeps how that ended. Under the
 * guard's lock.
 */
final class Exchange {

  private final Machine machine;
  private final Environment env;

  /** Whether an instance that was ready is being exchanged. */
  private boolean underWay;

  /** What is handed over and compared meanwhile; null for nothing. */
  private Swap swap;

  private final Deque<SwapOutcome> past = new ArrayDeque<>();

  Exchange(Machine machine, Environment env) {
    this.machine = machine;
    this.env = env;
  }

  /** Whether an instance that was ready is being exchanged, and calls are held. */
  boolean isUnderWay() {
    return underWay;
  }

  /** There is another plan. */
  void planned() {
    boolean lives = machine.instance() != null && machine.phase() != Phase.OFFLINE;
    underWay = machine.plan().goal == Plan.Goal.RUN && (underWay || lives);
    begin();
  }

  /** The plan is another one: what shall the next instance begin with? */
  private void begin() {
    Plan plan = machine.plan();
    Instance instance = machine.instance();
    if (plan.goal != Plan.Goal.RUN || plan.anew) {
      swap = null;
    } else if (swap != null) {
      swap.retarget(plan);
    } else if (instance != null && instance.info() != null) {
      swap = new Swap(plan, instance, env.nanoTime());
    }
    if (swap != null && plan.source != null) {
      env.swapping(machine.guard, status());
    }
  }

  /** Whether calls are held although no driver is tried: one is expected to come. */
  boolean holding() {
    Plan plan = machine.plan();
    return underWay
        && plan.goal == Plan.Goal.RUN
        && (plan.source == null || (swap != null && swap.forced() && plan == swap.target()));
  }

  /** What an instance begins with; null where it takes the place of none. */
  Instance.Entry entry(Plan of) {
    return swap == null ? null : swap.entry(of);
  }

  // ---- What happens ----

  /** A call comes and waits. */
  void held() {
    if (swap != null) {
      swap.hold();
    }
  }

  /** No call runs any more. */
  void drained() {
    if (swap != null) {
      swap.drained(env.nanoTime(), machine.waiting.size());
    }
  }

  /** Something worth knowing that did not stop it. */
  void note(String words) {
    if (swap != null) {
      swap.note(words);
    }
  }

  /** Whether the instance that goes is to be asked for its state. */
  boolean toSave() {
    return swap != null && swap.toSave() && machine.instance().saves();
  }

  /** The driver's thread is back from saving. */
  void saved(Object outcome, Thrown thrown) {
    if (thrown != null && !(thrown.cause() instanceof InstrumentException)) {
      env.mistake(machine.guard, "save", thrown);
    }
    if (swap == null) {
      // It is stopped, or begins anew, meanwhile.
      machine.step(Event.SAVED);
      return;
    }
    swap.saved(thrown != null ? null : (SavedState) outcome, env.nanoTime());
    if (thrown == null) {
      machine.step(Event.SAVED);
      return;
    }
    String why = "the version before does not give its state: " + thrown.text();
    machine.condition.remember(why);
    if (machine.plan().fallback() == null) {
      swap.note("without the state: " + why);
      machine.step(Event.SAVED);
      return;
    }
    tell(
        SwapOutcome.Result.TAKEN_BACK,
        why + "; 'restart " + machine.name + "' goes on without",
        Swap.Blame.OLD);
    swap = null;
    underWay = false;
    machine.goBack(machine.instance().plan);
    machine.step(Event.SAVE_FAILED);
  }

  /** The instance that goes is closed. */
  void closed() {
    if (swap != null) {
      swap.closed(env.nanoTime());
    }
  }

  /** A plan did not start. */
  void failed(Plan of, String why) {
    if (swap != null && swap.target() == of) {
      swap.failed(why);
    }
  }

  /**
   * Nothing runs, and nothing else is tried at once.
   *
   * @return whether calls are held all the same
   */
  boolean stalled() {
    if (swap != null && swap.failed() && swap.report()) {
      String reason = machine.condition.reasonText();
      if (machine.plan() != swap.target()) {
        reason = swap.failure() + "; the old version does not come back: " + reason;
      }
      tell(SwapOutcome.Result.FAILED, reason, Swap.Blame.NOBODY);
    }
    underWay = holding();
    return underWay;
  }

  /** Calls were held long enough; false when that is known. */
  boolean holdIsOver() {
    boolean before = underWay;
    underWay = false;
    return before;
  }

  /** The instance serves: that is the end of the exchange, if there is not another plan by now. */
  void admitted() {
    end();
    Plan plan = machine.plan();
    underWay = machine.instance().plan != plan && plan.goal == Plan.Goal.RUN;
    if (underWay) {
      begin();
    } else {
      plan.settle();
    }
  }

  private void end() {
    if (swap == null) {
      return;
    }
    Instance instance = machine.instance();
    if (!instance.unrestored().isEmpty()) {
      swap.note(instance.unrestored());
      machine.condition.remember(
          "the driver " + instance.plan.source + ": " + instance.unrestored());
    }
    boolean back = swap.failed();
    tell(
        back ? SwapOutcome.Result.TAKEN_BACK : SwapOutcome.Result.DONE,
        swap.failure(),
        back ? Swap.Blame.NEW : Swap.Blame.NOBODY);
    swap = null;
  }

  /** Tells how it ended, or for the time being ended. */
  private void tell(SwapOutcome.Result result, String reason, Swap.Blame blame) {
    SwapOutcome outcome =
        swap.outcome(machine.name, result, env.now(), env.nanoTime(), reason, machine.instance());
    past.addFirst(outcome);
    if (past.size() > Guard.SWAPS) {
      past.removeLast();
    }
    env.swapped(machine.guard, outcome, swap.tried(), blame);
  }

  // ---- For people ----

  /** The exchange that is under way, null for none. */
  SwapStatus status() {
    if (swap == null || !underWay || swap.tried() == null) {
      return null;
    }
    DriverSource to = swap.tried();
    return new SwapStatus(
        machine.name,
        to.name(),
        swap.from(),
        to.version().toString(),
        to.bundleId(),
        swap.isDrained(),
        text());
  }

  private String text() {
    if (swap.isDrained()) {
      return "moving";
    }
    Pending running = machine.current.call();
    if (running == null) {
      return swap.isPostponed() ? "postponed" : "waiting";
    }
    long seconds = running.running(env.nanoTime()) / 1_000_000_000L;
    return (swap.isPostponed() ? "postponed: " : "waiting: ")
        + machine.name
        + " has been in "
        + running.command()
        + " for "
        + seconds
        + " s";
  }

  /**
   * Nobody waits any longer for the exchange that is under way: it comes when the running call is
   * over.
   *
   * @return what is to be told, null when there is nothing to tell
   */
  SwapStatus postpone() {
    boolean first = swap != null && underWay && !swap.isDrained() && swap.postpone();
    return first ? status() : null;
  }

  /** How the newest ended, the newest first. */
  List<SwapOutcome> past() {
    return List.copyOf(past);
  }
}
