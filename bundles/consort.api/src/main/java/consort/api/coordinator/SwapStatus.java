// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

/**
 * An instrument whose driver instance is to be exchanged, or is being exchanged.
 *
 * @param instrument the name of the instrument
 * @param driver the name of the driver
 * @param from the version it has
 * @param to the version it gets
 * @param bundle the id of the bundle it gets
 * @param moving whether calls are held by now; before that the running call, or other instruments,
 *     are waited for
 * @param text where it is: {@code waiting}, {@code moving}, {@code postponed: DMM1 has been in
 *     measure_waveform for 42 s}
 */
public record SwapStatus(
    String instrument,
    String driver,
    String from,
    String to,
    long bundle,
    boolean moving,
    String text) {

  /** Whether the limit for waiting has passed: it moves when the running call is over. */
  public boolean postponed() {
    return text.startsWith("postponed");
  }
}
