// SPDX-License-Identifier: Apache-2.0
package consort.api;

/** The call was given to the driver and no answer came in time; its effect is unknown. */
public final class TimedOut extends InstrumentException {
  private static final long serialVersionUID = 1L;

  /** An error without a cause. */
  public TimedOut(String message) {
    this(message, null);
  }

  /** An error because of {@code cause}, which may be null. */
  public TimedOut(String message, Throwable cause) {
    this(ErrorCode.TIMED_OUT, message, cause);
  }

  /** An error with a code of kind {@link ErrorKind#TIMED_OUT}; {@code cause} may be null. */
  public TimedOut(ErrorCode code, String message, Throwable cause) {
    super(ErrorKind.TIMED_OUT, code, message, cause);
  }
}
