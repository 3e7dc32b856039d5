// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static consort.coordinator.Action.*;
import static consort.coordinator.Event.*;
import static consort.coordinator.Phase.*;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The table of a guard: what follows from each event in each phase. An event that has no row in a
 * phase cannot happen there, save {@link Event#LINK_LOST}, which is of no interest where a call or
 * an attempt to connect finds out by itself.
 */
final class GuardTable {

  /** Where an event leads, and what is done on the way. */
  record Transition(Phase to, List<Action> actions) {}

  private static final Map<Phase, Map<Event, Transition>> ROWS = new EnumMap<>(Phase.class);

  static {
    row(OFFLINE, START, STARTING, DO_START);
    row(OFFLINE, NO_DRIVER, OFFLINE, FAIL_WAITING);
    row(OFFLINE, EXHAUSTED, FAULT, FAIL_WAITING);
    row(OFFLINE, URGENT_STUCK, FAULT, ABANDON, FAIL_WAITING);
    row(OFFLINE, DISCARD, CLOSING, DO_CLOSE);
    row(OFFLINE, HOLD_OVER, OFFLINE, FAIL_WAITING);
    row(OFFLINE, STOP, STOPPED, REFUSE_WAITING, WITHDRAW);
    row(OFFLINE, CLOSE, CLOSED, REFUSE_WAITING, WITHDRAW);

    row(STARTING, STARTED, READY, ADMIT);
    row(STARTING, START_FAILED, OFFLINE, FAIL_WAITING, RETRY_LATER);
    row(STARTING, BROKEN, FAULT, FAIL_WAITING);
    row(STARTING, TIMEOUT, LATE_START, CANCEL_IO);
    row(STARTING, URGENT_STUCK, FAULT, ABANDON, FAIL_WAITING);

    row(LATE_START, START_FAILED, OFFLINE, FAIL_WAITING, RETRY_LATER);
    row(LATE_START, GRACE_OVER, FAULT, ABANDON, FAIL_WAITING);

    row(READY, CALL, BUSY, DO_CALL);
    row(READY, URGENT, READY, DO_URGENT);
    row(READY, LINK_LOST, OFFLINE, FAIL_WAITING, RETRY_LATER);
    row(READY, SAVE, SAVING, DO_SAVE);
    row(READY, DISCARD, CLOSING, DO_CLOSE);
    row(READY, URGENT_STUCK, FAULT, ABANDON, FAIL_WAITING);

    row(BUSY, RETURN, READY, ANSWER);
    row(BUSY, RETURN_DIRTY, RESYNC, ANSWER, DO_SYNC);
    row(BUSY, RETURN_LOST, OFFLINE, ANSWER, FAIL_WAITING, RETRY_LATER);
    row(BUSY, STAGE, WAITING, AWAIT_STAGE);
    row(BUSY, TIMEOUT, OVERDUE, EXPIRE, CANCEL_IO);
    row(BUSY, URGENT, BUSY, DO_URGENT);
    row(BUSY, URGENT_STUCK, FAULT, FAIL_RUNNING, ABANDON, FAIL_WAITING);

    row(WAITING, RETURN, READY, ANSWER);
    row(WAITING, RETURN_DIRTY, RESYNC, ANSWER, DO_SYNC);
    row(WAITING, RETURN_LOST, OFFLINE, ANSWER, FAIL_WAITING, RETRY_LATER);
    row(WAITING, TIMEOUT, LATE_STAGE, EXPIRE, CANCEL_IO, CANCEL_STAGE);
    row(WAITING, URGENT, WAITING, DO_URGENT);
    row(WAITING, URGENT_STUCK, FAULT, FAIL_RUNNING, CANCEL_STAGE, ABANDON, FAIL_WAITING);

    row(OVERDUE, RETURN, RESYNC, DO_SYNC);
    row(OVERDUE, STAGE, LATE_STAGE, AWAIT_STAGE, CANCEL_STAGE);
    row(OVERDUE, GRACE_OVER, FAULT, ABANDON, FAIL_WAITING);
    row(OVERDUE, URGENT, OVERDUE, DO_URGENT);
    row(OVERDUE, URGENT_STUCK, FAULT, ABANDON, FAIL_WAITING);

    row(LATE_STAGE, RETURN, RESYNC, DO_SYNC);
    row(LATE_STAGE, GRACE_OVER, FAULT, ABANDON, FAIL_WAITING);
    row(LATE_STAGE, URGENT, LATE_STAGE, DO_URGENT);
    row(LATE_STAGE, URGENT_STUCK, FAULT, ABANDON, FAIL_WAITING);

    row(RESYNC, SYNCED, READY);
    row(RESYNC, SYNC_FAILED, OFFLINE, FAIL_WAITING, RETRY_LATER);
    row(RESYNC, GRACE_OVER, FAULT, ABANDON, FAIL_WAITING);
    row(RESYNC, URGENT_STUCK, FAULT, ABANDON, FAIL_WAITING);

    row(SAVING, SAVED, CLOSING, DO_CLOSE);
    row(SAVING, SAVE_FAILED, RESYNC, DO_SYNC);
    row(SAVING, GRACE_OVER, OFFLINE, ABANDON);

    row(CLOSING, DISCARDED, OFFLINE);
    row(CLOSING, GRACE_OVER, OFFLINE, ABANDON);

    row(FAULT, START, STARTING, DO_START);
    row(FAULT, NO_DRIVER, OFFLINE, FAIL_WAITING);
    row(FAULT, HOLD_OVER, FAULT, FAIL_WAITING);
    row(FAULT, EXHAUSTED, FAULT, FAIL_WAITING);
    row(FAULT, STOP, STOPPED, REFUSE_WAITING, WITHDRAW);
    row(FAULT, CLOSE, CLOSED, REFUSE_WAITING, WITHDRAW);

    row(STOPPED, START, STARTING, DO_START);
    row(STOPPED, NO_DRIVER, OFFLINE, FAIL_WAITING);
    row(STOPPED, EXHAUSTED, FAULT, FAIL_WAITING);
    row(STOPPED, CLOSE, CLOSED, REFUSE_WAITING, WITHDRAW);
  }

  private GuardTable() {}

  private static void row(Phase from, Event event, Phase to, Action... actions) {
    Transition other =
        ROWS.computeIfAbsent(from, p -> new EnumMap<>(Event.class))
            .put(event, new Transition(to, List.of(actions)));
    if (other != null) {
      throw new IllegalStateException("two rows for " + event + " in " + from);
    }
  }

  /** All rows: the events that can happen in each phase. */
  static Map<Phase, Set<Event>> rows() {
    Map<Phase, Set<Event>> rows = new EnumMap<>(Phase.class);
    ROWS.forEach((phase, row) -> rows.put(phase, Set.copyOf(row.keySet())));
    return rows;
  }

  /** What follows from an event in a phase; null where it cannot happen. */
  static Transition of(Phase phase, Event event) {
    Map<Event, Transition> row = ROWS.get(phase);
    return row == null ? null : row.get(event);
  }
}
