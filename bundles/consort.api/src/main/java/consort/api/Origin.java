// SPDX-License-Identifier: Apache-2.0
package consort.api;

/**
 * Where an error comes from. Every part may be empty, none is null; {@code sent} and {@code
 * received} are shortened and made printable.
 */
public record Origin(String instrument, String command, String link, String sent, String received) {

  /** An origin of which nothing is known. */
  public static final Origin UNKNOWN = new Origin("", "", "", "", "");

  private static final int LONGEST = 200;

  /** Shortens what was on the wire. */
  public Origin {
    sent = printable(sent);
    received = printable(received);
  }

  /** An origin on a link: its address and what was on the wire. */
  public static Origin link(String link, String sent, String received) {
    return new Origin("", "", link, sent, received);
  }

  /** This origin, its unknown parts taken from {@code outer}. */
  public Origin within(Origin outer) {
    return new Origin(
        first(instrument, outer.instrument),
        first(command, outer.command),
        first(link, outer.link),
        first(sent, outer.sent),
        first(received, outer.received));
  }

  private static String first(String a, String b) {
    return a.isEmpty() ? b : a;
  }

  private static String printable(String text) {
    int length = Math.min(text.length(), LONGEST);
    StringBuilder out = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c < ' ' || (c > '~' && c < 0xa0)) {
            out.append(String.format("\\x%02x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    return text.length() > LONGEST ? out.append('…').toString() : out.toString();
  }
}
