// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import consort.api.ErrorCode;
import consort.api.Faulted;
import consort.api.Refused;
import consort.api.TimedOut;
import consort.api.Unreachable;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** The faults of one simulated instrument. Safe for threads. */
final class InjectedFaults implements Faults {

  /** SCPI 1999.0, 21.8.11: device-specific error. */
  private static final int DEVICE_ERROR = -300;

  private static final Runnable NONE = () -> {};

  private final Time time;
  private final Duration usualDelay;
  private final int failEvery;

  private Duration delay;
  private int calls;
  private int errors;
  private String text = "";
  private CompletableFuture<Void> hang;
  private boolean ignoreInterrupts;
  private boolean hangNext;
  private boolean crashNext;
  private boolean linkLost;
  private int failingConnects;

  /**
   * Faults as the settings say.
   *
   * @param delay added to each call, zero for none
   * @param failEvery each so many calls one fails, 0 for none
   */
  InjectedFaults(Time time, Duration delay, int failEvery) {
    if (delay.isNegative()) {
      throw new Refused(ErrorCode.OUT_OF_RANGE, "settings delay: " + delay + " is negative");
    }
    this.time = time;
    this.usualDelay = delay;
    this.delay = delay;
    this.failEvery = failEvery;
  }

  /** What every command but urgent ones begins with: throws, waits or does nothing. */
  void pass() {
    long nanos;
    Runnable fault;
    synchronized (this) {
      nanos = delay.toNanos();
      fault = next();
    }
    if (nanos > 0) {
      time.await(time.after(nanos));
    }
    fault.run();
  }

  /** What connecting begins with. */
  synchronized void connect() {
    if (failingConnects > 0) {
      failingConnects--;
      throw lost();
    }
    linkLost = false;
  }

  private Runnable next() {
    calls++;
    if (hangNext) {
      hangNext = false;
      CompletableFuture<Void> release = hang;
      return ignoreInterrupts ? () -> ignoreInterrupts(release) : () -> time.await(release);
    }
    if (crashNext) {
      crashNext = false;
      return InjectedFaults::crash;
    }
    if (linkLost) {
      return InjectedFaults::loseLink;
    }
    boolean every = failEvery > 0 && calls % failEvery == 0;
    if (errors > 0) {
      errors--;
      String message = text;
      return () -> fail(message);
    }
    return every ? () -> fail("one of " + failEvery + " calls fails") : NONE;
  }

  private static void ignoreInterrupts(CompletableFuture<Void> release) {
    boolean interrupted = false;
    while (!release.isDone()) {
      try {
        release.get();
      } catch (InterruptedException e) {
        interrupted = true;
      } catch (java.util.concurrent.ExecutionException e) {
        throw new TimedOut("the simulated hang failed", e);
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void crash() {
    throw new Error("simulated crash");
  }

  private static void loseLink() {
    throw lost();
  }

  private static void fail(String message) {
    throw new Faulted(DEVICE_ERROR, message);
  }

  private static Unreachable lost() {
    return new Unreachable(ErrorCode.NO_LINK, "the simulated link is lost");
  }

  @Override
  public synchronized void injectDelay(Duration time) {
    if (time.isNegative()) {
      throw new Refused(ErrorCode.OUT_OF_RANGE, "inject_delay delay: " + time + " is negative");
    }
    delay = time;
  }

  @Override
  public synchronized void injectError(int count, String message) {
    errors = count;
    text = message;
  }

  @Override
  public synchronized void injectHang(boolean ignore) {
    hang = hang == null || hang.isDone() ? new CompletableFuture<>() : hang;
    ignoreInterrupts = ignore;
    hangNext = true;
  }

  @Override
  public synchronized void injectCrash() {
    crashNext = true;
  }

  @Override
  public synchronized void injectLinkLoss(int attempts) {
    linkLost = true;
    failingConnects = attempts;
  }

  @Override
  public void clearFaults() {
    CompletableFuture<Void> release;
    synchronized (this) {
      delay = usualDelay;
      errors = 0;
      hangNext = false;
      crashNext = false;
      linkLost = false;
      failingConnects = 0;
      release = hang;
    }
    if (release != null) {
      release.complete(null);
    }
  }
}
