// SPDX-License-Identifier: Apache-2.0
package consort.api;

import java.util.Locale;

/** The stable codes of errors; {@link #text()} is what travels on a wire. */
public enum ErrorCode {
  /** No instrument of that name. */
  UNKNOWN_INSTRUMENT(ErrorKind.REFUSED),
  /** The instrument has no such command. */
  UNKNOWN_COMMAND(ErrorKind.REFUSED),
  /** An argument is missing, unknown, or of the wrong type. */
  BAD_ARGUMENT(ErrorKind.REFUSED),
  /** An argument is outside the limits or options of its parameter. */
  OUT_OF_RANGE(ErrorKind.REFUSED),
  /** The caller's role does not allow the call. */
  NOT_ALLOWED(ErrorKind.REFUSED),
  /** The queue of the instrument is full. */
  BUSY(ErrorKind.REFUSED),
  /** The instrument was stopped, or removed. */
  STOPPED(ErrorKind.REFUSED),
  /** The deadline passed while the call was waiting; it was certainly not sent. */
  DEADLINE_IN_QUEUE(ErrorKind.REFUSED),
  /** Another holds a lease on it. */
  LEASED(ErrorKind.REFUSED),
  /** The lease that is shown expired, was released or broken, or does not cover the instrument. */
  LEASE_OVER(ErrorKind.REFUSED),
  /** The request itself is wrong: a file that cannot be read, a name that is taken. */
  BAD_REQUEST(ErrorKind.REFUSED),
  /** Another participant of a group did not come, so this call was not sent. */
  BARRIER_BROKEN(ErrorKind.REFUSED),
  /** Another instrument, which this one requires, is not in the state it must be in. */
  INTERLOCK(ErrorKind.REFUSED),
  /** The instrument cannot do this: its driver has no safe state, or no link. */
  NOT_SUPPORTED(ErrorKind.REFUSED),
  /** Cancelled while it waited; it was certainly not sent. */
  CANCELLED_IN_QUEUE(ErrorKind.REFUSED),
  /** No driver is installed for the instrument. */
  NO_DRIVER(ErrorKind.UNREACHABLE),
  /** The link to the hardware cannot be opened, or broke. */
  NO_LINK(ErrorKind.UNREACHABLE),
  /** The instrument is still connecting, or connecting failed. */
  NOT_CONNECTED(ErrorKind.UNREACHABLE),
  /** A driver that never returned holds the instrument. */
  STUCK(ErrorKind.UNREACHABLE),
  /** The deadline passed inside the driver. */
  TIMED_OUT(ErrorKind.TIMED_OUT),
  /** Cancelled while the driver worked on it; its effect is unknown. */
  CANCELLED(ErrorKind.TIMED_OUT),
  /** The answer makes no sense. */
  GARBLED(ErrorKind.GARBLED),
  /** The answer is longer than the limit of the link. */
  TOO_LONG(ErrorKind.GARBLED),
  /** The instrument reported an error. */
  INSTRUMENT_ERROR(ErrorKind.FAULTED),
  /** The driver failed: a mistake in its code. */
  DRIVER_ERROR(ErrorKind.FAULTED);

  private final ErrorKind kind;
  private final String text = name().toLowerCase(Locale.ROOT);

  ErrorCode(ErrorKind kind) {
    this.kind = kind;
  }

  /** The kind of error this code belongs to. */
  public ErrorKind kind() {
    return kind;
  }

  /** The code as it is written on wires and in records: {@code out_of_range}. */
  public String text() {
    return text;
  }
}
