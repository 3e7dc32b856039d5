// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.api.CommandInfo;
import consort.api.InstrumentException;
import consort.api.Refused;
import consort.api.Values;
import consort.declarative.Definition.Example;
import consort.declarative.Definition.Identification;
import consort.yaml.Node;
import consort.yaml.Problems;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Runs the examples of a definition: what is sent, and what the reply means. */
final class ExampleCheck {

  private final Definition definition;
  private final Problems problems;
  private final Map<String, DefinedCommand> commands = new HashMap<>();

  ExampleCheck(Definition definition, Problems problems) {
    this.definition = definition;
    this.problems = problems;
    definition
        .commands()
        .forEach(c -> commands.put(c.name(), new DefinedCommand(c, IoConfig.none())));
  }

  void run() {
    for (Example example : definition.examples()) {
      if (example.command() == null) {
        line(example);
      } else {
        command(example, commands.get(example.command()));
      }
    }
  }

  private void line(Example example) {
    Identification identity = definition.identity();
    if (identity != null
        && identity.query().equals(example.sent())
        && identity.pattern() != null
        && !identity.pattern().matcher(example.reply().strip()).matches()) {
      problems.error(
          at(example, "reply"),
          "'%s' does not look like identity.pattern, %s"
              .formatted(Node.cut(example.reply()), identity.pattern()));
    }
  }

  private void command(Example example, DefinedCommand command) {
    String name = written(example.command());
    String line;
    Map<String, Object> arguments;
    try {
      arguments = Values.bind(command.info(), List.of(), example.arguments());
      line = command.line(arguments);
    } catch (Refused e) {
      problems.error(at(example, "arguments"), e.getMessage());
      return;
    }
    if (!line.equals(example.sent())) {
      problems.error(
          at(example, "sent"),
          "%s sends \"%s\", not \"%s\"".formatted(name, Node.cut(line), Node.cut(example.sent())));
    }
    if (command.answers() != (example.reply() != null)) {
      problems.error(
          at(example, "reply"),
          command.answers()
              ? name + " has a reply; write what is answered"
              : name + " has no reply; leave it out, or write what it returns");
    } else if (command.answers()) {
      reply(example, command, line, arguments);
    } else if (example.result() != null) {
      problems.error(at(example, "result"), name + " has no result");
    }
  }

  private void reply(
      Example example, DefinedCommand command, String line, Map<String, Object> arguments) {
    Object result;
    try {
      result =
          command.block() == null
              ? command.result(line, example.reply(), arguments)
              : command.result(line, SimulatedLink.block(line, example.reply()), arguments);
    } catch (InstrumentException e) {
      problems.error(at(example, "reply"), e.getMessage());
      return;
    }
    if (example.result() != null) {
      compare(example, command.info(), result);
    }
  }

  private void compare(Example example, CommandInfo info, Object result) {
    try {
      Object wanted = Values.convert(info.name(), info.result(), example.result());
      Object found = Values.convert(info.name(), info.result(), result);
      if (!Objects.deepEquals(wanted, found)) {
        problems.error(
            at(example, "result"),
            "the reply means %s, not %s".formatted(Values.text(found), Values.text(wanted)));
      }
    } catch (Refused e) {
      problems.error(at(example, "result"), e.getMessage());
    }
  }

  private String written(String name) {
    return definition.commands().stream()
        .filter(c -> c.name().equals(name))
        .findFirst()
        .orElseThrow()
        .written();
  }

  private static Node at(Example example, String key) {
    Node node = example.node().get(key);
    return node == null ? example.node() : node;
  }
}
