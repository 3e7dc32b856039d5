// SPDX-License-Identifier: Apache-2.0
package consort.api.script;

import consort.api.ErrorCode;
import consort.api.LeaseToken;
import consort.api.Refused;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/**
 * How a script is to be run.
 *
 * @param file the script
 * @param strict whether a failed call makes the whole a failure; the script may say so itself
 * @param staged whether calls return nil, as instrument-script-server's submitted scripts have it
 * @param limit how long it may take in all, at most 24 h
 * @param lease the lease its calls are made under, null for none; what the script leaves behind is
 *     released with it
 */
public record ScriptRequest(
    Path file, boolean strict, boolean staged, Duration limit, LeaseToken lease) {

  /** The longest a script may take, and how long it may when nothing is said. */
  public static final Duration LONGEST = Duration.ofHours(24);

  /** Checks. */
  public ScriptRequest {
    Objects.requireNonNull(file, "file");
    if (limit.isNegative() || limit.isZero() || limit.compareTo(LONGEST) > 0) {
      throw new Refused(
          ErrorCode.OUT_OF_RANGE,
          "a limit of " + limit.toMillis() / 1e3 + " s is outside (0, 24 h]");
    }
  }

  /** A script that is run as it stands. */
  public static ScriptRequest of(Path file) {
    return new ScriptRequest(file, false, false, LONGEST, null);
  }

  /** This request, failing when a call fails. */
  public ScriptRequest strict(boolean on) {
    return new ScriptRequest(file, on, staged, limit, lease);
  }

  /** This request with calls that return nil. */
  public ScriptRequest staged(boolean on) {
    return new ScriptRequest(file, strict, on, limit, lease);
  }

  /** This request with another limit. */
  public ScriptRequest within(Duration time) {
    return new ScriptRequest(file, strict, staged, time, lease);
  }

  /** This request under a lease; null for none. */
  public ScriptRequest under(LeaseToken token) {
    return new ScriptRequest(file, strict, staged, limit, token);
  }
}
