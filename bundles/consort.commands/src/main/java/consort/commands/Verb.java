// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A verb of the command line and of the shell, and how its words become the parameters of the
 * command of the same name. Needs nothing but the JDK.
 *
 * @param name the verb
 * @param parameters what follows it, in order; in square brackets what may be left out
 * @param more what may follow that any number of times; empty for nothing
 * @param doc one sentence for people
 * @param request makes the parameters of the node's command of the same name; null for the words
 *     that others than this program carry out
 */
public record Verb(String name, List<String> parameters, String more, String doc, Request request) {

  /** Copies. */
  public Verb {
    parameters = List.copyOf(parameters);
  }

  /** Makes the parameters of a command from words. */
  public interface Request {
    /** The parameters; the number of words was checked before. */
    Map<String, Object> of(List<String> words);
  }

  /** The words after a verb are wrong; the message says which. */
  public static final class Misused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Misused(String message) {
      super(message);
    }
  }

  private static final Pattern ASSIGNMENT =
      Pattern.compile("([A-Za-z_][A-Za-z0-9_]*)=(.*)", Pattern.DOTALL);
  private static final Pattern TARGET = Pattern.compile("([A-Za-z][A-Za-z0-9_]*)\\.(.+)");
  private static final Request NOTHING = words -> map();
  private static final Request NAME = words -> map("name", words.get(0));

  /** All verbs, in the order people read them. */
  public static final List<Verb> ALL =
      List.of(
          new Verb("run", List.of(), "", "Runs a node in the foreground.", null),
          elsewhere("demo", "Shows in a minute what this is, with simulated instruments."),
          new Verb(
              "daemon",
              List.of("start|stop|status"),
              "",
              "Starts a node in the background, ends it, or says whether it runs.",
              null),
          elsewhere(
              "validate", "validate config|api FILE: what is wrong with a file; needs no node."),
          elsewhere(
              "expand", "expand API [OUT]: an API definition with its channel groups written out."),
          elsewhere("new-instrument", "new-instrument API [OUT]: an instrument file to fill in."),
          elsewhere("new-driver", "new-driver NAME: a driver in Java to fill in, with its test."),
          elsewhere("keys", "keys init|issue|trust|list: by which nodes know each other."),
          new Verb("list", List.of(), "", "All instruments and their states.", NOTHING),
          new Verb("status", List.of("NAME"), "", "State and call counts of an instrument.", NAME),
          new Verb(
              "start",
              List.of("FILE|NAME"),
              "",
              "Starts an instrument from a file until the node restarts, or a stopped one.",
              Verb::start),
          new Verb(
              "stop",
              List.of("NAME"),
              "",
              "Stops an instrument until it is started again or the node restarts.",
              NAME),
          new Verb(
              "call",
              List.of("NAME.VERB"),
              "VALUE|NAME=VALUE",
              "Calls a command of an instrument.",
              Verb::call),
          new Verb(
              "parallel",
              List.of("NAME.VERB"),
              "VALUE|NAME=VALUE|and NAME.VERB|then NAME.VERB",
              "Calls several instruments at once, with barriers between blocks of calls.",
              Verb::parallel),
          new Verb(
              "measure",
              List.of("FILE.lua"),
              "",
              "Runs a measurement in Lua.",
              words -> map("script_path", absolute(words.get(0)))),
          new Verb("leases", List.of(), "", "Who holds what, and who waits for it.", NOTHING),
          new Verb(
              "lease",
              List.of("take|renew|release|break", "NAME|ID"),
              "NAME",
              "Takes exclusive use of instruments or named resources, prolongs or ends it.",
              Verb::lease),
          new Verb(
              "ask",
              List.of("NAME", "TEXT"),
              "",
              "Sends raw text over the link of an instrument, past its driver.",
              Verb::ask),
          new Verb(
              "test",
              List.of("FILE", "VERB"),
              "VALUE|NAME=VALUE",
              "Makes the instrument of a file for one command; without a node in one of its own.",
              Verb::test),
          new Verb(
              "restart",
              List.of("NAME"),
              "",
              "Makes a new driver instance; frees an instrument in FAULT.",
              NAME),
          new Verb(
              "cancel",
              List.of("NAME"),
              "",
              "Cancels the running call of an instrument and those that wait.",
              NAME),
          new Verb(
              "swap",
              List.of("FILE.jar"),
              "",
              "Takes a driver jar into use; instruments move one by one, bad ones go back.",
              Verb::swap),
          new Verb(
              "stop-all",
              List.of(),
              "",
              "Brings every instrument into its safe state, all at once.",
              NOTHING),
          new Verb("why", List.of("NAME"), "", "Why an instrument is, or is not, available.", NAME),
          new Verb("info", List.of("NAME"), "", "The commands of an instrument.", NAME),
          new Verb(
              "trace",
              List.of("NAME"),
              "",
              "The newest bytes on the links of an instrument.",
              NAME),
          new Verb(
              "watch",
              List.of("[NAME]"),
              "",
              "Tells what happens, a line each, until it is ended.",
              words -> words.isEmpty() ? map() : map("name", words.get(0))),
          new Verb(
              "nodes",
              List.of(),
              "",
              "This node and others: those it uses, and those that use it.",
              NOTHING),
          new Verb("drivers", List.of(), "", "The installed drivers and who uses them.", NOTHING),
          new Verb(
              "findings",
              List.of(),
              "",
              "What is wrong with the files in drivers/ and instruments/.",
              NOTHING));

  private static Verb elsewhere(String name, String doc) {
    return new Verb(name, List.of(), "WORD", doc, null);
  }

  /**
   * An option of a verb.
   *
   * @param name how it is written: {@code --deadline}
   * @param label what stands for its value; empty for one that has none
   * @param parameter the parameter of the node's command that it becomes
   * @param doc one sentence for people
   */
  public record Option(String name, String label, String parameter, String doc) {

    /** Whether it has no value. */
    public boolean isFlag() {
      return label.isEmpty();
    }
  }

  private static final Option DEADLINE =
      new Option("--deadline", "D", "deadline", "How long it may take: 500ms, 2s, 1min.");
  private static final Option LEASE =
      new Option("--lease", "ID", "lease", "The lease it is done under.");
  private static final Map<String, List<Option>> OPTIONS =
      Map.of(
          "test",
          List.of(DEADLINE),
          "ask",
          List.of(DEADLINE, LEASE),
          "cancel",
          List.of(LEASE),
          "stop-all",
          List.of(DEADLINE),
          "swap",
          List.of(
              new Option(
                  "--only",
                  "NAME",
                  "only",
                  "The one instrument that moves; the others stay until it is left out.")),
          "call",
          List.of(DEADLINE, LEASE),
          "parallel",
          List.of(
              new Option("--together", "", "together", "A block begins at one instant."),
              new Option("--policy", "P", "policy", "When one fails: abort, or continue."),
              new Option("--timeout", "D", "timeout", "How long participants are awaited; 10s."),
              DEADLINE,
              LEASE),
          "measure",
          List.of(
              new Option("--strict", "", "strict", "A failed call is a failure."),
              new Option("--limit", "D", "limit", "How long it may take in all."),
              new Option("--log-level", "L", "log_level", "As instrument-script-server has it."),
              LEASE),
          "lease",
          List.of(
              new Option("--for", "D", "for", "How long it holds: 1s to 24h; 60s."),
              new Option("--wait", "D", "wait", "How long to wait for others."),
              new Option("--client", "ID", "client", "Who may resume it by taking it again."),
              new Option("--purpose", "TEXT", "purpose", "What others are told it is for."),
              new Option("--pid", "PID", "pid", "The process with which it ends."),
              new Option("--alone", "", "alone", "Others may not even read."),
              new Option("--reason", "TEXT", "reason", "Why it is broken.")));

  private static final List<Option> STARTING =
      List.of(
          new Option("--port", "N", "", "The HTTP port instead of the configured one; 0: any."),
          new Option("--log-level", "LEVEL", "", "error, warn, info, debug or trace; info."),
          new Option("--pid-file", "FILE", "", "Where the id of the process is written."));

  /** Options of verbs that no node carries out. */
  private static final Map<String, List<Option>> OPTIONS_ELSEWHERE =
      Map.of(
          "run",
          Stream.concat(
                  STARTING.stream(),
                  Stream.of(
                      new Option("--shell", "", "", "Shows a prompt, where there is a terminal.")))
              .toList(),
          "daemon",
          STARTING);

  /** The options that this verb has beside those of all verbs. */
  public List<Option> options() {
    if (isElsewhere()) {
      return OPTIONS_ELSEWHERE.getOrDefault(name, List.of());
    }
    return OPTIONS.getOrDefault(name, List.of());
  }

  /** Whether what it gives comes piece by piece: events, not a reply. */
  public boolean streams() {
    return name.equals("watch");
  }

  /** The verb with what follows it: {@code call NAME.VERB [VALUE|NAME=VALUE ...]}. */
  public String synopsis() {
    return name
        + (parameters.isEmpty() ? "" : " " + String.join(" ", parameters))
        + (more.isEmpty() ? "" : " [" + more + " ...]")
        + options().stream()
            .map(o -> " [" + o.name() + (o.isFlag() ? "]" : " " + o.label() + "]"))
            .collect(Collectors.joining());
  }

  /** Whether this is carried out by the program that starts nodes, not by a node. */
  public boolean isElsewhere() {
    return request == null;
  }

  /**
   * The parameters of the node's command.
   *
   * @param words what follows the verb, without options
   * @param options the values of its options by their name, {@code true} for a flag
   * @throws Misused when words are missing, too many or wrong
   */
  public Map<String, Object> parameters(List<String> words, Map<String, ?> options) {
    if (isElsewhere()) {
      throw new Misused("'" + name + "' is carried out by bin/consort itself");
    }
    // Values may begin with a minus; what looks like an option and is none is a mistake.
    for (String word : words) {
      if (word.length() > 1 && word.startsWith("-") && !word.matches("(?s)-[0-9.I].*")) {
        throw new Misused("unknown option " + word);
      }
    }
    int most = parameters.size();
    if (words.size() < most && !parameters.get(words.size()).startsWith("[")) {
      throw new Misused("missing " + parameters.get(words.size()));
    }
    if (words.size() > most && more.isEmpty()) {
      throw new Misused("unexpected '" + words.get(most) + "'");
    }
    Map<String, Object> made = request.of(words);
    for (Option option : options()) {
      if (options.get(option.name()) != null) {
        made.put(option.parameter(), options.get(option.name()));
      }
    }
    return made;
  }

  private static Map<String, Object> start(List<String> words) {
    String what = words.get(0);
    boolean file =
        what.contains("/")
            || what.endsWith(".yaml")
            || what.endsWith(".yml")
            || Files.exists(Path.of(what));
    return file ? map("config_path", absolute(what)) : map("name", what);
  }

  private static Map<String, Object> call(List<String> words) {
    Matcher target = TARGET.matcher(words.get(0));
    if (!target.matches()) {
      throw new Misused("'" + words.get(0) + "' is not NAME.VERB, such as DMM1.measure_voltage");
    }
    Map<String, Object> request = map("name", target.group(1));
    request.put("verb", target.group(2));
    arguments(request, words.subList(1, words.size()));
    return request;
  }

  /** {@code PSU1.set_voltage 3.3 and PSU2.set_voltage 5 then DMM1.measure_voltage}. */
  private static Map<String, Object> parallel(List<String> words) {
    List<List<Map<String, Object>>> blocks = new ArrayList<>();
    blocks.add(new ArrayList<>());
    int begin = 0;
    for (int end = 0; end <= words.size(); end++) {
      String word = end < words.size() ? words.get(end) : "";
      if (end < words.size() && !word.equals("and") && !word.equals("then")) {
        continue;
      }
      if (begin == end) {
        throw new Misused("missing NAME.VERB" + (end == 0 ? "" : " behind " + words.get(end - 1)));
      }
      blocks.get(blocks.size() - 1).add(call(words.subList(begin, end)));
      if (word.equals("then")) {
        blocks.add(new ArrayList<>());
      }
      begin = end + 1;
    }
    return map("blocks", blocks);
  }

  /** Whoever sits before it follows: {@link Progress}. */
  private static Map<String, Object> swap(List<String> words) {
    Map<String, Object> request = map("file", absolute(words.get(0)));
    request.put("wait", false);
    return request;
  }

  private static Map<String, Object> ask(List<String> words) {
    Map<String, Object> request = map("name", words.get(0));
    request.put("text", words.get(1));
    return request;
  }

  private static Map<String, Object> lease(List<String> words) {
    Map<String, Object> request = map("action", words.get(0));
    if (words.get(0).equals("take")) {
      request.put("names", List.copyOf(words.subList(1, words.size())));
    } else if (words.size() > 2) {
      throw new Misused("unexpected '" + words.get(2) + "'");
    } else {
      request.put("id", words.get(1));
    }
    return request;
  }

  private static Map<String, Object> test(List<String> words) {
    Map<String, Object> request = map("config_path", absolute(words.get(0)));
    request.put("verb", words.get(1));
    arguments(request, words.subList(2, words.size()));
    return request;
  }

  private static void arguments(Map<String, Object> request, List<String> words) {
    Map<String, Object> named = new LinkedHashMap<>();
    List<Object> positional = new ArrayList<>();
    for (String word : words) {
      Matcher assignment = ASSIGNMENT.matcher(word);
      if (!assignment.matches()) {
        if (!named.isEmpty()) {
          throw new Misused("'" + word + "' stands behind a NAME=VALUE; values come first");
        }
        positional.add(word);
      } else if (named.put(assignment.group(1), assignment.group(2)) != null) {
        throw new Misused(assignment.group(1) + " is given twice");
      }
    }
    if (!positional.isEmpty()) {
      request.put("text_args", positional);
    }
    if (!named.isEmpty()) {
      request.put("text", named);
    }
  }

  private static String absolute(String path) {
    return Path.of(path).toAbsolutePath().normalize().toString();
  }

  private static Map<String, Object> map() {
    return new LinkedHashMap<>();
  }

  private static Map<String, Object> map(String key, Object value) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(key, value);
    return map;
  }
}
