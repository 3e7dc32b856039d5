// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Refused;
import consort.api.coordinator.LeaseStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;

/** A request for a lease until it is decided. Decided under the table's lock, read without it. */
final class Ask {

  final Grant.Terms terms;
  final Instant since;

  /** When it came and when it stops waiting, ns on the table's clock. */
  final long from;

  final long until;

  private final Consumer<Ask> told;
  private volatile Grant grant;
  private volatile Refused refusal;

  /**
   * Makes one that is not decided.
   *
   * @param told is run when it is decided, under the table's lock: only wakes somebody
   */
  Ask(Grant.Terms terms, Instant since, long from, long waitLimit, Consumer<Ask> told) {
    this.told = told;
    this.terms = terms;
    this.since = since;
    this.from = from;
    this.until = from + waitLimit;
  }

  /** Whether it may still be granted. */
  boolean waits(long now) {
    return now - until < 0;
  }

  boolean decided() {
    return grant != null || refusal != null;
  }

  /** The lease, null when it was refused or is not decided. */
  Grant grant() {
    return grant;
  }

  /** Why not, null when it was granted or is not decided. */
  Refused refusal() {
    return refusal;
  }

  void grant(Grant given) {
    grant = given;
    told.accept(this);
  }

  void refuse(Refused why) {
    refusal = why;
    told.accept(this);
  }

  LeaseStatus status(long now) {
    return new LeaseStatus(
        null,
        LeaseStatus.State.WAITING,
        terms.names(),
        terms.owner().name(),
        terms.client(),
        terms.purpose(),
        terms.readers(),
        since,
        Duration.ofNanos(Math.max(0, until - now)));
  }
}
