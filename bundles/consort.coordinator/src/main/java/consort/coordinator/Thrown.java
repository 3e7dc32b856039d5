// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.InstrumentException;

/**
 * What a driver threw. Its exceptions are its code too, and may throw, hang or say ten megabytes:
 * they are asked here, on the thread that met them and never under the guard's lock.
 *
 * @param cause what was thrown; only its class is looked at
 * @param text what it says
 * @param shown what the log and the caller get: the exception itself if it is ours, else a picture
 */
record Thrown(Throwable cause, String text, Throwable shown) {

  /** How far causes are followed; some go round in a circle. */
  private static final int DEEPEST = 8;

  static Thrown of(Throwable cause) {
    return new Thrown(
        cause,
        Texts.message(cause),
        cause instanceof InstrumentException || cause == null ? cause : picture(cause, DEEPEST));
  }

  private static Throwable picture(Throwable of, int depth) {
    String name = of.getClass().getName();
    try {
      String message = of.getMessage();
      Throwable cause = of.getCause();
      StackTraceElement[] trace = of.getStackTrace();
      Picture picture =
          new Picture(
              message == null ? name : name + ": " + Texts.cut(message),
              cause == null || depth == 0 ? null : picture(cause, depth - 1));
      picture.setStackTrace(trace);
      return picture;
    } catch (Throwable broken) { // whatever it throws, it is not worth more words
      return new Picture(name, null);
    }
  }

  /** Looks like an exception of the driver, and is none of its classes. */
  private static final class Picture extends Exception {
    private static final long serialVersionUID = 1L;

    Picture(String text, Throwable cause) {
      super(text, cause);
    }

    @Override
    public String toString() {
      return getMessage();
    }
  }
}
