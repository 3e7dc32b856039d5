// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The results of a measurement as text, in the lines of instrument-script-server. */
final class MeasureText {

  private MeasureText() {}

  /** What the script printed, then its calls; also of a script that failed. */
  static String of(Map<String, ?> reply) {
    if (!(reply.get("results") instanceof List<?> results)) {
      return ""; // it was not even begun
    }
    List<String> lines = new ArrayList<>();
    if (reply.get("output") instanceof String output && !output.isEmpty()) {
      lines.add(output.endsWith("\n") ? output.substring(0, output.length() - 1) : output);
    }
    lines.add("Running measurement...");
    if ("success".equals(reply.get("status"))) {
      lines.add("Measurement complete");
    }
    lines.add("");
    lines.add("=== Script Results ===");
    for (Object entry : results) {
      if (entry instanceof Map<?, ?> map) {
        lines.add(line(map));
      }
    }
    if (reply.get("omitted") != null) {
      lines.add("… and " + reply.get("omitted") + " more");
    }
    lines.add("======================");
    return String.join("\n", lines);
  }

  private static String line(Map<?, ?> entry) {
    String arguments =
        entry.get("params") instanceof Map<?, ?> params
            ? params.values().stream().map(MeasureText::value).collect(Collectors.joining(", "))
            : "";
    return "[%s] %s.%s(%s) -> %s"
        .formatted(
            entry.get("index"),
            entry.get("instrument"),
            entry.get("verb"),
            arguments,
            entry.get("error") != null ? "[error] " + entry.get("error") : returned(entry));
  }

  private static String returned(Map<?, ?> entry) {
    if (!(entry.get("return") instanceof Map<?, ?> returned)) {
      return "[void]";
    }
    Object type = returned.get("type");
    if ("buffer".equals(type)) {
      return "[buffer] %s (%s elements, %s)"
          .formatted(
              returned.get("buffer_id"), returned.get("element_count"), returned.get("data_type"));
    }
    if ("void".equals(type)) {
      return "[void]";
    }
    Object value = returned.get("value");
    return "[" + type + "] " + ("int64".equals(type) ? String.valueOf(value) : value(value));
  }

  /** All numbers of Lua are doubles, and are written as such. */
  private static String value(Object value) {
    if (value instanceof List<?> list) {
      return list.stream().map(MeasureText::value).collect(Collectors.joining(", ", "[", "]"));
    }
    return value instanceof Number n ? Double.toString(n.doubleValue()) : String.valueOf(value);
  }

  /**
   * The results object, without what only the transport needs; a refused request stays as it is.
   */
  static Map<String, ?> document(Map<String, ?> reply) {
    if (!(reply.get("results") instanceof List<?>)) {
      return reply;
    }
    Map<String, Object> document = new LinkedHashMap<>(reply);
    document.remove("ok");
    return document;
  }
}
