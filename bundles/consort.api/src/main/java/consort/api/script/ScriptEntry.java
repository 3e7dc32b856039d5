// SPDX-License-Identifier: Apache-2.0
package consort.api.script;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * One call of a script and what became of it.
 *
 * @param index its number in the script, from 0
 * @param instrument the name, with its channel where it was called with one: {@code SMU:2}
 * @param verb the command as the script wrote it
 * @param params the arguments by name; numbers, text, booleans, lists of numbers
 * @param executedAtMs when it began, ms since the epoch
 * @param type the type of what it gave: {@code double}, {@code int64}, {@code string}, {@code
 *     bool}, {@code array}, {@code void} or {@code buffer}
 * @param value what it gave; null for void and buffer. A number, text, boolean, or list of numbers
 * @param buffer the buffer it gave; null when it gave none
 * @param fields the fields of a record that it gave: numbers, text, booleans, lists of numbers, and
 *     {@link Buffer}s; empty for anything else. A record with one long array counts as that buffer,
 *     any other as text
 * @param error why it failed; null when it did not
 * @param durationMs how long it took, ms
 * @param correlation ties it to logs and records
 */
public record ScriptEntry(
    int index,
    String instrument,
    String verb,
    Map<String, Object> params,
    long executedAtMs,
    String type,
    Object value,
    Buffer buffer,
    Map<String, Object> fields,
    String error,
    double durationMs,
    String correlation) {

  /** Checks; the map is not copied, do not change it. */
  public ScriptEntry {
    Objects.requireNonNull(instrument, "instrument");
    Objects.requireNonNull(verb, "verb");
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(correlation, "correlation");
    params = Collections.unmodifiableMap(params);
    fields = Collections.unmodifiableMap(fields);
  }

  private static Map<String, Object> describe(Buffer buffer) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("buffer_id", buffer.id());
    map.put("element_count", buffer.data().size());
    map.put("data_type", buffer.dataType());
    return map;
  }

  /** This entry as a part of {@link ScriptResult#toMap}. */
  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("index", index);
    map.put("instrument", instrument);
    map.put("verb", verb);
    map.put("params", params);
    map.put("executed_at_ms", executedAtMs);
    Map<String, Object> returned = new LinkedHashMap<>();
    returned.put("type", type);
    if (buffer == null) {
      returned.put("value", value);
    } else {
      returned.putAll(describe(buffer));
    }
    if (!fields.isEmpty()) {
      Map<String, Object> plain = new LinkedHashMap<>();
      fields.forEach(
          (name, field) -> plain.put(name, field instanceof Buffer b ? describe(b) : field));
      returned.put("fields", plain);
    }
    map.put("return", returned);
    if (error != null) {
      map.put("error", error);
    }
    map.put("duration_ms", durationMs);
    map.put("correlation_id", correlation);
    return map;
  }
}
