// SPDX-License-Identifier: Apache-2.0
package consort.api;

/** The instrument, or its driver, reported an error. */
public final class Faulted extends InstrumentException {
  private static final long serialVersionUID = 1L;

  private final int number;

  /** An error the instrument reported: its own number (SCPI: −113 …) and text. */
  public Faulted(int number, String message) {
    this(ErrorCode.INSTRUMENT_ERROR, number, message, null);
  }

  /** An error with a code of kind {@link ErrorKind#FAULTED}; {@code cause} may be null. */
  public Faulted(ErrorCode code, int number, String message, Throwable cause) {
    super(ErrorKind.FAULTED, code, message, cause);
    this.number = number;
  }

  /** The instrument's own error number; 0 where it has none. */
  public int number() {
    return number;
  }
}
