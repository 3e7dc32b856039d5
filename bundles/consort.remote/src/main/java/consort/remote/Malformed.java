// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import java.io.IOException;

/** What a peer sent is not in the protocol. */
final class Malformed extends IOException {
  private static final long serialVersionUID = 1L;

  Malformed(String message) {
    super(message);
  }

  Malformed(String message, Throwable cause) {
    super(message, cause);
  }
}
