// SPDX-License-Identifier: Apache-2.0
package consort.yaml;

import consort.api.deploy.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Collects the findings of one file; all at once, so that a file is corrected once. Not threadsafe.
 */
public final class Problems {

  /** A file that is something else altogether has a finding in each line; nobody reads them all. */
  public static final int MOST = 100;

  private static final int LONGEST = 1000;

  private final String file;
  private final List<Finding> findings = new ArrayList<>();
  private int left;
  private boolean failed;

  /**
   * Of a file.
   *
   * @param file its name in findings
   */
  public Problems(String file) {
    this.file = file;
  }

  /** The whole file cannot be used. */
  public void error(String message) {
    add(0, 0, "", true, message);
  }

  /** The file cannot be used because of a place, from 1, that belongs to no value. */
  public void error(int line, int column, String message) {
    add(line, column, "", true, message);
  }

  /** The file cannot be used because of a value. */
  public void error(Node node, String message) {
    add(node.line(), node.column(), node.pointer().toString(), true, message);
  }

  /** The file cannot be used because of a key, as opposed to its value. */
  public void error(Node.Field field, String message) {
    add(field.line(), field.column(), field.value().pointer().toString(), true, message);
  }

  /** The file cannot be used because a key of a map is absent. */
  public void missing(Node map, String key, String message) {
    add(map.line(), map.column(), map.pointer().to(key).toString(), true, message);
  }

  /** As many words as it takes, if they are read at all. */
  void error(Node.Field field, Supplier<String> message) {
    error(field, findings.size() < MOST ? message.get() : "");
  }

  void error(int line, int column, Pointer pointer, String message) {
    add(line, column, pointer.toString(), true, message);
  }

  /** Something worth knowing, with which the file can be used. */
  public void note(Node node, String message) {
    add(node.line(), node.column(), node.pointer().toString(), false, message);
  }

  private void add(int line, int column, String pointer, boolean error, String message) {
    failed |= error;
    if (findings.size() < MOST) {
      findings.add(new Finding(file, line, column, cut(pointer), error, cut(message)));
    } else {
      left++;
    }
  }

  /** A message may name what is in the file, and that may be anything: it is cut. */
  public static String cut(String message) {
    return message.length() > LONGEST ? message.substring(0, LONGEST) + "…" : message;
  }

  /** Whether one of them is an error. */
  public boolean failed() {
    return failed;
  }

  /** All findings, in the order of the file. */
  public List<Finding> all() {
    List<Finding> all = new ArrayList<>(findings);
    all.sort(
        (a, b) ->
            a.line() != b.line()
                ? Integer.compare(a.line(), b.line())
                : Integer.compare(a.column(), b.column()));
    if (left > 0) {
      all.add(new Finding(file, 0, 0, failed, left + " more findings"));
    }
    return List.copyOf(all);
  }
}
