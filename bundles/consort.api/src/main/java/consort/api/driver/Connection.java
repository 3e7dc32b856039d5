// SPDX-License-Identifier: Apache-2.0
package consort.api.driver;

import java.util.Map;
import java.util.Objects;

/**
 * How an instrument is connected, as its file says.
 *
 * @param type {@code VISA}, {@code Simulated}, {@code Custom} or {@code None}
 * @param address a VISA resource name for {@code VISA}, else what the driver expects; may be empty
 * @param settings everything else of the connection ({@code baudrate}, {@code termination} …);
 *     scalars, lists and maps
 */
public record Connection(String type, String address, Map<String, Object> settings) {

  /** No hardware. */
  public static final Connection NONE = new Connection("None", "", Map.of());

  /** Checks and copies. */
  public Connection {
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(address, "address");
    settings = Map.copyOf(settings);
  }

  /** A connection by VISA resource name. */
  public static Connection visa(String resource) {
    return new Connection("VISA", resource, Map.of());
  }

  @Override
  public String toString() {
    return address.isEmpty() ? type : address;
  }
}
