// SPDX-License-Identifier: Apache-2.0
package consort.instruments;

import consort.api.driver.Doc;
import consort.api.driver.InstrumentType;
import consort.api.driver.Range;
import consort.api.driver.Unit;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A digital multimeter. Each {@code measure…} configures the function with automatic range,
 * triggers once and waits for the reading. Source: IVI-4.2 IviDmm, revision 4.1.
 */
@InstrumentType
@ConsumerType
@Doc("A digital multimeter")
public interface Multimeter {

  /** What is measured. */
  enum Function {
    /** Direct voltage, V. */
    DC_VOLTAGE,
    /** Alternating voltage, true RMS, V. */
    AC_VOLTAGE,
    /** Direct current, A. */
    DC_CURRENT,
    /** Alternating current, true RMS, A. */
    AC_CURRENT,
    /** Resistance over two wires, Ohm. */
    RESISTANCE,
    /** Resistance over four wires, Ohm. */
    FOUR_WIRE_RESISTANCE,
    /** Frequency, Hz. */
    FREQUENCY,
    /** Period, s. */
    PERIOD
  }

  /** Direct voltage. */
  @Unit("V")
  @Doc("Measures the direct voltage")
  double measureVoltage();

  /** Alternating voltage, true RMS. */
  @Unit("V")
  @Doc("Measures the alternating voltage, true RMS")
  double measureAcVoltage();

  /** Direct current. */
  @Unit("A")
  @Doc("Measures the direct current")
  double measureCurrent();

  /** Alternating current, true RMS. */
  @Unit("A")
  @Doc("Measures the alternating current, true RMS")
  double measureAcCurrent();

  /** Resistance over two wires. */
  @Unit("Ohm")
  @Doc("Measures the resistance over two wires")
  double measureResistance();

  /** Resistance over four wires. */
  @Unit("Ohm")
  @Doc("Measures the resistance over four wires")
  double measureFourWireResistance();

  /** Frequency. */
  @Unit("Hz")
  @Doc("Measures the frequency")
  double measureFrequency();

  /** The function that {@link #read} measures. */
  @Doc("The function that read measures")
  Function getFunction();

  /** Selects the function that {@link #read} measures, with automatic range. */
  @Doc("Selects the function that read measures, with automatic range")
  void setFunction(Function function);

  /** One reading with the function selected last; in the unit of that function. */
  @Doc("Takes one reading with the function selected last")
  double read();

  /** Several readings with the function selected last, as fast as the instrument can. */
  @Doc("Takes several readings with the function selected last")
  double[] readSeveral(@Range(min = 1, max = 1_000_000) @Doc("how many readings") int count);
}
