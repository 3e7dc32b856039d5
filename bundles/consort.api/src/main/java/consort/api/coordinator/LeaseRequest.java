// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import consort.api.ErrorCode;
import consort.api.Refused;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What is asked for with a lease.
 *
 * @param resources names of instruments ({@code DMM1}), of what is below them ({@code
 *     Dev1/port0/line0}), or of what only foreign software knows; 1 to 64
 * @param client which client of its owner asks; the same one may resume. Empty for one that never
 *     does: it gets an id of its own
 * @param ttl how long it holds unless renewed, 1 s to 24 h
 * @param waitLimit how long to wait for it, at most 24 h; zero to be refused at once
 * @param readers whether others may read meanwhile
 * @param purpose what others are told it is for; may be empty
 * @param pid the process on this host with which the lease ends, 0 for none
 */
public record LeaseRequest(
    SortedSet<String> resources,
    String client,
    Duration ttl,
    Duration waitLimit,
    boolean readers,
    String purpose,
    long pid) {

  /** The time to live when nothing is said. */
  public static final Duration TTL = Duration.ofSeconds(60);

  /** The shortest time to live. */
  public static final Duration SHORTEST = Duration.ofSeconds(1);

  /** The longest time to live, and to wait. */
  public static final Duration LONGEST = Duration.ofHours(24);

  private static final int MOST_RESOURCES = 64;
  private static final int LONGEST_NAME = 128;
  private static final int LONGEST_TEXT = 200;
  private static final String SEGMENT = "[A-Za-z0-9_.:@#+\\[\\]-]+";
  private static final Pattern NAME = Pattern.compile(SEGMENT + "(/" + SEGMENT + ")*");

  /** Checks and copies; what is wrong is refused. */
  public LeaseRequest {
    resources = java.util.Collections.unmodifiableSortedSet(new TreeSet<>(resources));
    if (resources.isEmpty() || resources.size() > MOST_RESOURCES) {
      throw new Refused(
          ErrorCode.BAD_ARGUMENT,
          "a lease is on 1 to " + MOST_RESOURCES + " names, not " + resources.size());
    }
    resources.forEach(LeaseRequest::requireName);
    requireText("client", client);
    requireText("purpose", purpose);
    requireTtl(ttl);
    if (waitLimit.isNegative() || waitLimit.compareTo(LONGEST) > 0) {
      throw new Refused(
          ErrorCode.OUT_OF_RANGE, "a wait of " + seconds(waitLimit) + " is outside [0 s, 24 h]");
    }
    if (pid < 0) {
      throw new Refused(ErrorCode.OUT_OF_RANGE, pid + " is no process");
    }
  }

  /** A request for a minute that is refused at once where it cannot be met. */
  public static LeaseRequest of(String... resources) {
    return of(List.of(resources));
  }

  /** A request for a minute that is refused at once where it cannot be met. */
  public static LeaseRequest of(Collection<String> resources) {
    return new LeaseRequest(new TreeSet<>(resources), "", TTL, Duration.ZERO, true, "", 0);
  }

  /** This request of a client that may resume. */
  public LeaseRequest client(String id) {
    return new LeaseRequest(resources, id, ttl, waitLimit, readers, purpose, pid);
  }

  /** This request for another time. */
  public LeaseRequest ttl(Duration time) {
    return new LeaseRequest(resources, client, time, waitLimit, readers, purpose, pid);
  }

  /** This request, waiting so long. */
  public LeaseRequest waiting(Duration limit) {
    return new LeaseRequest(resources, client, ttl, limit, readers, purpose, pid);
  }

  /** This request with a purpose. */
  public LeaseRequest purpose(String text) {
    return new LeaseRequest(resources, client, ttl, waitLimit, readers, text, pid);
  }

  /** This request, not even letting others read. */
  public LeaseRequest alone() {
    return new LeaseRequest(resources, client, ttl, waitLimit, false, purpose, pid);
  }

  /** This request for a lease that ends with a process of this host. */
  public LeaseRequest process(long id) {
    return new LeaseRequest(resources, client, ttl, waitLimit, readers, purpose, id);
  }

  /** Refuses a time to live that is too short or too long. */
  public static void requireTtl(Duration ttl) {
    if (ttl.compareTo(SHORTEST) < 0 || ttl.compareTo(LONGEST) > 0) {
      throw new Refused(
          ErrorCode.OUT_OF_RANGE, "a lease of " + seconds(ttl) + " is outside [1 s, 24 h]");
    }
  }

  private static String seconds(Duration duration) {
    return consort.api.Values.number(duration.toMillis() / 1e3) + " s";
  }

  private static void requireName(String name) {
    if (name.length() > LONGEST_NAME || !NAME.matcher(name).matches()) {
      throw new Refused(
          ErrorCode.BAD_ARGUMENT,
          "'"
              + shortened(name)
              + "' is no name for a lease; it is such as DMM1 or Dev1/port0/line0");
    }
  }

  private static void requireText(String what, String text) {
    if (text.length() > LONGEST_TEXT || text.chars().anyMatch(Character::isISOControl)) {
      throw new Refused(
          ErrorCode.BAD_ARGUMENT,
          what
              + " '"
              + shortened(text)
              + "' is longer than "
              + LONGEST_TEXT
              + " characters, or more than one line");
    }
  }

  private static String shortened(String text) {
    String printable = text.replaceAll("\\p{Cntrl}", "?");
    return printable.length() > 40 ? printable.substring(0, 40) + "…" : printable;
  }
}
