// SPDX-License-Identifier: Apache-2.0
package consort.runtime;

import consort.commands.Json;
import consort.commands.Texts;
import consort.runtime.cli.EphemeralNode;
import consort.runtime.cli.Node;
import consort.runtime.files.FileVerb;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The command line under the old name, {@code bin/instrument-server}: words, texts and exit codes
 * of instrument-script-server, in front of the node of a home. 0 is ok; everything else is 1.
 */
public final class InstrumentServer {

  private static final String PORT = "INSTRUMENT_SCRIPT_SERVER_RPC_PORT";
  private static final String LOG_LEVEL = "--log-level";
  private static final String VALIDATE = "validate <config|api> <file>";

  private final Map<String, String> environment;
  private final PrintStream out;
  private final PrintStream err;

  InstrumentServer(Map<String, String> environment, PrintStream out, PrintStream err) {
    this.environment = environment;
    this.out = out;
    this.err = err;
  }

  /** Runs one command and ends the process with 0 or 1. */
  public static void main(String[] args) throws InterruptedException {
    int code = new InstrumentServer(System.getenv(), System.out, System.err).run(List.of(args));
    System.out.flush();
    System.exit(code);
  }

  int run(List<String> args) throws InterruptedException {
    String name = args.isEmpty() ? "" : args.get(0);
    if (args.isEmpty() || name.equals("--help") || name.equals("-h")) {
      usage();
      return args.isEmpty() ? 1 : 0;
    }
    List<String> words = args.subList(1, args.size());
    if (words.contains("--help") || words.contains("-h")) {
      usage();
      return 0;
    }
    try {
      if (name.equals("daemon")) {
        return daemon(words);
      }
      if (name.equals("validate")) {
        return validate(words);
      }
      for (ServerVerb verb : ServerVerb.ALL) {
        if (verb.name().equals(name)) {
          return ask(verb, words);
        }
      }
    } catch (Options.Wrong wrong) {
      err.println("Error: " + wrong.getMessage());
      return 1;
    } catch (IOException e) {
      err.println("Error: " + Home.said(e));
      return 1;
    }
    err.println("Unknown command: " + name + System.lineSeparator());
    usage();
    return 1;
  }

  private void usage() {
    out.println("Usage: instrument-server <command> [options]");
    line("daemon start", "Start server daemon");
    line("daemon stop", "Stop server daemon");
    line("daemon status", "Check daemon status");
    for (ServerVerb verb : ServerVerb.ALL) {
      line((verb.name() + " " + verb.synopsis()).strip(), verb.doc());
    }
    line(VALIDATE, "Check a file; needs no daemon");
    out.println();
    out.println("Options:");
    line("--log-level <level>", "debug, info, warn, error or trace; info");
    line("--help, -h", "Show this help message");
    out.println();
    out.println("The same node answers to 'consort', which can do more: consort --help");
  }

  private void line(String words, String doc) {
    out.printf("  %-57s%s%n", words, doc);
  }

  private int daemon(List<String> words) throws Options.Wrong, IOException, InterruptedException {
    Map<String, String> options = new HashMap<>();
    List<String> rest = split(words, List.of(LOG_LEVEL), options);
    if (rest.size() != 1 || !List.of("start", "stop", "status").contains(rest.get(0))) {
      err.println("Usage: instrument-server daemon <start|stop|status> [--log-level <level>]");
      return 1;
    }
    List<String> all = new ArrayList<>(List.of("daemon", rest.get(0)));
    all.addAll(List.of("--pid-file", pidFile(rest.get(0).equals("start")).toString()));
    if (options.containsKey(LOG_LEVEL)) {
      all.addAll(List.of(LOG_LEVEL, options.get(LOG_LEVEL)));
    }
    String port = environment.getOrDefault(PORT, "");
    if (!port.isEmpty()) {
      if (!port.matches("[1-9][0-9]{0,4}") || Integer.parseInt(port) > 65535) {
        throw new Options.Wrong(PORT + "=" + port + " is not a port: 1 to 65535");
      }
      all.addAll(List.of("--port", port));
    }
    return Daemon.run(Options.parse(all.toArray(String[]::new)));
  }

