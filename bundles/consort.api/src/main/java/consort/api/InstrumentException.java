// SPDX-License-Identifier: Apache-2.0
package consort.api;

/**
 * The root of all errors of a call. Its five kinds are what a caller can do. The message states
 * fact, limit and unit; it is part of the contract.
 */
public abstract sealed class InstrumentException extends RuntimeException
    permits Refused, Unreachable, TimedOut, Garbled, Faulted {

  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private transient volatile Origin origin = Origin.UNKNOWN;

  InstrumentException(ErrorKind kind, ErrorCode code, String message, Throwable cause) {
    super(message == null ? code.text() : message, cause);
    if (code.kind() != kind) {
      throw new IllegalArgumentException(code + " is not a code of " + kind);
    }
    this.code = code;
  }

  /** The stable code. */
  public ErrorCode code() {
    return code;
  }

  /** What a caller can do about it. */
  public ErrorKind kind() {
    return code.kind();
  }

  /** Where it comes from; parts that are not known are empty. */
  public Origin origin() {
    Origin known = origin;
    return known == null ? Origin.UNKNOWN : known;
  }

  /** Fills in what is not yet known of the origin, and returns this exception. */
  public InstrumentException at(Origin outer) {
    origin = origin().within(outer);
    return this;
  }

  /**
   * A new exception of the same kind, code, origin and message with this one as its cause: what a
   * second caller gets when one failure concerns several.
   */
  public InstrumentException copy() {
    InstrumentException copy =
        this instanceof Faulted faulted
            ? new Faulted(code, faulted.number(), getMessage(), this)
            : of(code, getMessage(), this);
    return copy.at(origin());
  }

  /** The exception that belongs to a code, as read from a wire. */
  public static InstrumentException of(ErrorCode code, String message, Throwable cause) {
    return switch (code.kind()) {
      case REFUSED -> new Refused(code, message, cause);
      case UNREACHABLE -> new Unreachable(code, message, cause);
      case TIMED_OUT -> new TimedOut(code, message, cause);
      case GARBLED -> new Garbled(code, message, cause);
      case FAULTED -> new Faulted(code, 0, message, cause);
    };
  }
}
