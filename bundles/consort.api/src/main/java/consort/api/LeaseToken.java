// SPDX-License-Identifier: Apache-2.0
package consort.api;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a call shows to write under a lease. No two leases of a node ever have the same: the epoch
 * counts the starts of its coordinator, the counter the leases since then.
 *
 * @param epoch which start of the coordinator gave it, from 1
 * @param counter which lease of that epoch, from 1
 */
public record LeaseToken(long epoch, long counter) {

  private static final Pattern TEXT = Pattern.compile("([0-9]{1,18})-([0-9]{1,18})");

  /**
   * Reads {@code 3-17}.
   *
   * @throws Refused when it is no token
   */
  public static LeaseToken parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      String shown = text.length() > 40 ? text.substring(0, 40) + "…" : text;
      throw new Refused(
          ErrorCode.BAD_ARGUMENT, "'" + shown + "' is no lease; its id is such as 3-17");
    }
    return new LeaseToken(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)));
  }

  /** {@code 3-17}: the id of the lease. */
  @Override
  public String toString() {
    return epoch + "-" + counter;
  }
}
