// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Names;
import consort.api.Values;
import consort.api.coordinator.LeaseStatus;
import java.time.Duration;

/** Words for people. */
final class Texts {

  /** The longest text that is kept or shown of what a driver says. */
  private static final int LONGEST = 2000;

  private Texts() {}

  /** A time in seconds, to the millisecond. */
  static String seconds(long nanos) {
    return Values.number(Math.round(nanos / 1e6) / 1e3) + " s";
  }

  /** A time left as people say it, rounded up: {@code 8 min 20 s}. */
  static String rough(long nanos) {
    return LeaseStatus.rough(Duration.ofNanos(nanos));
  }

  /** What an exception says; one without a message, or that cannot say it, says what it is. */
  static String message(Throwable cause) {
    if (cause == null) {
      return "no result";
    }
    String message;
    try {
      message = cause.getMessage();
    } catch (Throwable broken) { // it is the driver's code
      message = null;
    }
    return message == null || message.isBlank()
        ? Names.snake(cause.getClass().getSimpleName()).replace('_', ' ')
        : cut(message);
  }

  /** A text without its end, if it is too long to be kept. */
  static String cut(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
  }
}
