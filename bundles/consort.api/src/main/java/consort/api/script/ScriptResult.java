// SPDX-License-Identifier: Apache-2.0
package consort.api.script;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What a script gave.
 *
 * @param script the name of its file
 * @param error why it is a failure, with file and line where it has one; null when it is none
 * @param output what it printed; shortened when it is very long
 * @param entries one for each call, in the order of the script; at most 100 000
 * @param omitted how many calls more there were
 * @param records what it recorded, in order
 * @param degraded whether participants of a parallel block failed and the others went on
 * @param durationMs how long it took, ms
 */
public record ScriptResult(
    String script,
    String error,
    String output,
    List<ScriptEntry> entries,
    long omitted,
    List<Recorded> records,
    boolean degraded,
    double durationMs) {

  /**
   * A value that a script recorded by name.
   *
   * @param name its name
   * @param value a number, text, boolean or a list of these
   * @param atMs when, ms since the epoch
   */
  public record Recorded(String name, Object value, long atMs) {}

  /** Checks and copies. */
  public ScriptResult {
    Objects.requireNonNull(script, "script");
    Objects.requireNonNull(output, "output");
    entries = List.copyOf(entries);
    records = List.copyOf(records);
  }

  /** Whether it is no failure. */
  public boolean succeeded() {
    return error == null;
  }

  /**
   * The results object of instrument-script-server: maps, lists, text, numbers and booleans. Its
   * schema is {@code results.schema.json}.
   */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("status", succeeded() ? "success" : "error");
    map.put("script", script);
    if (error != null) {
      map.put("error", error);
    }
    List<Object> results = new ArrayList<>(entries.size());
    entries.forEach(entry -> results.add(entry.toMap()));
    map.put("results", results);
    if (omitted > 0) {
      map.put("omitted", omitted);
    }
    if (!records.isEmpty()) {
      List<Object> list = new ArrayList<>();
      for (Recorded one : records) {
        Map<String, Object> recorded = new LinkedHashMap<>();
        recorded.put("name", one.name());
        recorded.put("value", one.value());
        recorded.put("at_ms", one.atMs());
        list.add(recorded);
      }
      map.put("records", list);
    }
    if (!output.isEmpty()) {
      map.put("output", output);
    }
    if (degraded) {
      map.put("degraded", true);
    }
    map.put("duration_ms", durationMs);
    return map;
  }
}