  private int validate(List<String> words) throws Options.Wrong {
    List<String> rest = split(words, List.of(LOG_LEVEL), new HashMap<>());
    if (rest.size() != 2 || !List.of("config", "api").contains(rest.get(0))) {
      err.println("Usage: instrument-server " + VALIDATE + " [--log-level <level>]");
      return 1;
    }
    int code = new FileVerb(out, err).run(List.of("validate", rest.get(0), rest.get(1)));
    return code == 0 ? 0 : 1;
  }

  /** Where scripts look for the process; nobody else may write there. */
  private Path pidFile(boolean make) throws IOException {
    String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
    String user = System.getProperty("user.name");
    Path folder =
        runtime.isEmpty()
            ? Path.of("/tmp/instrument-server-" + user)
            : Path.of(runtime, "instrument-server");
    if (make) {
      if (!Files.isDirectory(folder, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectories(folder.getParent());
        Files.createDirectory(
            folder,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      String owner = Files.getOwner(folder).getName();
      if (!owner.equals(user)) {
        throw new IOException(
            folder + " belongs to " + owner + ": remove it, or set XDG_RUNTIME_DIR");
      }
    }
    return folder.resolve("server.pid");
  }

  private int ask(ServerVerb verb, List<String> words) throws Options.Wrong {
    Map<String, String> options = new HashMap<>();
    List<String> valued = new ArrayList<>(verb.options());
    valued.add(LOG_LEVEL);
    List<String> left = new ArrayList<>(words);
    boolean json = verb.synopsis().contains("[--json]") && left.remove("--json");
    List<String> rest = split(left, valued, options);
    if (rest.size() < verb.least()) {
      err.println("Error: " + verb.name() + " requires more arguments");
      err.println(
          "Usage: instrument-server "
              + (verb.name() + " " + verb.synopsis()).strip()
              + " [--log-level <level>]");
      return 1;
    }
    Map<String, Object> request = verb.request().of(rest, options);
    if (options.containsKey(LOG_LEVEL)) {
      request.put("log_level", options.get(LOG_LEVEL));
    }
    Home home = Options.parse().home();
    Map<String, Object> reply;
    try {
      Node node = new Node(home.root());
      if (verb.name().equals("test") && !node.listens()) {
        // as documented there: testing needs no daemon
        try (EphemeralNode own = EphemeralNode.start(home.root())) {
          reply = own.ask(verb.name(), request);
        }
      } else {
        reply = node.ask(verb.name(), request);
      }
    } catch (Node.Absent e) {
      err.println(
          home.process().isPresent()
              ? e.getMessage()
              : "Server daemon is not running; start it: instrument-server daemon start");
      return 1;
    }
    String before = Texts.beforeError(verb.name(), reply);
    if (json) {
      out.println(Json.pretty(Texts.document(verb.name(), reply)));
    } else if (Boolean.TRUE.equals(reply.get("ok"))) {
      out.println(Texts.printable(verb.text().of(reply)));
    } else {
      if (!before.isEmpty()) {
        out.println(before);
      }
      err.println(Texts.error(reply));
    }
    return Texts.succeeded(reply) ? 0 : 1;
  }

  /** Takes the options that have a value out of the words. */
  private static List<String> split(
      List<String> words, List<String> valued, Map<String, String> options) throws Options.Wrong {
    List<String> rest = new ArrayList<>();
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      if (!valued.contains(word)) {
        if (word.startsWith("--")) {
          throw new Options.Wrong("unknown option " + word);
        }
        rest.add(word);
      } else if (i + 1 == words.size()) {
        throw new Options.Wrong(word + " needs a value");
      } else {
        options.put(word, words.get(++i));
      }
    }
    return rest;
  }
}
