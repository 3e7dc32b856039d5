// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.api.ErrorCode;
import consort.api.Faulted;
import consort.api.Garbled;
import consort.api.InstrumentInfo;
import consort.api.Unreachable;
import consort.api.driver.Connectable;
import consort.api.driver.Driver;
import consort.api.driver.Identity;
import consort.api.driver.Startup;
import consort.api.link.Link;
import consort.declarative.Definition.Command;
import consort.declarative.Definition.Errors;
import consort.declarative.Definition.Identification;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A driver instance whose commands are those of a definition. */
class DefinedDriver implements Driver, Connectable, Startup {

  private static final Pattern NUMBERED =
      Pattern.compile("\\s*([+-]?[0-9]{1,9})\\s*,?\\s*\"?(.*?)\"?\\s*", Pattern.DOTALL);
  private static final Pattern GROUP = Pattern.compile("\\(\\?<([a-zA-Z][a-zA-Z0-9]*)>");

  /** An instrument that never runs out of errors is asked no more often. */
  private static final int MOST_ERRORS = 32;

  private final Definition definition;
  private final Link link;
  private final Map<String, DefinedCommand> commands = new LinkedHashMap<>();
  private final InstrumentInfo info;

  DefinedDriver(Definition definition, IoConfig config, Link link) {
    this.definition = definition;
    this.link = link;
    for (Command command : definition.commands()) {
      commands.put(command.name(), new DefinedCommand(command, config));
    }
    String doc =
        definition.doc().isEmpty()
            ? definition.vendor() + " " + definition.model()
            : definition.doc();
    info =
        new InstrumentInfo(
            List.of(), doc, commands.values().stream().map(DefinedCommand::info).toList());
  }

  @Override
  public InstrumentInfo info() {
    return info;
  }

  @Override
  public Identity connect() {
    Identification asks = definition.identity();
    if (asks == null) {
      return Identity.UNKNOWN;
    }
    String answer = link.ask(asks.query()).strip();
    Pattern pattern = asks.pattern();
    if (pattern == null) {
      return identity(answer);
    }
    Matcher m = pattern.matcher(answer);
    if (!m.matches()) {
      throw new Unreachable(
          ErrorCode.NOT_CONNECTED,
          "%s answers \"%s\" to %s, which is no %s %s: it does not look like %s"
              .formatted(
                  link.address(),
                  answer.length() > 80 ? answer.substring(0, 80) + "…" : answer,
                  asks.query(),
                  definition.vendor(),
                  definition.model(),
                  pattern));
    }
    List<String> names =
        GROUP.matcher(pattern.pattern()).results().map(group -> group.group(1)).toList();
    if (names.isEmpty()) {
      return identity(answer);
    }
    return new Identity(
        part(m, names, "vendor", definition.vendor()),
        part(m, names, "model", definition.model()),
        part(m, names, "serial", ""),
        part(m, names, "firmware", ""));
  }

  private static String part(Matcher m, List<String> names, String name, String absent) {
    String part = names.contains(name) ? m.group(name) : null;
    return part == null ? absent : part.strip();
  }

  private Identity identity(String answer) {
    return answer.contains(",")
        ? Identity.parse(answer)
        : new Identity(definition.vendor(), answer.isEmpty() ? definition.model() : answer, "", "");
  }

  @Override
  public void startup(List<String> lines) {
    for (String line : definition.initialization()) {
      send(line);
    }
    lines.forEach(link::tell);
  }

  @Override
  public Object call(String name, Map<String, Object> arguments) {
    DefinedCommand command = commands.get(name);
    String line = command.line(arguments);
    if (!command.answers()) {
      send(line);
      return null;
    }
    if (command.block() != null) {
      return command.result(line, link.askBlock(line), arguments);
    }
    String answer = link.ask(line);
    try {
      return command.result(line, answer, arguments);
    } catch (Garbled e) {
      // an answer that makes no sense may be that of another question
      link.clear();
      throw e;
    }
  }

  /**
   * Sends what has no reply; where the instrument tells of errors, it is asked in the same turn.
   */
  private void send(String line) {
    Errors errors = definition.errors();
    if (errors == null || Template.asks(line)) {
      link.tell(line);
      return;
    }
    List<String> found =
        link.together(
            () -> {
              link.tell(line);
              return errors(errors);
            });
    if (!found.isEmpty()) {
      throw fault(line, found);
    }
  }

  /** Empties the queue of errors, so that none is put down to the next command. */
  private List<String> errors(Errors errors) {
    List<String> found = new ArrayList<>();
    String answer = link.ask(errors.query()).strip();
    while (!errors.none().matcher(answer).matches() && found.size() < MOST_ERRORS) {
      found.add(answer);
      answer = link.ask(errors.query()).strip();
    }
    return found;
  }

  private static Faulted fault(String line, List<String> found) {
    Matcher m = NUMBERED.matcher(found.get(0));
    int number = m.matches() ? Integer.parseInt(m.group(1)) : 0;
    String text = m.matches() ? (m.group(1) + " " + m.group(2)).strip() : found.get(0);
    String more = found.size() == 1 ? "" : "; and " + (found.size() - 1) + " more";
    String shown = line.length() > 80 ? line.substring(0, 80) + "…" : line;
    return new Faulted(number, "\"" + shown + "\": " + text + more);
  }
}
