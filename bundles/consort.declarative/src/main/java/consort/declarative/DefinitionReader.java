// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.api.Names;
import consort.api.deploy.Finding;
import consort.declarative.Definition.Command;
import consort.declarative.Definition.Errors;
import consort.declarative.Definition.Example;
import consort.declarative.Definition.Identification;
import consort.declarative.Definition.Terminators;
import consort.yaml.Node;
import consort.yaml.Problems;
import consort.yaml.Schema;
import consort.yaml.YamlReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Turns the bytes of an API definition into a definition, or into findings. Threadsafe. */
final class DefinitionReader {

  private static final int LONGEST_TERMINATOR = 3;

  private Schema schema;

  /** Read at the first use, on the thread that uses it, and not when the component is made. */
  synchronized Schema schema() {
    if (schema == null) {
      try (InputStream in =
          DefinitionReader.class.getResourceAsStream("api-definition.schema.json")) {
        schema = Schema.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return schema;
  }

  /**
   * What reading a file gave.
   *
   * @param definition null when the file cannot be used
   * @param identifier the name it gives itself; empty when it gives none
   * @param version its version; empty when it gives none
   */
  record Reading(
      Definition definition, String identifier, String version, List<Finding> findings) {}

  /**
   * Reads, and runs the examples.
   *
   * @param shown the name of the file in findings
   */
  Reading read(String shown, byte[] bytes) {
    Problems problems = new Problems(shown);
    Node root = YamlReader.read(bytes, problems);
    if (root == null) {
      return new Reading(null, "", "", problems.all());
    }
    schema().check(root, problems);
    Definition definition = definition(root, problems);
    if (!problems.failed()) {
      new ExampleCheck(definition, problems).run();
    }
    return new Reading(
        problems.failed() ? null : definition,
        definition.identifier(),
        definition.version(),
        problems.all());
  }

  /** Complete only if there is no problem. */
  private static Definition definition(Node root, Problems problems) {
    Node instrument = root.get("instrument");
    String identifier = Texts.or(instrument, "identifier", "");
    if (!identifier.matches("[A-Z][A-Z0-9_]*") && !identifier.isEmpty()) {
      problems.note(
          instrument.get("identifier"),
          "instrument-script-server takes capitals, digits and underscores only; accepted");
    }
    IoReader io = IoReader.of(root, problems);
    List<Command> commands = commands(root, io, problems);
    Node identity = root.get("identity");
    Node errors = root.get("errors");
    String doc = Texts.or(instrument, "desc", Texts.or(instrument, "description", ""));
    return new Definition(
        identifier,
        Texts.or(root, "api_version", ""),
        Texts.any(instrument, "vendor"),
        Texts.any(instrument, "model"),
        doc,
        terminators(root.get("protocol"), problems),
        io.ios,
        commands,
        Texts.texts(root, "initialization").stream().map(n -> (String) n.value()).toList(),
        identity == null
            ? null
            : new Identification(
                Texts.or(identity, "query", ""), Texts.pattern(identity, "pattern", problems)),
        errors == null
            ? null
            : new Errors(Texts.or(errors, "query", ""), Texts.pattern(errors, "none", problems)),
        examples(root, commands, problems));
  }

  private static Terminators terminators(Node protocol, Problems problems) {
    String both = terminator(protocol, "terminator", "\n", problems);
    return new Terminators(
        terminator(protocol, "read_terminator", both, problems),
        terminator(protocol, "write_terminator", both, problems));
  }

  private static String terminator(Node protocol, String key, String absent, Problems problems) {
    String text = Texts.text(protocol, key);
    if (text == null) {
      return absent;
    }
    // between single quotes YAML leaves the two characters of \n
    String characters = text.replace("\\r", "\r").replace("\\n", "\n");
    if (characters.length() > LONGEST_TERMINATOR || characters.chars().anyMatch(c -> c > 255)) {
      problems.error(
          protocol.get(key),
          "'%s' is not 1 to %d characters of one byte"
              .formatted(Node.cut(characters), LONGEST_TERMINATOR));
    }
    return characters;
  }

  private static List<Command> commands(Node root, IoReader io, Problems problems) {
    List<Command> commands = new ArrayList<>();
    Map<String, String> names = new HashMap<>();
    Node all = root.get("commands");
    if (all == null) {
      return commands;
    }
    all.fields()
        .forEach(
            (name, field) -> {
              String other = names.putIfAbsent(Names.fold(name), name);
              if (other != null) {
                problems.error(
                    field,
                    "the commands %s and %s have one name: case and underscores do not count"
                        .formatted(Node.cut(other), Node.cut(name)));
                return;
              }
              Command command = CommandReader.read(name, field.value(), io, problems);
              if (command != null) {
                commands.add(command);
              }
            });
    if (all.is(Node.Kind.MAP) && all.fields().isEmpty()) {
      problems.error(all, "there is no command; write one");
    }
    return commands;
  }

  private static List<Example> examples(Node root, List<Command> commands, Problems problems) {
    List<Example> examples = new ArrayList<>();
    for (Node node : Texts.items(root, "examples")) {
      String name = Texts.text(node, "command");
      String sent = Texts.text(node, "sent");
      String reply = Texts.text(node, "reply");
      Node result = node.get("result");
      Node arguments = node.get("arguments");
      if (name == null && (result != null || arguments != null)) {
        problems.missing(node, "command", "command is missing: arguments and result belong to one");
      } else if (name == null && reply == null && sent != null) {
        problems.missing(node, "reply", "reply is missing: a line of no command is here for it");
      } else if (name != null && find(commands, name) == null) {
        problems.error(
            node.get("command"),
            "'%s' is no command; there is %s"
                .formatted(
                    Node.cut(name), Texts.list(commands.stream().map(Command::written).toList())));
      } else if (sent != null) {
        Command command = name == null ? null : find(commands, name);
        examples.add(
            new Example(
                command == null ? null : command.name(),
                arguments == null ? Map.of() : arguments.plainFields(),
                sent,
                reply,
                result == null ? null : result.plain(),
                node));
      }
    }
    return examples;
  }

  private static Command find(List<Command> commands, String name) {
    String folded = Names.fold(name);
    return commands.stream()
        .filter(c -> Names.fold(c.written()).equals(folded))
        .findFirst()
        .orElse(null);
  }
}
