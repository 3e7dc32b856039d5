// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import consort.api.driver.InstrumentType;

/** What the measured driver does: nothing, or never to return. */
@InstrumentType
public interface Probe {

  /** Gives its argument back. */
  double nothing(double number);

  /** Does not return before the benchmark ends. */
  void hang();
}
