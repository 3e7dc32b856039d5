// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.declarative.Definition.Command;
import consort.declarative.Definition.Example;
import consort.declarative.Definition.Output;
import consort.declarative.Definition.Parameter;
import consort.declarative.Definition.Place;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An instrument made of the examples of its definition. What was written is remembered as text. A
 * question is answered with
 *
 * <ol>
 *   <li>what was written last to the outputs of its command, in the same channel;
 *   <li>else what was written last after the same words: {@code VOLT 5} is answered to {@code
 *       VOLT?};
 *   <li>else the reply of the example that sends it.
 * </ol>
 *
 * {@code *RST} forgets everything. For one thread.
 */
final class SimulatedInstrument {

  /** What is written under ever new words is forgotten again, the oldest first. */
  private static final int MOST_WORDS = 10_000;

  private record Known(Command command, Pattern reader) {}

  private final List<Known> commands;
  private final Map<String, String> replies = new LinkedHashMap<>();
  private final Map<String, String> written =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
          return size() > MOST_WORDS;
        }
      };

  SimulatedInstrument(Definition definition) {
    commands =
        definition.commands().stream().map(c -> new Known(c, c.template().reader())).toList();
    for (Example example : definition.examples()) {
      if (example.reply() != null) {
        replies.putIfAbsent(example.sent(), example.reply());
      }
    }
  }

  /** What was written, to hand over. */
  Map<String, String> written() {
    return Map.copyOf(written);
  }

  /** Takes over what was written before. */
  void written(Map<String, String> before) {
    written.putAll(before);
  }

  /** Takes a line; gives the answer, null when there is none. */
  String line(String line) {
    if (line.equalsIgnoreCase("*RST")) {
      written.clear();
      return null;
    }
    for (Known known : commands) {
      Matcher m = known.reader().matcher(line);
      if (m.matches()) {
        if (known.command().reply() != null) {
          String value = written(known.command(), m);
          return value != null ? value : otherwise(line);
        }
        write(known.command(), m);
      }
    }
    if (Template.asks(line) || replies.containsKey(line)) {
      return otherwise(line);
    }
    int blank = line.indexOf(' ');
    if (blank > 0) {
      written.put(words(line.substring(0, blank)), line.substring(blank + 1).strip());
    }
    return null;
  }

  private String otherwise(String line) {
    int mark = line.indexOf('?');
    String value =
        mark < 0 ? null : written.get(words(line.substring(0, mark) + line.substring(mark + 1)));
    return value != null ? value : replies.get(line);
  }

  private void write(Command command, Matcher line) {
    long channel = channel(command, line);
    List<String> values = new ArrayList<>();
    for (Parameter parameter : command.parameters()) {
      String value = value(command, line, parameter.name());
      if (value != null && !parameter.name().equals(command.channel())) {
        values.add(value);
        written.put(key(parameter.place(), command, channel), value);
      }
    }
    if (command.sets().size() == values.size()) {
      for (int i = 0; i < values.size(); i++) {
        written.put(key(command.sets().get(i), command, channel), values.get(i));
      }
    }
  }

  /** What was written to all outputs of a command, null when one is unwritten. */
  private String written(Command command, Matcher line) {
    long channel = channel(command, line);
    List<String> values = new ArrayList<>();
    for (Output output : command.reply().outputs()) {
      String value =
          output.place().name().isEmpty()
              ? null
              : written.get(key(output.place(), command, channel));
      if (value == null) {
        return null;
      }
      values.add(value);
    }
    return String.join(",", values);
  }

  private static long channel(Command command, Matcher line) {
    String text = command.channel() == null ? null : value(command, line, command.channel());
    return text != null && text.matches("[0-9]{1,9}") ? Long.parseLong(text) : 0;
  }

  private static String value(Command command, Matcher line, String argument) {
    int index = command.template().arguments().indexOf(argument);
    return index < 0 ? null : line.group(index + 1);
  }

  private static String key(Place place, Command command, long channel) {
    return "io " + place.io(command.group(), channel);
  }

  /** SCPI's words, whatever their case and with or without the first colon. */
  private static String words(String text) {
    String bare = text.strip().replace(" ", "").toUpperCase(Locale.ROOT);
    return bare.startsWith(":") ? bare.substring(1) : bare;
  }
}
