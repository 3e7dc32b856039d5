// SPDX-License-Identifier: Apache-2.0
package consort.api.script;

import consort.api.NumericArray;
import java.time.Instant;
import java.util.Objects;

/**
 * An array that is too long for a reply and waits to be fetched.
 *
 * @param id how it is asked for; nobody can guess it
 * @param data its elements
 * @param dataType what they are called on wires: {@code float32}, {@code float64}, {@code int32},
 *     {@code int64} or {@code uint8}; narrower integers come as {@code int32}
 * @param created when it was made
 */
public record Buffer(String id, NumericArray data, String dataType, Instant created) {

  /** Checks. */
  public Buffer {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(data, "data");
    Objects.requireNonNull(dataType, "dataType");
    Objects.requireNonNull(created, "created");
  }
}
