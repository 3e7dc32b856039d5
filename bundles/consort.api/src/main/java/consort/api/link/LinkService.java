// SPDX-License-Identifier: Apache-2.0
package consort.api.link;

import java.util.List;
import java.util.function.Consumer;
import org.osgi.annotation.versioning.ProviderType;

/** Owns all open channels of this node. An OSGi service. */
@ProviderType
public interface LinkService {

  /**
   * Begins a session for a driver instance of an instrument.
   *
   * @param instrument the name of the instrument, under which the bytes are traced
   * @param lost told when a channel of the session is found broken although nobody is using it (a
   *     serial port that was unplugged, a peer that has hung up), with the reason in words; called
   *     on a thread of the links
   */
  LinkSession session(String instrument, Consumer<String> lost);

  /** The newest bytes on the links of an instrument, oldest first; empty when there are none. */
  List<TraceEntry> trace(String instrument);
}
