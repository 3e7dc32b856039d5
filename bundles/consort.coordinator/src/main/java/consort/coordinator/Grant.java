// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Caller;
import consort.api.LeaseToken;
import consort.api.coordinator.LeaseStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/**
 * A lease of the table. What changes is written under the table's lock and read without it: guards
 * look at the time themselves, so that a late timer prolongs nothing.
 */
final class Grant {

  final LeaseToken token;
  final Terms terms;
  final Instant since;

  /** Saved before a restart: it keeps others off, but its token is void until it is resumed. */
  final boolean resumable;

  /** When it ends, ns on the table's clock. */
  private volatile long expires;

  /** How it ended, null while it holds. */
  private volatile String end;

  /** Completed by whoever has the thread for it; null as long as nobody waits for the end. */
  private CompletableFuture<String> ended;

  Grant(LeaseToken token, Terms terms, Instant since, boolean resumable, long expires) {
    this.token = token;
    this.terms = terms;
    this.since = since;
    this.resumable = resumable;
    this.expires = expires;
  }

  /**
   * What was agreed on.
   *
   * @param process with which it ends, null for none
   */
  record Terms(
      List<Claim> claims,
      Caller owner,
      String client,
      Duration ttl,
      boolean readers,
      String purpose,
      HolderProcess process) {

    boolean isOf(Terms other) {
      return owner.name().equals(other.owner.name()) && client.equals(other.client);
    }

    /** Whether the other asks for what this is. */
    boolean matches(Terms other) {
      return isOf(other) && claims.equals(other.claims);
    }

    /** The claim of these that overlaps with one of the others; null for none. */
    Claim overlap(List<Claim> others) {
      for (Claim mine : claims) {
        for (Claim other : others) {
          if (mine.overlaps(other)) {
            return mine;
          }
        }
      }
      return null;
    }

    /** The names, in order. */
    List<String> names() {
      return claims.stream().map(Claim::text).toList();
    }
  }

  boolean holds(long now) {
    return end == null && now - expires < 0;
  }

  boolean isExpired(long now) {
    return end == null && now - expires >= 0;
  }

  long expires() {
    return expires;
  }

  void expireAt(long when) {
    expires = when;
  }

  void end(String how) {
    end = how;
  }

  /** How it ended, for its holder; null while it holds. */
  String ending() {
    return end;
  }

  /** Completes with how it ended. */
  synchronized CompletableFuture<String> ended() {
    if (ended == null) {
      ended = end == null ? new CompletableFuture<>() : CompletableFuture.completedFuture(end);
    }
    return ended;
  }

  /** What waits for its end, null when nobody does; to be completed without any lock. */
  synchronized CompletableFuture<String> awaitedEnd() {
    return ended;
  }

  /** The same lease under other terms: who waits for its end waits for that of the other. */
  synchronized void goesOnAs(Grant again) {
    again.ended = ended;
  }

  long left(long now) {
    return holds(now) ? expires - now : 0;
  }

  LeaseStatus status(long now) {
    return new LeaseStatus(
        token,
        resumable ? LeaseStatus.State.RESUMABLE : LeaseStatus.State.HELD,
        terms.names(),
        terms.owner().name(),
        terms.client(),
        terms.purpose(),
        terms.readers(),
        since,
        Duration.ofNanos(left(now)));
  }

  /** {@code leased to anna (noise run) for another 8 min 20 s}, as told to somebody. */
  String told(String to, long now) {
    return "leased to " + holder(to, terms) + " for another " + Texts.rough(left(now));
  }

  /** What became of it, in words: {@code was taken for 10 min}. */
  String told(LeaseTable.News news, long left) {
    return news.isEnd()
        ? end
        : "was " + news.name().toLowerCase(Locale.ROOT) + " for " + Texts.rough(left);
  }

  /** Who holds or waits; of the same caller, which client. */
  static String holder(String to, Terms terms) {
    return terms.owner().name()
        + (to.equals(terms.owner().name()) ? ", client " + terms.client() : "")
        + (terms.purpose().isEmpty() ? "" : " (" + terms.purpose() + ")");
  }

  @Override
  public String toString() {
    return "lease "
        + token
        + " of "
        + holder("", terms)
        + " on "
        + String.join(", ", terms.names());
  }
}
