// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import consort.api.Caller;
import consort.api.Instrument;
import consort.api.LeaseToken;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Keeps one guard for each instrument of this node. An OSGi service. No method waits for a driver
 * unless it says so; all may be called by any thread.
 */
@ProviderType
public interface Coordinator {

  /** All instruments, also those that are offline or of other nodes, sorted by name. */
  List<Instrument> instruments();

  /** The instrument of this exact name, in whatever state. */
  Optional<Instrument> instrument(String name);

  /**
   * Whether this node itself has an instrument of this exact name, in whatever state; one of
   * another node does not count.
   */
  default boolean owns(String name) {
    return instrument(name).isPresent();
  }

  /**
   * The instrument of this exact name.
   *
   * @throws consort.api.Refused when there is none; the message names similar ones
   */
  Instrument require(String name);

  /**
   * Adds an instrument, or changes the one of this name: a changed specification exchanges the
   * driver instance as a swap does. An equal one changes nothing.
   */
  void put(InstrumentSpec spec);

  /** Removes an instrument; calls that wait are refused, the running one is let finish briefly. */
  void remove(String name);

  /** Stops an instrument until {@link #start}; refused when there is none of that name. */
  void stop(String name);

  /** Starts a stopped instrument; refused when there is none of that name. */
  void start(String name);

  /**
   * Discards the driver instance and makes a new one; frees an instrument in {@code FAULT}. No
   * state is handed over and nothing is compared with before; a version that this instrument alone
   * did not take is tried again.
   *
   * @throws consort.api.Refused when there is none of that name
   */
  void restart(String name);

  /**
   * Makes an instrument that is not published and that nobody else sees, for a test of a file.
   * Waits until it is ready.
   *
   * @throws consort.api.InstrumentException when it does not become ready
   */
  TemporaryInstrument open(InstrumentSpec spec);

  /**
   * Cancels the running call of an instrument and those that wait. A waiting call was certainly not
   * sent; of the running one the effect is unknown, and the driver has a grace to come back, as
   * after a deadline.
   *
   * @param by who cancels; needs the role of an operator
   * @param lease the lease it is done under, null for none. Where another holds the instrument or a
   *     part of it only an administrator may
   * @return how many calls were cancelled
   * @throws consort.api.Refused when there is none of that name, or a lease is against it
   */
  int cancel(String name, Caller by, LeaseToken lease);

  /**
   * Brings every instrument that has one into its safe state, all at once, also beside running
   * calls. Calls that wait to write are refused: nothing that was queued before begins after it.
   *
   * @param within how long each may take; it returns a moment later at the latest
   * @param by who stops; needs the role of an operator
   * @return one result for each instrument, sorted by name
   */
  List<StopResult> stopAll(Duration within, Caller by);

  /**
   * Sends a line of raw text over the link of an instrument, past its driver, and reads the answer.
   * It waits for its turn like a call, and has a deadline like one.
   *
   * @param text the line, without its terminator
   * @param answer whether an answer is awaited; null: when the first word ends with a question mark
   * @param deadline how long it may take; null for the instrument's, else 5 s
   * @param by who asks; needs the role of an administrator
   * @param lease the lease it is done under, null for none; it is a write to the whole instrument
   * @return the answer, empty for none
   * @throws consort.api.InstrumentException as a call, and {@code Refused} with the code {@code
   *     not_supported} when the driver uses no link
   */
  String ask(
      String name, String text, Boolean answer, Duration deadline, Caller by, LeaseToken lease);

  /** The installed drivers, sorted by name and version, the newest first. */
  List<DriverStatus> drivers();

  /**
   * Whether every instrument uses the driver it should: no swap is under way or waiting.
   *
   * @return true when there is nothing to do
   */
  boolean settled();

  /**
   * Says which instruments may use the drivers of a bundle; it may be said before they appear. Also
   * gives a driver that failed another chance.
   *
   * @param bundle the id of the bundle
   * @param only the names of the instruments, null for all
   */
  void offer(long bundle, Collection<String> only);

  /** The instruments that move, or wait to move, to another driver instance; sorted by name. */
  List<SwapStatus> swapping();

  /**
   * How the newest exchanges of driver instances of an instrument ended, at most 10, the newest
   * first. The start and restart of an instrument are none.
   *
   * @throws consort.api.Refused when there is none of that name
   */
  List<SwapOutcome> swaps(String name);

  /**
   * Why an instrument is or is not available.
   *
   * @throws consort.api.Refused when there is none of that name
   */
  Diagnosis why(String name);
}
