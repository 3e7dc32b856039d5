// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.ErrorKind;
import consort.api.Faulted;
import consort.api.InstrumentException;
import consort.api.Origin;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Errors as replies: text, code and origin; never the name of a class. */
final class Errors {

  private static final Pattern LONG = Pattern.compile("\\S{501,}");

  private Errors() {}

  /** What an error says; of a very long word, perhaps a name that was sent, only the beginning. */
  static String shown(String text) {
    return LONG.matcher(String.valueOf(text))
        .replaceAll(
            word ->
                Matcher.quoteReplacement(
                    word.group().substring(0, 60)
                        + "… ("
                        + word.group().length()
                        + " characters)"));
  }

  static Map<String, Object> reply(String text, InstrumentException e) {
    Map<String, Object> reply = Plain.map("ok", false, "error", shown(text));
    reply.putAll(details(e));
    return reply;
  }

  static Map<String, Object> details(InstrumentException e) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("code", e.code().text());
    out.put("kind", e.kind().name().toLowerCase(Locale.ROOT));
    if (e instanceof Faulted faulted && faulted.number() != 0) {
      out.put("number", faulted.number());
    }
    Origin at = e.origin();
    Map<String, Object> origin = new LinkedHashMap<>();
    put(origin, "instrument", at.instrument());
    put(origin, "command", at.command());
    put(origin, "link", at.link());
    put(origin, "sent", at.sent());
    put(origin, "received", at.received());
    if (!origin.isEmpty()) {
      out.put("origin", origin);
    }
    return out;
  }

  private static void put(Map<String, Object> map, String name, String text) {
    if (!text.isEmpty()) {
      map.put(name, shown(text));
    }
  }

  /** instrument-script-server's words for what went wrong in a command. */
  static String ofCommand(InstrumentException e) {
    return e.kind() == ErrorKind.TIMED_OUT
        ? "Command timeout: " + shown(e.getMessage())
        : shown(e.getMessage());
  }
}
