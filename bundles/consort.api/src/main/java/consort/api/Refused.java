// SPDX-License-Identifier: Apache-2.0
package consort.api;

/** The call was not sent to the instrument. */
public final class Refused extends InstrumentException {
  private static final long serialVersionUID = 1L;

  /** Refuses with a code of kind {@link ErrorKind#REFUSED}. */
  public Refused(ErrorCode code, String message) {
    this(code, message, null);
  }

  /** Refuses because of {@code cause}, which may be null. */
  public Refused(ErrorCode code, String message, Throwable cause) {
    super(ErrorKind.REFUSED, code, message, cause);
  }
}
