// SPDX-License-Identifier: Apache-2.0
package consort.shell;

/** Ends a command with one line: the shell prints {@link #toString}. */
final class Failed extends Exception {
  private static final long serialVersionUID = 1L;

  Failed(String message) {
    super(message, null, false, false);
  }

  @Override
  public String toString() {
    return getMessage();
  }
}
