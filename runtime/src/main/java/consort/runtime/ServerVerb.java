// SPDX-License-Identifier: Apache-2.0
package consort.runtime;

import consort.commands.Texts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * A verb of {@code instrument-server}: how its words become a request to the node, and the reply
 * the text that scripts read.
 *
 * @param name the verb
 * @param synopsis what follows it, as the usage shows it
 * @param doc what the usage says of it
 * @param least how many words it needs
 * @param options the options that have a value, beside {@code --log-level}
 * @param request makes the parameters of the node's command of the same name
 * @param text the standard output for a reply that carries {@code ok}; without a line end
 */
record ServerVerb(
    String name,
    String synopsis,
    String doc,
    int least,
    Set<String> options,
    Request request,
    Text text) {

  /** Makes parameters of words and of options by their names. */
  interface Request {
    Map<String, Object> of(List<String> words, Map<String, String> options) throws Options.Wrong;
  }

  /** Makes a text of a reply. */
  interface Text {
    String of(Map<String, ?> reply);
  }

  private static final Set<String> PLUGIN = Set.of("--plugin");

  /** All verbs that ask the node, in the order of the usage. */
  static final List<ServerVerb> ALL =
      List.of(
          new ServerVerb(
              "start",
              "<config> [--plugin <path>]",
              "Start instrument",
              1,
              PLUGIN,
              (words, options) -> config(words, options),
              reply -> "Started instrument: " + text(reply, "instrument")),
          new ServerVerb(
              "stop",
              "<name>",
              "Stop instrument",
              1,
              Set.of(),
              (words, options) -> map("name", words.get(0)),
              reply -> "Stopped instrument: " + text(reply, "name")),
          new ServerVerb(
              "status",
              "<name>",
              "Query instrument status",
              1,
              Set.of(),
              (words, options) -> map("name", words.get(0)),
              ServerVerb::status),
          new ServerVerb(
              "list",
              "",
              "List running instruments",
              0,
              Set.of(),
              (words, options) -> map(),
              ServerVerb::list),
          new ServerVerb(
              "test",
              "<config> <verb> [param=value ...] [--plugin <path>]",
              "Test command",
              2,
              PLUGIN,
              ServerVerb::test,
              ServerVerb::test),
          new ServerVerb(
              "measure",
              "<script> [--json]",
              "Run measurement",
              1,
              Set.of(),
              (words, options) -> map("script_path", absolute(words.get(0))),
              reply -> Texts.of("measure", reply)),
          new ServerVerb(
              "discover",
              "[paths...]",
              "Discover plugins",
              0,
              Set.of(),
              (words, options) ->
                  words.isEmpty()
                      ? map()
                      : map("paths", words.stream().map(ServerVerb::absolute).toList()),
              ServerVerb::discover),
          new ServerVerb(
              "plugins",
              "",
              "List available plugins",
              0,
              Set.of(),
              (words, options) -> map(),
              ServerVerb::plugins));

  /** The folder of the words is that of this process, not the node's. */
  static String absolute(String path) {
    return Path.of(path).toAbsolutePath().normalize().toString();
  }

  private static Map<String, Object> config(List<String> words, Map<String, String> options) {
    Map<String, Object> request = map("config_path", absolute(words.get(0)));
    if (options.containsKey("--plugin")) {
      request.put("plugin", absolute(options.get("--plugin")));
    }
    return request;
  }

  private static Map<String, Object> test(List<String> words, Map<String, String> options)
      throws Options.Wrong {
    Map<String, Object> request = config(words, options);
    request.put("verb", words.get(1));
    Map<String, Object> values = new LinkedHashMap<>();
    for (String word : words.subList(2, words.size())) {
      int equals = word.indexOf('=');
      if (equals <= 0) {
        throw new Options.Wrong("'" + word + "' is not param=value");
      }
      values.put(word.substring(0, equals), word.substring(equals + 1));
    }
    request.put("text", values);
    return request;
  }

  private static String status(Map<String, ?> reply) {
    Map<?, ?> stats = reply.get("stats") instanceof Map<?, ?> map ? map : Map.of();
    return String.join(
        "\n",
        "Instrument: " + text(reply, "name"),
        "  Status: " + running(reply),
        "  Commands sent: " + stats.get("commands_sent"),
        "  Commands completed: " + stats.get("commands_completed"),
        "  Commands failed: " + stats.get("commands_failed"),
        "  Commands timeout: " + stats.get("commands_timeout"));
  }

  private static String running(Map<?, ?> instrument) {
    return Boolean.TRUE.equals(instrument.get("alive")) ? "RUNNING" : "STOPPED";
  }

  private static String list(Map<String, ?> reply) {
    List<Map<?, ?>> all = maps(reply, "details");
    if (all.isEmpty()) {
      return "No instruments running";
    }
    List<String> lines = new ArrayList<>(List.of("Running instruments:"));
    all.forEach(i -> lines.add("  " + i.get("name") + " [" + running(i) + "]"));
    return String.join("\n", lines);
  }

  private static String test(Map<String, ?> reply) {
    boolean success = Boolean.TRUE.equals(reply.get("success"));
    return String.join(
        "\n",
        "Testing instrument: " + text(reply, "name"),
        "Executing command: " + text(reply, "verb"),
        "",
        "Result:",
        "  Success: " + (success ? "YES" : "NO"),
        success
            ? "  Response: " + text(reply, "text_response")
            : "  Error: " + text(reply, "error_message"));
  }

  private static String discover(Map<String, ?> reply) {
    List<String> lines = new ArrayList<>(List.of("Discovering plugins in:"));
    if (reply.get("paths") instanceof List<?> paths) {
      List<?> missing = reply.get("missing") instanceof List<?> list ? list : List.of();
      paths.forEach(
          path -> lines.add("  " + path + (missing.contains(path) ? " (no such folder)" : "")));
    }
    List<Map<?, ?>> all = maps(reply, "plugins");
    lines.addAll(List.of("", "Found " + all.size() + " plugin(s):"));
    for (Map<?, ?> plugin : all) {
      lines.add("");
      lines.add("Protocol: " + plugin.get("protocol"));
      lines.add("  Path: " + plugin.get("path"));
      lines.add("  Name: " + plugin.get("name"));
      lines.add("  Version: " + plugin.get("version"));
      lines.add("  Description: " + plugin.get("description"));
    }
    return String.join("\n", lines);
  }

  private static String plugins(Map<String, ?> reply) {
    List<Map<?, ?>> all = maps(reply, "plugins");
    if (all.isEmpty()) {
      return "No plugins found";
    }
    List<String> lines = new ArrayList<>(List.of("Available plugins:", ""));
    all.forEach(p -> lines.add("  " + p.get("protocol") + " -> " + p.get("path")));
    lines.addAll(List.of("", "Total: " + all.size() + " plugin(s)"));
    return String.join("\n", lines);
  }

  private static String text(Map<String, ?> map, String key) {
    return Objects.toString(map.get(key), "");
  }

  private static List<Map<?, ?>> maps(Map<String, ?> reply, String key) {
    List<Map<?, ?>> out = new ArrayList<>();
    if (reply.get(key) instanceof List<?> list) {
      list.forEach(element -> out.add((Map<?, ?>) element));
    }
    return out;
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
