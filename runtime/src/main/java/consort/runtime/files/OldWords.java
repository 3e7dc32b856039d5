// SPDX-License-Identifier: Apache-2.0
package consort.runtime.files;

import consort.api.deploy.Finding;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Says a finding as the validators of instrument-script-server do: {@code /path: message}. */
final class OldWords {

  /** What an absent key is called there, by the place of the map that lacks it. */
  private record Missing(Pattern place, String message) {}

  private static final List<Missing> MISSING =
      List.of(
          new Missing(Pattern.compile(""), "Missing required field '%s'"),
          new Missing(Pattern.compile("/connection"), "Missing required field '%s' in connection"),
          new Missing(Pattern.compile("/io/\\d+"), "Missing required IO field '%s'"),
          new Missing(
              Pattern.compile("/channel_groups/\\d+"), "Missing required channel_group field '%s'"),
          new Missing(
              Pattern.compile("/channel_groups/\\d+/channel_parameter"),
              "Missing required channel_parameter field '%s'"),
          new Missing(
              Pattern.compile("/channel_groups/\\d+/io_types/\\d+"),
              "Missing required io_type field '%s'"),
          new Missing(Pattern.compile("/commands/[^/]+"), "Missing required command field '%s'"));

  private static final Pattern PLACE = Pattern.compile("(.*)/([^/]+)");

  private OldWords() {}

  static String of(Finding finding) {
    Matcher place = PLACE.matcher(finding.pointer());
    if (place.matches() && finding.message().startsWith("this key is missing")) {
      for (Missing missing : MISSING) {
        if (missing.place().matcher(place.group(1)).matches()) {
          return place.group(1) + ": " + missing.message().formatted(place.group(2));
        }
      }
    }
    return (finding.pointer().isEmpty() ? where(finding) : finding.pointer())
        + ": "
        + finding.message();
  }

  /** A finding of no value: of the file, or of a line of it. */
  private static String where(Finding finding) {
    return finding.line() == 0 ? "/" : finding.line() + ":" + finding.column();
  }
}
