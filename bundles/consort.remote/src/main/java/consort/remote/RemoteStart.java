// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.ErrorCode;
import consort.api.Refused;
import consort.api.Result;
import consort.api.TimedOut;
import consort.api.Unreachable;
import consort.api.coordinator.Startable.Start;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;

/** A call that another node makes ready, and begins when it is told to. */
final class RemoteStart implements Start {

  /** What became of it here; the first that is not WAITING counts. */
  private enum Phase {
    WAITING,
    BEGUN,
    ABORTED
  }

  /** Makes of an answer what the caller gets. */
  interface Reading {
    Result result(Pending.Outcome outcome, long begun);
  }

  private final PeerClient peer;
  private final String what;
  private final CompletableFuture<Result> result = new CompletableFuture<>();
  private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.WAITING);
  private volatile Pending asked;
  private volatile long begun = System.nanoTime();

  RemoteStart(PeerClient peer, String what) {
    this.peer = peer;
    this.what = what;
  }

  /**
   * Sends it.
   *
   * @param question makes the message
   * @param until how long it may take in all; null for the owner's deadline
   */
  void send(
      java.time.Duration until, PeerClient.Question question, Reading reading, Runnable ready) {
    asked =
        peer.send(
            what,
            until,
            question,
            outcome -> {
              try {
                result.complete(reading.result(outcome, begun));
              } catch (TimedOut e) {
                result.completeExceptionally(
                    phase.get() == Phase.BEGUN
                        ? e
                        : new Unreachable(
                            ErrorCode.NO_LINK, what + " was not begun: " + e.getMessage(), e));
              } catch (RuntimeException e) {
                result.completeExceptionally(e);
              }
            },
            ready);
  }

  /** What it is for a command that cannot even be sent. */
  void fail(RuntimeException e) {
    result.completeExceptionally(e);
  }

  @Override
  public CompletionStage<Result> result() {
    return result.minimalCompletionStage();
  }

  @Override
  public void begin() {
    Pending now = asked;
    if (now != null && phase.compareAndSet(Phase.WAITING, Phase.BEGUN)) {
      begun = System.nanoTime();
      peer.tell(Message.bare(MessageType.BEGIN, now.id));
    }
  }

  @Override
  public void abort(String why) {
    Pending now = asked;
    boolean never = phase.compareAndSet(Phase.WAITING, Phase.ABORTED);
    if (now != null) {
      peer.cancel(now);
    }
    result.completeExceptionally(
        never
            ? new Refused(ErrorCode.BARRIER_BROKEN, what + " was not sent: " + why)
            : new TimedOut(
                ErrorCode.CANCELLED,
                what + " was cancelled: " + why + "; its effect is unknown",
                null));
  }
}
