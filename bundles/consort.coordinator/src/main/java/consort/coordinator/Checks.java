// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.InstrumentException;
import consort.api.Reason;

/**
 * Has the hardware checked at the end of each interval in which nobody has called. Under the
 * guard's lock.
 */
final class Checks {

  private final Machine machine;
  private final Environment env;
  private final Health health = new Health();

  Checks(Machine machine, Environment env) {
    this.machine = machine;
    this.env = env;
  }

  /** An instance is ready. */
  void begin(Instance ready) {
    if (health.begin(ready, machine.waiting.counts().sent())) {
      later(ready);
    }
  }

  private void later(Instance of) {
    env.later(
        of.plan.spec.health().toNanos(),
        () -> {
          synchronized (machine.lock) {
            if (machine.instance() != of) {
              return;
            }
            boolean quiet = health.wasQuiet(machine.waiting.counts().sent());
            if (quiet && machine.isIdle() && machine.plan() == of.plan) {
              machine.calls.enqueue(Task.CHECK, Guard.CHECK_LIMIT);
              machine.next();
            }
            later(of);
          }
        });
  }

  /** A call has an outcome; of interest where it is a check. */
  void done(Pending call, Object outcome) {
    if (!call.isTask(Task.CHECK)) {
      return;
    }
    if (outcome instanceof InstrumentException e) {
      health.failed(Texts.message(e));
      env.fault(machine.guard, "HEALTH", "the check failed: " + Texts.message(e));
    } else {
      health.passed();
    }
  }

  /** Whether so many have failed that it is time to connect anew; says why, once. */
  boolean findLost() {
    if (!health.isLost()) {
      return false;
    }
    health.passed();
    machine.condition.because(Reason.UNHEALTHY, health.latest());
    return true;
  }
}
