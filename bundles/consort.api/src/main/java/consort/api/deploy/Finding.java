// SPDX-License-Identifier: Apache-2.0
package consort.api.deploy;

/**
 * Something wrong, or worth a note, in a file.
 *
 * @param file the file
 * @param line the line, from 1; 0 when it concerns the whole file
 * @param column the column, from 1; 0 when it concerns the whole line
 * @param error whether the file cannot be used because of it
 * @param message what is wrong and what to do
 */
public record Finding(String file, int line, int column, boolean error, String message) {

  /** {@code file:line:column: message}. */
  @Override
  public String toString() {
    StringBuilder out = new StringBuilder(file);
    if (line > 0) {
      out.append(':').append(line);
      if (column > 0) {
        out.append(':').append(column);
      }
    }
    return out.append(": ").append(message).toString();
  }
}
