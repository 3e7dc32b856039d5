// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.SwapOutcome;
import consort.api.coordinator.SwapOutcome.Result;
import consort.api.driver.Identity;
import consort.api.driver.SavedState;
import java.time.Duration;
import java.time.Instant;

/**
 * The exchange of a driver instance while it is under way: what is handed over, what is compared,
 * how long it took. Under the guard's lock.
 */
final class Swap {

  /** Whose fault it is that an exchange did not succeed. */
  enum Blame {
    /** Nobody's, or not known: the hardware may be away. */
    NOBODY,
    /** The old instance's, which does not give its state away. */
    OLD,
    /** The new driver's. */
    NEW
  }

  private final InstrumentSpec before;
  private final Identity identity;
  private final String from;
  private final long begun;
  private long drained;
  private long saveNanos;
  private long closeNanos;
  private SavedState state;
  private boolean saved;
  private String note = "";
  private String failure = "";
  private Plan target;
  private DriverSource tried;
  private int held;
  private boolean postponed;
  private boolean reported;

  Swap(Plan target, Instance old, long now) {
    this.before = old.plan.spec;
    this.identity = old.identity();
    this.from = old.plan.source.version().toString();
    this.begun = now;
    retarget(target);
  }

  /** Another plan while it is under way. */
  void retarget(Plan wanted) {
    target = wanted;
    if (wanted.source != null && !isWayBack(wanted.source)) {
      tried = wanted.source;
      failure = "";
      reported = false;
    }
  }

  /** Somebody brings the old version again, or one before it, after a newer one failed. */
  private boolean isWayBack(DriverSource source) {
    return failed()
        && (source.version().toString().equals(from)
            || source.version().compareTo(tried.version()) < 0);
  }

  /** The driver it is to get, null while there is none. */
  DriverSource tried() {
    return tried;
  }

  Plan target() {
    return target;
  }

  String from() {
    return from;
  }

  /** Whether there is no way back but that somebody brings the old driver again. */
  boolean forced() {
    return target.source != null && target.fallback() == null;
  }

  // ---- What happens ----

  /** No call runs any more, those that come are held. */
  void drained(long now, int waiting) {
    if (drained == 0) {
      drained = now;
      held = waiting;
    }
  }

  boolean isDrained() {
    return drained != 0;
  }

  /** A call comes and waits. */
  void hold() {
    held += isDrained() ? 1 : 0;
  }

  /** Whether the state was not asked for yet. */
  boolean toSave() {
    return !saved;
  }

  /** The state as the old instance gave it, null when there is none. */
  void saved(SavedState given, long now) {
    state = given;
    saved = true;
    saveNanos = now - drained;
  }

  /** Something worth knowing that did not stop it. */
  void note(String words) {
    note += (note.isEmpty() ? "" : "; ") + words;
  }

  /** The old instance is closed. */
  void closed(long now) {
    if (closeNanos == 0) {
      closeNanos = now - drained - saveNanos;
    }
  }

  /** What was tried has failed. */
  void failed(String why) {
    failure = why;
  }

  boolean failed() {
    return !failure.isEmpty();
  }

  /** Whether a failure was told already; from now on it is. */
  boolean report() {
    boolean first = !reported;
    reported = true;
    return first;
  }

  /** The limit for waiting has passed; false when that is known. */
  boolean postpone() {
    boolean first = !postponed;
    postponed = true;
    return first;
  }

  boolean isPostponed() {
    return postponed;
  }

  /** What an instance of a plan begins with. */
  Instance.Entry entry(Plan plan) {
    boolean same = plan.spec.driver().equals(before.driver());
    boolean connected = plan.spec.connection().equals(before.connection());
    boolean back = failed();
    boolean compares = same && connected && plan.spec.settings().equals(before.settings());
    return new Instance.Entry(
        compares && !back && !identity.equals(Identity.UNKNOWN) ? identity : null,
        !back,
        same && connected ? state : null,
        back,
        !connected || !target.spec.initCommands().equals(before.initCommands()));
  }

  /** How it ended, or for the time being ended. */
  SwapOutcome outcome(
      String instrument, Result result, Instant at, long now, String reason, Instance last) {
    String text = reason;
    if (!note.isEmpty()) {
      text += (text.isEmpty() ? "" : "; ") + note;
    }
    Instance.Timing timing = last == null ? Instance.Timing.NONE : last.timing();
    long start = drained == 0 ? now : drained;
    return new SwapOutcome(
        instrument,
        at,
        target.spec.driver(),
        from,
        tried == null ? "" : tried.version().toString(),
        tried == null ? -1 : tried.bundleId(),
        result,
        text,
        last == null || result != Result.DONE ? "" : last.selfTest(),
        last != null && last.restored(),
        held,
        new SwapOutcome.Times(
            Duration.ofNanos(start - begun),
            Duration.ofNanos(saveNanos),
            Duration.ofNanos(closeNanos),
            Duration.ofNanos(timing.create()),
            Duration.ofNanos(timing.connect()),
            Duration.ofNanos(timing.verify()),
            Duration.ofNanos(timing.restore()),
            Duration.ofNanos(now - start)));
  }

  /** The reason of a failure. */
  String failure() {
    return failure;
  }
}
