// SPDX-License-Identifier: Apache-2.0
package consort.script;

/**
 * What a script calls: {@code NAME.VERB} or {@code NAME:channel.VERB}. Blanks around the parts do
 * not count; the first dot divides.
 *
 * @param instrument the name of the instrument; the whole text when it is none of these
 * @param channel the channel, null for none
 * @param verb the command; empty when there is none
 * @param problem what is wrong with it; null when nothing is
 */
record Target(String instrument, Integer channel, String verb, String problem) {

  static Target parse(String text) {
    int dot = text.indexOf('.');
    if (dot < 0) {
      return new Target(
          shortened(text),
          null,
          "",
          "'" + shortened(text) + "' is not NAME.VERB, such as DMM1.MEASURE");
    }
    String verb = text.substring(dot + 1).strip();
    String name = text.substring(0, dot).strip();
    int colon = name.indexOf(':');
    if (colon < 0) {
      return new Target(name, null, verb, null);
    }
    String channel = name.substring(colon + 1).strip();
    String instrument = name.substring(0, colon).strip();
    if (!channel.matches("[0-9]{1,9}")) {
      return new Target(
          name,
          null,
          verb,
          "'" + shortened(channel) + "' is no channel; it is a number, as in SMU:2.GET");
    }
    return new Target(instrument, Integer.valueOf(channel), verb, null);
  }

  private static String shortened(String text) {
    return text.length() > 60 ? text.substring(0, 60) + "…" : text;
  }

  /** The name with its channel: {@code SMU:2}. */
  String label() {
    return channel == null ? instrument : instrument + ":" + channel;
  }
}
