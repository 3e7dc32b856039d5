// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.ErrorCode;
import consort.api.Refused;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** The urgent calls that run in the present instance of a guard. Under the guard's lock. */
final class UrgentCalls {

  /** The most at once. */
  static final int MOST = 4;

  /** One of them. */
  static final class Run {
    final Pending call;
    final Instance on;
    private Thread thread;
    private CompletionStage<?> stage;

    private Run(Pending call, Instance on) {
      this.call = call;
      this.on = on;
    }

    /** The thread that is in the driver, or null. */
    Thread thread() {
      return thread;
    }

    /** What the driver has returned and is not complete, or null. */
    CompletionStage<?> stage() {
      return stage;
    }
  }

  private final String instrument;
  private final Map<Pending, Run> runs = new HashMap<>();

  UrgentCalls(String instrument) {
    this.instrument = instrument;
  }

  boolean isEmpty() {
    return runs.isEmpty();
  }

  /** The run of a call; null when it is over, given up or was never urgent. */
  Run of(Pending call) {
    return runs.get(call);
  }

  /** Refuses a call beyond the limit. */
  void requireRoom() {
    if (runs.size() >= MOST) {
      throw new Refused(ErrorCode.BUSY, MOST + " urgent calls of " + instrument + " are running");
    }
  }

  Run begin(Pending call, Instance on) {
    Run run = new Run(call, on);
    runs.put(call, run);
    return run;
  }

  /** The current thread is about to enter the driver; false when the call is wanted no more. */
  boolean enter(Run run) {
    if (!runs.containsKey(run.call)) {
      return false;
    }
    if (run.call.outcome() != null) {
      runs.remove(run.call);
      return false;
    }
    run.thread = Thread.currentThread();
    return true;
  }

  /** The driver has returned a stage; true when it is still wanted. */
  boolean await(Run run, CompletionStage<?> returned) {
    run.stage = returned;
    return runs.containsKey(run.call) && run.call.outcome() == null;
  }

  /** The thread has left the driver. */
  void leave(Run run) {
    run.thread = null;
  }

  void end(Run run) {
    runs.remove(run.call);
  }

  Collection<Run> all() {
    return runs.values();
  }

  /** Forgets them all, as their instance is given up. */
  Collection<Run> giveUp() {
    List<Run> all = List.copyOf(runs.values());
    runs.clear();
    return all;
  }
}
