// SPDX-License-Identifier: Apache-2.0
package consort.api.link;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** The links of one driver instance, as its guard sees them. */
@ProviderType
public interface LinkSession extends Links, AutoCloseable {

  /** Names of the links opened in this session. */
  List<String> addresses();

  /**
   * Ends the input and output under way at once: the driver's thread gets {@code TimedOut}. Later
   * operations fail the same way until {@link #resynchronise}, save urgent ones. Never waits.
   */
  void cancel();

  /**
   * Says whether the current thread serves an urgent call. {@link #cancel} is meant for the call
   * beside it and does not end its operations; those make the links safe for themselves, so that no
   * late answer reaches their questions. Never waits.
   *
   * @param urgent true from now on, false when it is over
   */
  default void setUrgent(boolean urgent) {}

  /**
   * Makes the links usable again after a cancelled or overdue operation, so that no late answer can
   * reach another question: what was received is dropped, or the channel is opened anew.
   *
   * @throws consort.api.Unreachable when a channel cannot be opened again
   */
  void resynchronise();

  /** Drops broken channels, so that the next use opens them anew. For reconnecting. Never waits. */
  void reset();

  /** Gives all links back and ends the session; pending operations fail. Never waits. */
  @Override
  void close();
}
