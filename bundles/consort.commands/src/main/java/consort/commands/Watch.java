// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import java.time.Duration;
import java.util.Map;
import org.osgi.annotation.versioning.ProviderType;

/**
 * A listener to the events of this node. It keeps what comes until it is taken, up to a limit; what
 * is beyond is dropped, the oldest first, and counted. Close it in any case.
 */
@ProviderType
public interface Watch extends AutoCloseable {

  /**
   * Takes the next event, or waits for it.
   *
   * @return {@code topic} and the properties of the event, as plain values; null when none came in
   *     time, or the watch was closed. Where events were dropped, the topic is {@code
   *     consort/watch/DROPPED}, and {@code dropped} their number
   */
  Map<String, Object> next(Duration atMost) throws InterruptedException;

  /** Whether events still come: false when it, or the node, was closed. */
  boolean isOpen();

  /** Ends it; whoever waits for an event gets none. */
  @Override
  void close();
}
