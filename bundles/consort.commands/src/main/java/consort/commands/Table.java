// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import java.util.ArrayList;
import java.util.List;

/** Columns aligned with blanks; no lines, no colours. */
final class Table {

  private final List<List<String>> rows = new ArrayList<>();

  Table(String... head) {
    rows.add(List.of(head));
  }

  Table row(String... cells) {
    List<String> clean = new ArrayList<>(cells.length);
    for (String cell : cells) {
      clean.add(Texts.printable(cell).replace("\n", "\\n"));
    }
    rows.add(clean);
    return this;
  }

  @Override
  public String toString() {
    int[] widths = new int[rows.get(0).size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    StringBuilder out = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String cell = row.get(i);
        line.append(cell).append(" ".repeat(widths[i] - cell.length() + 2));
      }
      out.append(out.length() == 0 ? "" : "\n").append(line.toString().stripTrailing());
    }
    return out.toString();
  }
}
