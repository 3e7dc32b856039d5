// SPDX-License-Identifier: Apache-2.0
package consort.script;

/**
 * Ends a script. An {@link Error}, as the engine and the script's own {@code pcall} catch
 * exceptions.
 */
final class Stop extends Error {
  private static final long serialVersionUID = 1L;

  Stop(String why) {
    super(why, null, false, false);
  }
}
