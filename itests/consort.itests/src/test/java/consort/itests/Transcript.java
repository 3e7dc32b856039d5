// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What somebody typed and saw, from a document: the blocks whose first line begins with {@code $}.
 * What differs from one run to the next is made equal: times, measured numbers, spaces, and the ids
 * of leases, which are counted from the first one.
 */
final class Transcript {

  private static final Pattern BLOCK = Pattern.compile("(?ms)^```\\w*\\n(\\$ .*?)^```$");
  private static final Pattern ENTRY = Pattern.compile("(?ms)^\\$ (.*?)(?=^\\$ |\\z)");
  private static final Pattern TIME =
      Pattern.compile("\\d+ (?:h|min|s)(?: \\d+ (?:min|s))?(?=[,\\s]|$)");
  private static final Pattern MEASURED = Pattern.compile("-?\\d+\\.\\d+(?:E-?\\d+)?");
  private static final Pattern LEASE = Pattern.compile("\\b(\\d+)-(\\d+)\\b");

  /** A command, and what it printed. */
  record Entry(String command, String printed) {}

  private Transcript() {}

  static List<Entry> of(Path document) throws IOException {
    List<Entry> entries = new ArrayList<>();
    for (MatchResult block : BLOCK.matcher(Files.readString(document)).results().toList()) {
      for (MatchResult entry : ENTRY.matcher(block.group(1)).results().toList()) {
        entries.add(entry(entry.group(1)));
      }
    }
    return entries;
  }

  /** A command goes on behind a line with an open quote. */
  private static Entry entry(String text) {
    int end = text.indexOf('\n');
    while (text.substring(0, end).chars().filter(c -> c == '\'').count() % 2 != 0) {
      end = text.indexOf('\n', end + 1);
    }
    return new Entry(text.substring(0, end), text.substring(end + 1));
  }

  /** What is printed, without what differs from run to run. */
  static String plain(String printed) {
    String times = TIME.matcher(printed).replaceAll("TIME");
    return MEASURED.matcher(times).replaceAll("NUMBER").replaceAll("\\s+", "");
  }

  /** The first id of a lease in a text; null for none. */
  static MatchResult lease(String text) {
    Matcher matcher = LEASE.matcher(text);
    return matcher.find() ? matcher.toMatchResult() : null;
  }

  /** A text with its ids moved so that one becomes the other. */
  static String moved(String text, MatchResult from, MatchResult to) {
    if (from == null || to == null) {
      return text;
    }
    long more = Long.parseLong(to.group(2)) - Long.parseLong(from.group(2));
    return LEASE
        .matcher(text)
        .replaceAll(
            id ->
                id.group(1).equals(from.group(1))
                    ? to.group(1) + "-" + (Long.parseLong(id.group(2)) + more)
                    : id.group());
  }
}
