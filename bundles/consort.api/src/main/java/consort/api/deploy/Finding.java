// SPDX-License-Identifier: Apache-2.0
package consort.api.deploy;

/**
 * Something wrong, or worth a note, in a file.
 *
 * @param file the file
 * @param line the line, from 1; 0 when it concerns the whole file
 * @param column the column, from 1; 0 when it concerns the whole line
 * @param pointer the value it concerns, as a JSON pointer ({@code /connection/type}); empty when it
 *     concerns the whole file
 * @param error whether the file cannot be used because of it
 * @param message what is wrong and what to do
 */
public record Finding(
    String file, int line, int column, String pointer, boolean error, String message) {

  /** Of no value in particular. */
  public Finding(String file, int line, int column, boolean error, String message) {
    this(file, line, column, "", error, message);
  }

  /** {@code file:line:column: /pointer: message}. */
  @Override
  public String toString() {
    StringBuilder out = new StringBuilder(file);
    if (line > 0) {
      out.append(':').append(line);
      if (column > 0) {
        out.append(':').append(column);
      }
    }
    if (!pointer.isEmpty()) {
      out.append(": ").append(pointer);
    }
    return out.append(": ").append(message).toString();
  }
}
