// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import consort.api.driver.Doc;
import consort.api.driver.InstrumentType;
import consort.api.driver.Range;
import consort.api.driver.Unit;

/** The hand that puts something on a simulated balance. */
@InstrumentType
interface Pan {

  @Doc("Puts a mass on the pan instead of what lies there")
  void place(@Unit("g") @Range(min = 0) @Doc("the mass; 0 empties the pan") double mass);
}
