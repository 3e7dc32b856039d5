// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * Replies as text for people: tables, and the documented lines of instrument-script-server. Needs
 * nothing but the JDK.
 */
public final class Texts {

  private Texts() {}

  /** Whether the command did what it was asked for. */
  public static boolean succeeded(Map<String, ?> reply) {
    return Boolean.TRUE.equals(reply.get("ok")) && !Boolean.FALSE.equals(reply.get("success"));
  }

  /** What went wrong, one line or a few; empty when nothing did. */
  public static String error(Map<String, ?> reply) {
    Object error = reply.get("error");
    return error == null ? printable(text(reply, "error_message")) : printable(error.toString());
  }

  /**
   * A reply that carries {@code ok} as text, without a line end.
   *
   * @param command the command it answers
   */
  public static String of(String command, Map<String, ?> reply) {
    return switch (command) {
      case "list" -> list(reply);
      case "status" -> status(reply);
      case "start" -> "Started instrument: " + text(reply, "instrument");
      case "stop" -> "Stopped instrument: " + text(reply, "name");
      case "restart" -> "Restarted instrument: " + text(reply, "name");
      case "cancel" ->
          "Cancelled calls of " + text(reply, "name") + ": " + text(reply, "cancelled");
      case "stop-all" -> stopAll(reply);
      case "daemon" -> daemon(reply);
      case "call" -> printable(text(reply, "text"));
      case "parallel" -> parallel(reply);
      case "ask" -> printable(text(reply, "answer"));
      case "test" -> test(reply);
      case "leases" -> leases(reply);
      case "nodes" -> NodesText.of(reply);
      case "lease" -> lease(reply);
      case "why" -> why(reply);
      case "drivers" -> drivers(reply);
      case "trace" -> trace(reply);
      case "info" -> info(reply);
      case "findings" -> findings(reply);
      case "swap" -> swap(reply);
      case "measure" -> printable(MeasureText.of(reply));
      default -> printable(reply.toString());
    };
  }

  /**
   * What there is to show of a reply that does not carry {@code ok}, before its error; empty for
   * nothing.
   */
  public static String beforeError(String command, Map<String, ?> reply) {
    return command.equals("measure") ? printable(MeasureText.of(reply)) : "";
  }

  /** What a program gets of a reply that asked for JSON. */
  public static Map<String, ?> document(String command, Map<String, ?> reply) {
    return command.equals("measure") ? MeasureText.document(reply) : reply;
  }

  /** An event as one line. */
  public static String event(Map<String, ?> event) {
    String topic = text(event, "topic");
    String subject = text(event, "instrument");
    if (subject.isEmpty()) {
      subject = joined(event.get("instruments"));
    }
    boolean state = topic.startsWith("consort/instrument/");
    String what =
        state
            ? state(event)
            : topic.replaceFirst("^consort/", "").replaceAll("[/_]", " ").toLowerCase(Locale.ROOT);
    String words = text(event, "text");
    if (state && words.isEmpty()) {
      words = (text(event, "driver") + " " + text(event, "version")).strip();
    }
    String line =
        String.format("%-27s  %-10s  %-18s  %s", text(event, "time"), subject, what, words);
    return printable(line).replace('\n', ' ').stripTrailing();
  }

  private static String list(Map<String, ?> reply) {
    List<Map<String, ?>> all = maps(reply, "details");
    if (all.isEmpty()) {
      return "No instruments running";
    }
    Table table = new Table("NAME", "STATE", "DRIVER", "VERSION", "IDENTITY", "CONNECTION");
    for (Map<String, ?> i : all) {
      table.row(
          text(i, "name"),
          state(i),
          text(i, "driver"),
          text(i, "version"),
          text(i, "identity"),
          text(i, "connection"));
    }
    return table.toString();
  }

  private static String state(Map<String, ?> instrument) {
    String reason = text(instrument, "reason");
    return text(instrument, "state") + (reason.isEmpty() ? "" : "(" + reason + ")");
  }

  private static String status(Map<String, ?> reply) {
    Map<String, ?> stats = map(reply.get("stats"));
    List<String> lines = new ArrayList<>();
    lines.add("Instrument: " + text(reply, "name"));
    lines.add("  Status: " + (Boolean.TRUE.equals(reply.get("alive")) ? "RUNNING" : "STOPPED"));
    lines.add("  Commands sent: " + text(stats, "commands_sent"));
    lines.add("  Commands completed: " + text(stats, "commands_completed"));
    lines.add("  Commands failed: " + text(stats, "commands_failed"));
    lines.add("  Commands timeout: " + text(stats, "commands_timeout"));
    String why = text(reply, "text");
    lines.add("  State: " + state(reply) + (why.isEmpty() ? "" : ": " + why));
    lines.add("  Driver: " + (text(reply, "driver") + " " + text(reply, "version")).strip());
    lines.add("  Identity: " + text(reply, "identity"));
    lines.add("  Connection: " + text(reply, "connection"));
    return lines(lines);
  }

