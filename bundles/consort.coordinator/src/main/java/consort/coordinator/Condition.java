// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.ErrorCode;
import consort.api.InstrumentException;
import consort.api.Reason;
import consort.api.Refused;
import consort.api.State;
import consort.api.Unreachable;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** What people are told of a guard: its state, since when and why. Under the guard's lock. */
final class Condition {

  private static final int ERRORS = 10;

  /** An error of the past, for people who ask why. */
  record PastError(Instant at, String text) {}

  private final String instrument;
  private final Environment env;
  private final Deque<PastError> errors = new ArrayDeque<>();
  private State state = State.OFFLINE;
  private Reason reason = Reason.NONE;
  private String text = "";
  private String news = "";
  private Instant since;

  Condition(String instrument, Environment env) {
    this.instrument = instrument;
    this.env = env;
    this.since = env.now();
  }

  /** The reason for what is going to be offline or at fault. */
  void because(Reason why, String words) {
    reason = why;
    text = words;
  }

  /** Adds to the reason. */
  void add(String words) {
    text += words;
  }

  /** Nothing needs a reason any more. */
  void clear() {
    because(Reason.NONE, "");
  }

  /**
   * Takes a state.
   *
   * @param version the version of the driver in use, empty for none
   * @return the change, null for none: calls come and go too often to tell of each
   */
  Change enter(State now, String version) {
    if (now == state) {
      return null;
    }
    boolean turn = isTurn(now) && isTurn(state);
    state = now;
    if (turn) {
      return null;
    }
    since = env.now();
    // It serves again; that a call was waiting for that is no news.
    State told = now == State.BUSY ? State.READY : now;
    Change change = new Change(since, told, reason(), text(), version, true);
    String latest = change.toString();
    if (now == State.STARTING || latest.equals(news)) {
      return new Change(since, told, reason(), text(), version, false);
    }
    news = latest;
    return change;
  }

  private static boolean isTurn(State state) {
    return state == State.READY || state == State.BUSY;
  }

  /** What the running call gets whose driver was given up. */
  InstrumentException lost(Pending call) {
    return new Unreachable(ErrorCode.STUCK, call + ": " + text);
  }

  /** The reason in words, whatever the state is by now. */
  String reasonText() {
    return text;
  }

  State state() {
    return state;
  }

  /** The reason, where the state has one. */
  Reason reason() {
    return state == State.OFFLINE || state == State.FAULT ? reason : Reason.NONE;
  }

  String text() {
    return reason() == Reason.NONE ? "" : text;
  }

  Instant since() {
    return since;
  }

  /** What a call gets that cannot be served. */
  InstrumentException unavailable() {
    if (state == State.STOPPED) {
      return new Refused(ErrorCode.STOPPED, instrument + " is stopped");
    }
    ErrorCode code =
        switch (reason) {
          case NO_DRIVER -> ErrorCode.NO_DRIVER;
          case NO_LINK -> ErrorCode.NO_LINK;
          case STUCK -> ErrorCode.STUCK;
          case NONE, CONNECT_FAILED, CONNECT_TIMEOUT, UNHEALTHY, CONFIGURATION ->
              ErrorCode.NOT_CONNECTED;
        };
    return new Unreachable(code, toString());
  }

  /** Keeps an error for those who ask why; the same one again only moves its time. */
  void remember(String error) {
    if (!errors.isEmpty() && errors.peekLast().text().equals(error)) {
      errors.pollLast();
    }
    errors.add(new PastError(env.now(), error));
    if (errors.size() > ERRORS) {
      errors.poll();
    }
  }

  List<PastError> errors() {
    return List.copyOf(errors);
  }

  /** {@code DMM1 is OFFLINE(no link): connection refused}. */
  @Override
  public String toString() {
    String why = reason() == Reason.NONE ? "" : "(" + reason.text() + ")";
    return instrument + " is " + state + why + (text().isEmpty() ? "" : ": " + text);
  }
}
