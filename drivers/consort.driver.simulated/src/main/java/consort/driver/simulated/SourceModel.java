// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

/**
 * The physics of a supply with a resistor at its output: the voltage follows the setpoint
 * exponentially, and the current limit turns constant voltage into constant current. Safe for
 * threads: a multimeter reads what a source sets.
 */
final class SourceModel {

  private final Time time;
  private final double load;
  private final double timeConstant;

  private double setpoint;
  private double currentLimit = 1;
  private boolean enabled;

  private double from;
  private double to;
  private long changed;

  /**
   * A source that is off.
   *
   * @param load the resistance at the output, Ohm
   * @param timeConstant of the output's voltage, s; zero for none
   */
  SourceModel(Time time, double load, double timeConstant) {
    this.time = time;
    this.load = load;
    this.timeConstant = timeConstant;
    this.changed = time.nanos();
  }

  synchronized double setpoint() {
    return setpoint;
  }

  synchronized void setpoint(double volts) {
    setpoint = volts;
    change();
  }

  synchronized double currentLimit() {
    return currentLimit;
  }

  synchronized void currentLimit(double amperes) {
    currentLimit = amperes;
    change();
  }

  synchronized boolean enabled() {
    return enabled;
  }

  synchronized void enabled(boolean on) {
    enabled = on;
    change();
  }

  private void change() {
    from = voltage();
    to = enabled ? Math.min(setpoint, currentLimit * load) : 0;
    changed = time.nanos();
  }

  /** The voltage at the output now, V. */
  synchronized double voltage() {
    double seconds = (time.nanos() - changed) * 1e-9;
    return timeConstant == 0 ? to : to + (from - to) * Math.exp(-seconds / timeConstant);
  }

  /** The current through the load now, A. */
  synchronized double current() {
    return voltage() / load;
  }
}
