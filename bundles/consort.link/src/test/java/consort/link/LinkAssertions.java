// SPDX-License-Identifier: Apache-2.0
package consort.link;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What tests of links have in common. */
final class LinkAssertions {

  private LinkAssertions() {}

  static <E extends Throwable> E thrownBy(Class<E> type, ThrowingCallable code) {
    return catchThrowableOfType(type, code);
  }
}