  private static String stopAll(Map<String, ?> reply) {
    List<Map<String, ?>> all = maps(reply, "results");
    if (all.isEmpty()) {
      return "No instruments running";
    }
    Table table = new Table("NAME", "SAFE", "WHY");
    for (Map<String, ?> result : all) {
      table.row(text(result, "name"), text(result, "outcome"), text(result, "text"));
    }
    return table.toString();
  }

  private static String daemon(Map<String, ?> reply) {
    String pid = "(PID: " + text(reply, "pid") + ")";
    return reply.containsKey("running")
        ? "Server daemon is running " + pid
        : "Stopping server daemon " + pid + "...";
  }

  private static String test(Map<String, ?> reply) {
    boolean success = Boolean.TRUE.equals(reply.get("success"));
    List<String> lines = new ArrayList<>();
    lines.add("Testing instrument: " + text(reply, "name"));
    lines.add("Executing command: " + text(reply, "verb"));
    lines.add("");
    lines.add("Result:");
    lines.add("  Success: " + (success ? "YES" : "NO"));
    lines.add(
        success
            ? "  Response: " + text(reply, "text")
            : "  Error: " + text(reply, "error_message"));
    return lines(lines);
  }

  /** The end of it; {@link Progress} has told the rest. */
  private static String swap(Map<String, ?> reply) {
    Map<String, List<String>> names = new TreeMap<>();
    for (Map<String, ?> instrument : maps(reply, "instruments")) {
      names
          .computeIfAbsent(text(instrument, "state"), state -> new ArrayList<>())
          .add(text(instrument, "name"));
    }
    List<String> parts = new ArrayList<>();
    names.forEach((state, who) -> parts.add(state + ": " + String.join(", ", who)));
    String error = text(reply, "error_message");
    if (!error.isEmpty()) {
      return printable(error);
    }
    return printable(
        text(reply, "file")
            + " ("
            + text(reply, "version")
            + "): "
            + (parts.isEmpty() ? "no instrument has this driver" : String.join("; ", parts)));
  }

  private static String parallel(Map<String, ?> reply) {
    Table table = new Table("BLOCK", "STEP", "RESULT", "START", "END");
    List<String> skews = new ArrayList<>();
    int number = 0;
    for (Map<String, ?> block : maps(reply, "blocks")) {
      number++;
      List<Map<String, ?>> steps = maps(block, "steps");
      for (Map<String, ?> step : steps) {
        table.row(
            Integer.toString(number),
            text(step, "name") + "." + text(step, "verb"),
            result(step),
            millis(step, "start_ms"),
            millis(step, "end_ms"));
      }
      if (steps.stream().filter(step -> step.containsKey("start_ms")).count() > 1) {
        skews.add("Skew of block " + number + ": " + millis(block, "skew_ms"));
      }
    }
    String error = text(reply, "error_message");
    if (!error.isEmpty()) {
      skews.add(printable(error));
    }
    return skews.isEmpty() ? table.toString() : table + "\n" + lines(skews);
  }

  private static String result(Map<String, ?> step) {
    if (Boolean.TRUE.equals(step.get("ok"))) {
      String text = text(step, "text");
      return text.isEmpty() ? "ok" : text;
    }
    boolean sent = !"barrier_broken".equals(step.get("code"));
    return sent ? "failed: " + text(step, "error") : "not sent";
  }

  private static String millis(Map<String, ?> map, String name) {
    return map.get(name) instanceof Number millis
        ? String.format(Locale.ROOT, "%.3f ms", millis.doubleValue())
        : "";
  }

  private static String leases(Map<String, ?> reply) {
    List<Map<String, ?>> all = maps(reply, "leases");
    if (all.isEmpty()) {
      return "Nothing is leased";
    }
    Table table = new Table("ID", "STATE", "NAMES", "OWNER", "CLIENT", "LEFT", "PURPOSE");
    for (Map<String, ?> l : all) {
      table.row(
          text(l, "id"),
          text(l, "state") + (Boolean.FALSE.equals(l.get("readers")) ? ", alone" : ""),
          joined(l.get("resources")),
          text(l, "owner"),
          text(l, "client"),
          text(l, "remaining"),
          text(l, "purpose"));
    }
    return table.toString();
  }

  private static String lease(Map<String, ?> reply) {
    String id = text(reply, "id");
    List<String> lines = new ArrayList<>();
    switch (text(reply, "action")) {
      case "release" -> lines.add("Released lease " + id);
      case "break" -> lines.add("Broke lease " + id);
      default -> {
        lines.add(
            "Lease "
                + id
                + " on "
                + joined(reply.get("resources"))
                + " for "
                + text(reply, "remaining")
                + ", client "
                + text(reply, "client"));
        String strangers = joined(reply.get("without_instrument"));
        if (!strangers.isEmpty()) {
          lines.add("No instrument here has the name: " + strangers);
        }
      }
    }
    return lines(lines);
  }

