// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.declarative.Definition.Command;
import consort.declarative.Definition.Example;
import consort.declarative.Definition.Output;
import consort.declarative.Definition.Parameter;
import consort.declarative.Definition.Place;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * An instrument made of the examples of its definition. What was written is remembered as text. A
 * question is answered with the reply of its example, or else of another example of the same
 * command, in which what was written last to an output, in the same channel, stands for its value.
 * Where nothing was written to the one output of a command, it is what was written last after the
 * same words: {@code VOLT 5} is answered to {@code VOLT?}. {@code *RST} forgets everything. For one
 * thread.
 */
final class SimulatedInstrument {

  /** What is written under ever new words is forgotten again, the oldest first. */
  private static final int MOST_WORDS = 10_000;

  private record Known(Command command, Pattern reader) {}

  private final List<Known> commands;
  private final Map<String, String> replies = new LinkedHashMap<>();
  private final Map<String, String> others = new HashMap<>();
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
        definition.commands().stream()
            .map(c -> new Known(c, c.template().reader(argument -> form(c, argument))))
            .toList();
    for (Example example : definition.examples()) {
      if (example.reply() != null) {
        replies.putIfAbsent(example.sent(), example.reply());
        if (example.command() != null) {
          others.putIfAbsent(example.command(), example.reply());
        }
      }
    }
  }

  /** What may stand for an argument, so that no line is taken for another. */
  private static String form(Command command, String argument) {
    for (Parameter parameter : command.parameters()) {
      if (parameter.name().equals(argument) && !parameter.options().isEmpty()) {
        return parameter.options().stream()
            .map(option -> Pattern.quote(written(option)))
            .collect(Collectors.joining("|"));
      }
      if (parameter.name().equals(argument)) {
        return switch (parameter.type()) {
          case INT, FLOAT -> "[-+.0-9eE]+";
          case BOOL -> "[01]";
          case INTS, FLOATS -> "[-+.,0-9eE]*";
          case STRING -> ".*?";
        };
      }
    }
    return ".*?";
  }

  private static String written(Object option) {
    StringBuilder out = new StringBuilder();
    Decimals.write(out, option);
    return out.toString();
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
    boolean asked = false;
    String reply = replies.get(line);
    for (Known one : commands) {
      Matcher m = one.reader().matcher(line);
      if (m.matches() && one.command().reply() != null) {
        // several commands may read different parts of one reply
        reply = reply(one.command(), m, line, reply);
        asked = true;
      } else if (m.matches()) {
        write(one.command(), m);
      }
    }
    if (asked) {
      return reply;
    }
    if (replies.containsKey(line)) {
      return replies.get(line);
    }
    int blank = line.indexOf(' ');
    if (Template.asks(line)) {
      return byWords(line);
    }
    if (blank > 0) {
      written.put(words(line.substring(0, blank)), line.substring(blank + 1).strip());
    }
    return null;
  }

  private String reply(Command command, Matcher question, String line, String known) {
    String example = known == null ? others.get(command.name()) : known;
    long channel = channel(command, question);
    List<String> values = new ArrayList<>();
    for (Output output : command.reply().outputs()) {
      boolean named = !output.place().name().isEmpty();
      values.add(named ? written.get(key(output.place(), command, channel)) : null);
    }
    boolean plain = values.size() == 1 && command.reply().pattern() == null;
    if (plain && values.get(0) == null && command.reply().block() == null) {
      values.set(0, byWords(line));
    }
    return example == null
        ? values.contains(null) || command.reply().pattern() != null
            ? null
            : String.join(",", values)
        : with(example, command.reply().pattern(), values);
  }

  /** A reply in which some values are others. */
  private static String with(String reply, Pattern pattern, List<String> values) {
    if (pattern == null) {
      String[] parts = values.size() == 1 ? new String[] {reply} : reply.split(",", -1);
      for (int i = 0; i < Math.min(parts.length, values.size()); i++) {
        parts[i] = values.get(i) == null ? parts[i] : values.get(i);
      }
      return String.join(",", parts);
    }
    Matcher m = pattern.matcher(reply);
    StringBuilder out = new StringBuilder(reply);
    for (int i = m.matches() ? values.size() : 0; i > 0; i--) {
      boolean whole = m.groupCount() == 0;
      if (values.get(i - 1) != null && (whole || m.start(i) >= 0)) {
        out.replace(whole ? 0 : m.start(i), whole ? out.length() : m.end(i), values.get(i - 1));
      }
    }
    return out.toString();
  }

  private String byWords(String question) {
    int mark = question.indexOf('?');
    return mark < 0
        ? null
        : written.get(words(question.substring(0, mark) + question.substring(mark + 1)));
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
