// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import consort.api.Caller;
import consort.api.Instrument;
import consort.api.LeaseToken;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/**
 * An exclusive right to write, as its holder sees it. It is over when it expires, is closed or is
 * broken, or when its holder dies; then every call under it is refused. Safe for threads.
 */
@ProviderType
public interface Lease extends AutoCloseable {

  /** How people name it: the token as text. */
  default String id() {
    return token().toString();
  }

  /** What a call shows to write: {@link consort.api.Call#under}. */
  LeaseToken token();

  /** The names it covers, and all names below them. */
  Set<String> resources();

  /** Whose it is. */
  Caller owner();

  /** Which client of the owner; never empty. */
  String client();

  /** How long it still holds; zero when it is over. */
  Duration remaining();

  /**
   * Makes it hold for its time to live again, from now.
   *
   * @throws consort.api.Refused {@code LEASE_OVER} when it is over
   * @throws consort.api.Unreachable when another node that gave a part of it does not answer
   */
  void renew();

  /**
   * Gives it another time to live, from now, 1 s to 24 h.
   *
   * @throws consort.api.Refused {@code LEASE_OVER} when it is over
   * @throws consort.api.Unreachable when another node that gave a part of it does not answer
   */
  void renew(Duration ttl);

  /**
   * An instrument it covers, or of which it covers a part; calls of it are calls under this lease.
   *
   * @throws consort.api.Refused when it does not cover it, or there is none of that name
   */
  Instrument instrument(String name);

  /** The same under a typed interface. */
  default <T> T instrument(String name, Class<T> type) {
    return instrument(name).as(type);
  }

  /** Completes when it is over, with how that came about, in words: {@code expired}. */
  CompletionStage<String> ended();

  /** Releases it when the stage completes, however: when a connection or a process ends. */
  void releaseWhen(CompletionStage<?> gone);

  /** Releases it; nothing when it is over. */
  @Override
  void close();
}
