// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import java.io.IOException;

/** A peer that is asked and answers, as fast as the transport can. */
interface Echo extends AutoCloseable {
  void exchange();

  @Override
  void close() throws IOException;
}
