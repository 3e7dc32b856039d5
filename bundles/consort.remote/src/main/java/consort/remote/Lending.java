// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.LeaseToken;
import consort.api.coordinator.Leases;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** The leases of this node that other nodes hold. Any thread. */
final class Lending {

  private final Supplier<Leases> service;
  private final Map<LeaseToken, Lent> holders = new ConcurrentHashMap<>();

  /**
   * Nothing is lent yet.
   *
   * @param service gives leases; null as long as there are none here
   */
  Lending(Supplier<Leases> service) {
    this.service = service;
  }

  /** What gives leases, null for none. */
  Leases service() {
    return service.get();
  }

  /** A lease belongs to this connection now, whichever had it before. */
  void give(LeaseToken token, Lent to) {
    holders.put(token, to);
  }

  /** Whether a lease belonged to this connection, as it does no longer. */
  boolean takeBack(LeaseToken token, Lent from) {
    return holders.remove(token, from);
  }
}
