// SPDX-License-Identifier: Apache-2.0
package consort.runtime.cli;

import consort.commands.Json;
import consort.commands.Progress;
import consort.commands.Texts;
import consort.commands.Verb;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The command line: a client of the running node. */
public final class Cli {

  static final int OK = 0;
  static final int FAILED = 1;
  static final int USAGE = 2;

  private final PrintStream out;
  private final PrintStream err;

  Cli(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /** Runs one command and ends the process with 0 (ok), 1 (failed) or 2 (wrong usage). */
  public static void main(String[] args) {
    int code = new Cli(System.out, System.err).run(args);
    System.out.flush();
    System.exit(code);
  }

  int run(String... args) {
    CommandLine line = line(verbs(args));
    ParseResult parsed;
    try {
      parsed = line.parseArgs(args);
    } catch (ParameterException e) {
      return wrong(e.getCommandLine(), e.getMessage());
    }
    ParseResult words = parsed.hasSubcommand() ? parsed.subcommand() : parsed;
    if (parsed.isUsageHelpRequested() || words.isUsageHelpRequested()) {
      words.commandSpec().commandLine().usage(out);
      return OK;
    }
    List<String> positional = words.matchedPositionalValue(0, List.of());
    if (!parsed.hasSubcommand()) {
      if (!positional.isEmpty()) {
        err.println("Unknown command: " + positional.get(0) + System.lineSeparator());
      }
      line.usage(err);
      return USAGE;
    }
    Node node = Node.of(option("--home", parsed, words, null));
    String name = words.commandSpec().name();
    if (name.equals("complete")) {
      return new Completion(node, out).run(positional);
    }
    Verb verb = Verb.ALL.stream().filter(v -> v.name().equals(name)).findFirst().orElseThrow();
    try {
      return run(verb, node, positional, parsed);
    } catch (Verb.Misused e) {
      return wrong(words.commandSpec().commandLine(), e.getMessage());
    } catch (Node.Absent e) {
      err.println(e.getMessage());
      return FAILED;
    }
  }

  private int run(Verb verb, Node node, List<String> positional, ParseResult parsed)
      throws Node.Absent {
    ParseResult words = parsed.subcommand();
    Map<String, Object> options = new HashMap<>();
    verb.options().forEach(o -> options.put(o.name(), words.matchedOptionValue(o.name(), null)));
    Map<String, Object> request = verb.parameters(positional, options);
    boolean json = option("--json", parsed, words, false);
    if (verb.streams()) {
      return node.watch(request, event -> print(json ? Json.write(event) : Texts.event(event)))
          ? OK
          : ended();
    }
    Map<String, Object> reply =
        Progress.follow(
            verb.name(),
            ask(verb, node, request),
            node::ask,
            line -> {
              if (!json) {
                out.println(line);
              }
            });
    boolean ok = Texts.succeeded(reply);
    if (json) {
      out.println(Json.pretty(Texts.document(verb.name(), reply)));
    } else if (Boolean.TRUE.equals(reply.get("ok"))) {
      String text = Texts.of(verb.name(), reply);
      if (!text.isEmpty()) {
        out.println(text);
      }
    } else {
      String before = Texts.beforeError(verb.name(), reply);
      if (!before.isEmpty()) {
        out.println(before);
      }
      err.println(Texts.error(reply));
    }
    return ok ? OK : FAILED;
  }

  /** The first reply; a test of a file gets a node of its own where none runs. */
  private static Map<String, Object> ask(Verb verb, Node node, Map<String, Object> request)
      throws Node.Absent {
    if (!verb.name().equals("test") || node.listens()) {
      return node.ask(verb.name(), request);
    }
    try (EphemeralNode own = EphemeralNode.start(node.home())) {
      return own.ask(verb.name(), request);
    }
  }

  /** Prints a line at once; false when nobody reads it any more. */
  private boolean print(String line) {
    out.println(line);
    return !out.checkError();
  }

  private int ended() {
    err.println("the node ended");
    return FAILED;
  }

  /** An option of all verbs may stand before the verb or behind it. */
  private static <T> T option(String name, ParseResult before, ParseResult behind, T otherwise) {
    return behind.matchedOptionValue(name, before.matchedOptionValue(name, otherwise));
  }

  private int wrong(CommandLine line, String message) {
    err.println("consort: " + message);
    line.usage(err);
    return USAGE;
  }

  /** One verb where it is known, for a model of all of them costs more than its answer. */
  private static List<Verb> verbs(String[] args) {
    for (int i = 0; i < args.length; i++) {
      String arg = i > 0 && args[i - 1].equals("--home") ? "" : args[i];
      for (Verb verb : Verb.ALL) {
        if (verb.name().equals(arg)) {
          return List.of(verb);
        }
      }
    }
    return Verb.ALL;
  }

  static CommandLine line(List<Verb> verbs) {
    CommandSpec root = spec("consort", "Runs and asks the instruments of a laboratory.", true);
    root.usageMessage()
        .customSynopsis("consort [--home DIR] [--json] VERB ...")
        .footer("", "Exit codes: 0 ok, 1 failed, 2 wrong usage.");
    for (Verb verb : verbs) {
      CommandSpec spec = spec(verb.name(), verb.doc(), !verb.isElsewhere());
      spec.usageMessage().customSynopsis("consort " + verb.synopsis());
      for (Verb.Option option : verb.options()) {
        OptionSpec.Builder builder = OptionSpec.builder(option.name()).description(option.doc());
        spec.addOption(
            option.isFlag()
                ? builder.type(Boolean.class).arity("0").build()
                : builder.type(String.class).paramLabel(option.label()).build());
      }
      root.addSubcommand(verb.name(), spec);
    }
    CommandSpec complete = spec("complete", "Words that may come next; for shells.", false);
    complete.usageMessage().hidden(true);
    root.addSubcommand("complete", complete);
    return new CommandLine(root).setUnmatchedOptionsArePositionalParams(true);
  }

  private static CommandSpec spec(String name, String doc, boolean json) {
    CommandSpec spec = CommandSpec.create().name(name);
    spec.usageMessage().description(doc);
    spec.addOption(
        OptionSpec.builder("--home")
            .type(String.class)
            .paramLabel("DIR")
            .description("The node's folder; default: CONSORT_HOME, else the distribution.")
            .build());
    if (json) {
      spec.addOption(
          OptionSpec.builder("--json")
              .type(boolean.class)
              .description("The reply as JSON.")
              .build());
    }
    spec.addOption(
        OptionSpec.builder("-h", "--help")
            .type(boolean.class)
            .usageHelp(true)
            .description("This text.")
            .build());
    spec.addPositional(
        PositionalParamSpec.builder()
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity("0..*")
            .hidden(true)
            .initialValue(new ArrayList<>())
            .build());
    return spec;
  }
}
