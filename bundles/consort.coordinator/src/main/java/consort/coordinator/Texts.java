// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Names;
import consort.api.Values;

/** Words for people. */
final class Texts {

  private Texts() {}

  /** A time in seconds, to the millisecond. */
  static String seconds(long nanos) {
    return Values.number(Math.round(nanos / 1e6) / 1e3) + " s";
  }

  /** What an exception says; one without a message says what it is. */
  static String message(Throwable cause) {
    if (cause == null) {
      return "no result";
    }
    String message = cause.getMessage();
    return message == null || message.isBlank()
        ? Names.snake(cause.getClass().getSimpleName()).replace('_', ' ')
        : message;
  }
}
