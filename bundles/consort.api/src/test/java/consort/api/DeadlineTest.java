// SPDX-License-Identifier: Apache-2.0
package consort.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DeadlineTest {

  @AfterEach
  void takeOff() {
    Deadline.set(null);
  }

  @Test
  void isReadOnTheThreadItWasPutOn() {
    Deadline deadline = Deadline.after(Duration.ofMinutes(1));
    Deadline.set(deadline);

    assertThat(Deadline.current(Duration.ofSeconds(5))).isSameAs(deadline);
    Deadline.set(null);
    assertThat(Deadline.current(Duration.ofSeconds(5)).remaining())
        .isLessThanOrEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void hasNothingLeftWhenItHasPassed() {
    Deadline passed = Deadline.at(System.nanoTime() - 1);

    assertThat(passed.passed()).isTrue();
    assertThat(passed.remainingNanos()).isNegative();
    assertThat(passed.remaining()).isEqualTo(Duration.ZERO);
  }

  @Test
  void standsForLimitsThatNanosecondsCannotCount() {
    for (Duration limit : new Duration[] {Duration.ofSeconds(Long.MAX_VALUE), Duration.ofDays(1)}) {
      Deadline far = Deadline.after(limit);

      assertThat(far.passed()).isFalse();
      assertThat(far.remaining()).isGreaterThan(Duration.ofHours(23));
    }
  }
}
