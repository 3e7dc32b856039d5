// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.ErrorCode;
import consort.api.InstrumentException;
import consort.api.Reason;
import consort.api.TimedOut;
import java.util.concurrent.CompletionStage;

/** The call that is in the driver, and the stage that it returned. Under the guard's lock. */
final class CurrentCall {

  private final Machine machine;
  private final Environment env;
  private Pending call;
  private CompletionStage<?> stage;

  CurrentCall(Machine machine, Environment env) {
    this.machine = machine;
    this.env = env;
  }

  /** The call, null for none. */
  Pending call() {
    return call;
  }

  /** The first call of the queue is sent now. */
  Pending take() {
    call = machine.waiting.take();
    return call;
  }

  /** There is none any more; its caller has been told. */
  void forget() {
    call = null;
    stage = null;
  }

  /** Gives it its result or error. */
  void answer(Object answer) {
    machine.checks.done(call, answer);
    machine.waiting.settle(call, answer);
    if (stage != null) {
      call.signal();
    }
    forget();
  }

  /** Tells its caller that the deadline has passed. */
  void expire() {
    TimedOut overdue = call.overdue();
    machine.checks.done(call, overdue);
    fail(overdue);
  }

  /** Gives it an error; the driver goes on. */
  void fail(InstrumentException e) {
    machine.waiting.fail(call, e);
  }

  /** Cancels it: to the driver it is as if the deadline had passed. */
  void cancel(String why) {
    String text = call + " was cancelled: " + why + "; its effect is unknown";
    fail(new TimedOut(ErrorCode.CANCELLED, text, null));
    if (machine.takes(Event.TIMEOUT)) {
      machine.step(Event.TIMEOUT);
    }
  }

  // ---- The driver is back ----

  /** The driver's thread has returned from a call. */
  void back(Pending of, Object outcome) {
    if (outcome instanceof CompletionStage<?> returned) {
      stage = returned;
      machine.step(Event.STAGE);
    } else {
      returned(of, outcome);
    }
  }

  /** Waits for the stage that the driver returned. */
  void awaitStage() {
    Pending awaited = call;
    CompletionStage<?> of = stage;
    Instance on = machine.instance();
    // On a thread of its own: asking for it may run code of the driver.
    env.run(
        () ->
            Answers.follow(
                of,
                (value, thrown) -> {
                  Object outcome = machine.answers.of(awaited, on, value, thrown);
                  synchronized (machine.lock) {
                    if (stage == of) {
                      returned(awaited, outcome);
                      machine.next();
                    }
                  }
                }));
  }

  /** Cancels the stage that is waited for, if there is one. */
  void cancelStage() {
    machine.answers.cancel(stage);
  }

  /** It has an outcome. */
  private void returned(Pending of, Object outcome) {
    if (machine.phase() == Phase.OVERDUE || machine.phase() == Phase.LATE_STAGE) {
      // Its caller has been told; the late answer is nobody's.
      machine.step(Event.RETURN);
      return;
    }
    Object answer = machine.answers.told(of, outcome);
    Event event = Event.RETURN;
    if (answer instanceof InstrumentException e) {
      event =
          switch (e.kind()) {
            case TIMED_OUT, GARBLED -> Event.RETURN_DIRTY;
            case UNREACHABLE -> e.code() == ErrorCode.NO_LINK ? Event.RETURN_LOST : Event.RETURN;
            case REFUSED, FAULTED -> Event.RETURN;
          };
      if (event == Event.RETURN_LOST) {
        machine.condition.because(Reason.NO_LINK, Texts.message(e));
      }
    }
    machine.step(event, answer);
  }

  /** {@code DMM1.measure_voltage}. */
  @Override
  public String toString() {
    return String.valueOf(call);
  }
}
