// SPDX-License-Identifier: Apache-2.0
package consort.api;

/** The answer of the instrument is not in its protocol. */
public final class Garbled extends InstrumentException {
  private static final long serialVersionUID = 1L;

  /** An answer that makes no sense. */
  public Garbled(String message) {
    this(ErrorCode.GARBLED, message, null);
  }

  /** An error with a code of kind {@link ErrorKind#GARBLED}; {@code cause} may be null. */
  public Garbled(ErrorCode code, String message, Throwable cause) {
    super(ErrorKind.GARBLED, code, message, cause);
  }
}
