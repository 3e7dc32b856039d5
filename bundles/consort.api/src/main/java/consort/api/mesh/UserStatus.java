// SPDX-License-Identifier: Apache-2.0
package consort.api.mesh;

import consort.api.Role;
import java.time.Instant;
import java.util.List;

/**
 * Another node that uses this one.
 *
 * @param name the name it gave
 * @param address where it came from; empty where that has no address, as for a socket file
 * @param proven whether its certificate proves the name
 * @param role what its callers may do at most
 * @param since when it was connected
 * @param calls how many of its calls are under way
 * @param instruments the instruments it may use, sorted
 */
public record UserStatus(
    String name,
    String address,
    boolean proven,
    Role role,
    Instant since,
    int calls,
    List<String> instruments) {

  /** Copies. */
  public UserStatus {
    instruments = List.copyOf(instruments);
  }
}
