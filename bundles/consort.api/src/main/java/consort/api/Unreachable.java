// SPDX-License-Identifier: Apache-2.0
package consort.api;

/** There is no link, no driver or no node for the instrument now. */
public final class Unreachable extends InstrumentException {
  private static final long serialVersionUID = 1L;

  /** An error with a code of kind {@link ErrorKind#UNREACHABLE}. */
  public Unreachable(ErrorCode code, String message) {
    this(code, message, null);
  }

  /** An error because of {@code cause}, which may be null. */
  public Unreachable(ErrorCode code, String message, Throwable cause) {
    super(ErrorKind.UNREACHABLE, code, message, cause);
  }
}