  private static String why(Map<String, ?> reply) {
    List<Map<String, ?>> facts = maps(reply, "facts");
    int width = facts.stream().mapToInt(f -> text(f, "label").length()).max().orElse(0);
    List<String> lines = new ArrayList<>();
    String summary = text(reply, "summary");
    String name = text(reply, "name");
    lines.add(summary.startsWith(name) ? summary : name + ": " + summary);
    for (Map<String, ?> fact : facts) {
      String label = text(fact, "label");
      lines.add("  " + label + " ".repeat(width - label.length() + 2) + text(fact, "text"));
    }
    return lines(lines);
  }

  private static String drivers(Map<String, ?> reply) {
    List<Map<String, ?>> all = maps(reply, "drivers");
    if (all.isEmpty()) {
      return "No drivers installed";
    }
    Table table = new Table("NAME", "VERSION", "BUNDLE", "FILE", "INSTRUMENTS");
    for (Map<String, ?> d : all) {
      table.row(
          text(d, "name"),
          text(d, "version"),
          text(d, "bundle"),
          text(d, "file"),
          joined(d.get("instruments")));
    }
    return table.toString();
  }

  private static String trace(Map<String, ?> reply) {
    List<Map<String, ?>> all = maps(reply, "entries");
    if (all.isEmpty()) {
      return "Nothing was sent or received yet";
    }
    Table table = new Table("TIME", "LINK", "WHAT", "BYTES", "TEXT");
    for (Map<String, ?> e : all) {
      boolean event = text(e, "direction").equals("event");
      table.row(
          moment(text(e, "at")),
          text(e, "link"),
          text(e, "direction"),
          event ? "" : text(e, "size"),
          text(e, "text"));
    }
    return table.toString();
  }

  private static String info(Map<String, ?> reply) {
    List<String> lines = new ArrayList<>();
    String types = joined(reply.get("types"));
    lines.add(text(reply, "name") + (types.isEmpty() ? "" : " (" + types + ")"));
    if (!text(reply, "doc").isEmpty()) {
      lines.add(text(reply, "doc"));
    }
    lines.add("");
    Table table = new Table("COMMAND", "DOC");
    for (Map<String, ?> command : maps(reply, "commands")) {
      table.row(text(command, "signature"), text(command, "doc"));
    }
    lines.add(table.toString());
    return lines(lines);
  }

  private static String findings(Map<String, ?> reply) {
    List<Map<String, ?>> all = maps(reply, "findings");
    if (all.isEmpty()) {
      return "All files are in order";
    }
    List<String> lines = new ArrayList<>();
    for (Map<String, ?> f : all) {
      String line = text(f, "line");
      String column = text(f, "column");
      lines.add(
          text(f, "file")
              + (line.equals("0") ? "" : ":" + line)
              + (line.equals("0") || column.equals("0") ? "" : ":" + column)
              + (Boolean.TRUE.equals(f.get("error")) ? ": error: " : ": note: ")
              + (text(f, "pointer").isEmpty() ? "" : text(f, "pointer") + ": ")
              + text(f, "message"));
    }
    return lines(lines);
  }

  /** A time to the millisecond, as in the log; the replies have it in full. */
  static String moment(String time) {
    int point = time.indexOf('.');
    return point < 0 || point + 4 >= time.length() ? time : time.substring(0, point + 4) + "Z";
  }

  private static String lines(List<String> lines) {
    return printable(String.join("\n", lines));
  }

  /** Text that cannot steer a terminal, whatever an instrument has answered. */
  public static String printable(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\n' || c == '\t' || !Character.isISOControl(c)) {
        out.append(c);
      } else {
        out.append(String.format("\\x%02x", (int) c));
      }
    }
    return out.toString();
  }

  static String text(Map<String, ?> map, String key) {
    return Objects.toString(map.get(key), "");
  }

  private static String joined(Object list) {
    if (!(list instanceof List<?> elements)) {
      return "";
    }
    return String.join(", ", elements.stream().map(String::valueOf).toList());
  }

  @SuppressWarnings("unchecked") // replies have text keys
  static Map<String, ?> map(Object value) {
    return value instanceof Map<?, ?> map ? (Map<String, ?>) map : Map.of();
  }

  static List<Map<String, ?>> maps(Map<String, ?> reply, String key) {
    List<Map<String, ?>> out = new ArrayList<>();
    if (reply.get(key) instanceof List<?> list) {
      list.forEach(element -> out.add(map(element)));
    }
    return out;
  }
}
