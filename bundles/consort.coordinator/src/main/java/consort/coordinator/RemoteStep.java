// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.ErrorCode;
import consort.api.InstrumentException;
import consort.api.Origin;
import consort.api.Refused;
import consort.api.Result;
import consort.api.TimedOut;
import consort.api.coordinator.Group;
import consort.api.coordinator.Startable.Start;
import consort.api.mesh.Imported;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * A step whose instrument is at another node. That node holds its deadline, and the mesh notices
 * when the node is gone, so that it always gets an outcome.
 */
final class RemoteStep implements GroupStep, StartGate.Waiting {

  private final Group.Step step;
  private final Imported instrument;
  private final RemoteStep before;
  private final StartGate gate;
  private final Duration ready;
  private final Thread runner = Thread.currentThread();
  private final AtomicReference<Object> outcome = new AtomicReference<>();
  private final CompletableFuture<Void> over = new CompletableFuture<>();

  /** The call that is made ready; it may be ready before it is here. */
  private final CompletableFuture<Start> start = new CompletableFuture<>();

  /** Whether it was sent, or never will be: decided once. */
  private final AtomicReference<Boolean> goes = new AtomicReference<>();

  private volatile CompletableFuture<Result> sent;

  /**
   * Makes a step that is not sent.
   *
   * @param before the step of the same instrument that it follows, null for none
   * @param gate where it waits until it begins, null for nowhere
   * @param ready how long it may take to become ready, where there is a gate
   */
  RemoteStep(
      Group.Step step, Imported instrument, RemoteStep before, StartGate gate, Duration ready) {
    this.step = step;
    this.instrument = instrument;
    this.before = before;
    this.gate = gate;
    this.ready = ready;
  }

  @Override
  public Group.Step step() {
    return step;
  }

  @Override
  public void submit() {
    if (before == null) {
      send();
    } else {
      // Its deadline is counted at the other node, and must not run while it waits for its turn.
      before.over.thenRun(this::send);
    }
  }

  private void send() {
    if (!goes.compareAndSet(null, true)) {
      return;
    }
    if (gate == null) {
      sent = instrument.send(step.call()).toCompletableFuture();
      sent.whenComplete(this::done);
      if (outcome.get() != null) {
        sent.cancel(false);
      }
    } else {
      Start made = instrument.prepare(step.call(), ready, () -> gate.arrive(this, this));
      start.complete(made);
      made.result().whenComplete(this::done);
    }
  }

  @Override
  public void opened() {
    start.thenAccept(Start::begin);
  }

  @Override
  public void broken(String why) {
    settle(StartGate.notSent(this, why));
    start.thenAccept(made -> made.abort(why));
  }

  private void done(Result result, Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause == null) {
      settle(result);
    } else if (cause instanceof InstrumentException known) {
      settle(known);
    } else {
      settle(new TimedOut(this + ": " + cause + "; its effect is unknown", cause));
    }
  }

  private void settle(Object what) {
    Object known =
        what instanceof InstrumentException e
            ? e.at(new Origin(step.instrument(), step.call().command(), "", "", ""))
            : what;
    if (outcome.compareAndSet(null, known)) {
      over.complete(null);
      LockSupport.unpark(runner);
    }
  }

  @Override
  public Object outcome() {
    return outcome.get();
  }

  @Override
  public long deadline() {
    return NEVER;
  }

  @Override
  public void expire() {
    // the other node does
  }

  @Override
  public void cancel(String why) {
    boolean begun =
        !goes.compareAndSet(null, false)
            && Boolean.TRUE.equals(goes.get())
            && (gate == null || gate.isOpen());
    settle(
        begun
            ? new TimedOut(
                ErrorCode.CANCELLED,
                this + " was cancelled: " + why + "; its effect is unknown",
                null)
            : new Refused(ErrorCode.CANCELLED_IN_QUEUE, this + " was not sent: " + why));
    start.thenAccept(made -> made.abort(why));
    CompletableFuture<Result> now = sent;
    if (now != null) {
      now.cancel(false);
    }
  }

  /** {@code DMM1.measure_voltage}. */
  @Override
  public String toString() {
    return step.instrument() + "." + step.call().command();
  }
}
