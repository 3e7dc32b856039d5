// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import consort.api.deploy.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Collects the findings of one file; all at once, so that a file is corrected once. */
final class Problems {

  /** A file that is something else altogether has a finding in each line; nobody reads them all. */
  static final int MOST = 100;

  private static final int LONGEST = 1000;

  private final String file;
  private final List<Finding> findings = new ArrayList<>();
  private int left;
  private boolean failed;

  Problems(String file) {
    this.file = file;
  }

  /** The whole file cannot be used. */
  void error(String message) {
    add(0, 0, true, message);
  }

  void error(int line, int column, String message) {
    add(line, column, true, message);
  }

  void error(Node node, String message) {
    add(node.line(), node.column(), true, message);
  }

  /** As many words as it takes, if they are read at all. */
  void error(Node node, Supplier<String> message) {
    add(node.line(), node.column(), true, findings.size() < MOST ? message.get() : "");
  }

  void note(Node node, String message) {
    add(node.line(), node.column(), false, message);
  }

  private void add(int line, int column, boolean error, String message) {
    failed |= error;
    if (findings.size() < MOST) {
      findings.add(new Finding(file, line, column, error, cut(message)));
    } else {
      left++;
    }
  }

  /** A message may name what is in the file, and that may be anything. */
  static String cut(String message) {
    return message.length() > LONGEST ? message.substring(0, LONGEST) + "…" : message;
  }

  boolean failed() {
    return failed;
  }

  /** All findings, in the order of the file. */
  List<Finding> all() {
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
