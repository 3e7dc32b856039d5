// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import consort.api.LeaseToken;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * A lease, or a request for one, for lists.
 *
 * @param token its token; null for what is only waited for
 * @param state whether it is held
 * @param resources what it covers, sorted
 * @param owner the name of whose it is
 * @param client which client of the owner
 * @param purpose what it is for; may be empty
 * @param readers whether others may read
 * @param since when it was taken, or asked for
 * @param remaining how long it still holds unless renewed, or still waits
 */
public record LeaseStatus(
    LeaseToken token,
    State state,
    List<String> resources,
    String owner,
    String client,
    String purpose,
    boolean readers,
    Instant since,
    Duration remaining) {

  /** Copies. */
  public LeaseStatus {
    resources = List.copyOf(resources);
  }

  /** The time left as people say it: {@code 8 min 20 s}. */
  public String left() {
    return rough(remaining);
  }

  /** A time as people say it, rounded up. */
  public static String rough(Duration time) {
    long seconds = Math.max(0, time.plusNanos(999_999_999).toSeconds());
    if (seconds < 60) {
      return seconds + " s";
    }
    if (seconds < 3600) {
      return seconds / 60 + " min" + (seconds % 60 == 0 ? "" : " " + seconds % 60 + " s");
    }
    long minutes = (seconds + 59) / 60;
    return minutes / 60 + " h" + (minutes % 60 == 0 ? "" : " " + minutes % 60 + " min");
  }

  /** What a lease is. */
  public enum State {
    /** Its holder may write. */
    HELD,
    /** Taken before the coordinator was restarted; its client has yet to resume it. */
    RESUMABLE,
    /** Waiting for others to be over. */
    WAITING
  }
}
