// SPDX-License-Identifier: Apache-2.0
package consort.instruments;

import consort.api.driver.Doc;
import consort.api.driver.InstrumentType;
import consort.api.driver.ReadOnly;
import consort.api.driver.TimeLimit;
import consort.api.driver.Unit;
import org.osgi.annotation.versioning.ConsumerType;

/** A balance. There is no IVI class for it. */
@InstrumentType
@ConsumerType
@Doc("A balance")
public interface Balance {

  /**
   * One reading.
   *
   * @param mass the net mass, g
   * @param stable whether the balance had settled
   */
  record Reading(@Unit("g") double mass, boolean stable) {}

  /** The net mass now, settled or not. */
  @ReadOnly
  @Doc("Reads the net mass now, settled or not")
  Reading read();

  /** Waits until the balance has settled and gives the net mass. */
  @ReadOnly
  @Unit("g")
  @TimeLimit("30s")
  @Doc("Waits until the balance has settled and gives the net mass")
  double readStable();

  /** Makes the mass that now lies on the pan the new zero. */
  @TimeLimit("30s")
  @Doc("Makes the mass that now lies on the pan the new zero")
  void tare();

  /** Sets zero again: the pan must be empty. */
  @TimeLimit("30s")
  @Doc("Sets zero again; the pan must be empty")
  void zero();
}
