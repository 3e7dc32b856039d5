// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Reason;
import java.time.Duration;

/** The limit of a guard's phase, and what follows when it is over. Under the guard's lock. */
final class PhaseLimit {

  private final Machine machine;
  private final Environment env;

  /** Counts the phases, so that a timer of one that is over does nothing. */
  private long entered;

  private Runnable disarm = () -> {};

  PhaseLimit(Machine machine, Environment env) {
    this.machine = machine;
    this.env = env;
  }

  /** Another phase begins. */
  void begin(Phase phase) {
    entered++;
    disarm.run();
    disarm = () -> {};
    switch (phase) {
      case STARTING -> arm(Attempts.limit(machine.plan()), () -> machine.step(Event.TIMEOUT));
      case LATE_START, OVERDUE, LATE_STAGE, SAVING, CLOSING -> arm(Guard.GRACE, this::graceOver);
      case RESYNC -> arm(Guard.SYNC_LIMIT, this::graceOver);
      case OFFLINE, FAULT -> {
        if (machine.exchange.isUnderWay()) {
          arm(Guard.HOLD, this::holdOver);
        }
      }
      case READY, BUSY, WAITING, STOPPED, CLOSED -> {}
    }
  }

  /** Has something done after a while, if the phase is still the same. */
  void arm(Duration limit, Runnable then) {
    long now = entered;
    disarm =
        env.later(
            limit.toNanos(),
            () -> {
              synchronized (machine.lock) {
                if (entered == now) {
                  then.run();
                  machine.next();
                }
              }
            });
  }

  private void holdOver() {
    if (machine.exchange.holdIsOver()) {
      machine.step(Event.HOLD_OVER);
    }
  }

  private void graceOver() {
    Phase phase = machine.phase();
    stuckIn(
        switch (phase) {
          case CLOSING -> "closing";
          case SAVING -> "saving its state";
          case LATE_START -> "connecting";
          case RESYNC -> "resynchronising its link";
          default -> machine.current.toString();
        });
    if (phase == Phase.LATE_START) {
      machine.attempts.fail(machine.instance().plan, Event.GRACE_OVER);
    } else {
      machine.step(Event.GRACE_OVER);
    }
  }

  /** The driver did not return in time from something. */
  void stuckIn(String what) {
    String text = "the driver did not return from " + what;
    machine.condition.remember(text);
    machine.condition.because(
        Reason.STUCK, text + "; 'restart " + machine.name + "' makes a new one");
  }
}
