// SPDX-License-Identifier: Apache-2.0
package consort.instruments;

import consort.api.driver.Doc;
import consort.api.driver.InstrumentType;
import consort.api.driver.Range;
import consort.api.driver.Unit;
import consort.api.driver.Urgent;
import org.osgi.annotation.versioning.ConsumerType;

/** One output of a DC power supply. Source: IVI-4.4 IviDCPwr, revision 3.0. */
@InstrumentType
@ConsumerType
@Doc("One output of a DC power supply")
public interface DcPowerSupply {

  /** The voltage setpoint. */
  @Unit("V")
  @Doc("The voltage setpoint")
  double getVoltage();

  /** Sets the voltage setpoint. */
  @Doc("Sets the voltage setpoint")
  void setVoltage(@Unit("V") @Range(min = 0) double voltage);

  /** The current limit. */
  @Unit("A")
  @Doc("The current limit")
  double getCurrentLimit();

  /** Sets the current limit. */
  @Doc("Sets the current limit")
  void setCurrentLimit(@Unit("A") @Range(min = 0) double current);

  /** Whether the output is on. */
  @Doc("Whether the output is on")
  boolean isOutputEnabled();

  /** Switches the output. */
  @Doc("Switches the output on or off")
  void setOutputEnabled(boolean enabled);

  /** Switches the output off at once, also while another command runs. */
  @Urgent
  @Doc("Switches the output off at once, also while another command runs")
  default void outputOff() {
    setOutputEnabled(false);
  }

  /** The voltage at the output. */
  @Unit("V")
  @Doc("Measures the voltage at the output")
  double measureVoltage();

  /** The current through the output. */
  @Unit("A")
  @Doc("Measures the current through the output")
  double measureCurrent();
}
