// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

/** The physics of a balance: the pan swings about the new mass, and the swing dies away. */
final class BalanceModel {

  /** The swings in one time constant. */
  private static final double SWINGS = 2;

  private final Time time;
  private final double timeConstant;
  private final double resolution;

  private double from;
  private double to;
  private long changed;
  private double zero;

  /**
   * A balance at rest.
   *
   * @param mass what lies on the pan, g
   * @param timeConstant of the swing, s
   * @param resolution below which a swing is not seen, g
   */
  BalanceModel(Time time, double mass, double timeConstant, double resolution) {
    this.time = time;
    this.timeConstant = timeConstant;
    this.resolution = resolution;
    this.from = mass;
    this.to = mass;
    this.changed = time.nanos();
  }

  /** Changes what lies on the pan, g. */
  void place(double mass) {
    from = gross();
    to = mass;
    changed = time.nanos();
  }

  private double elapsed() {
    return (time.nanos() - changed) * 1e-9;
  }

  private double swing() {
    return timeConstant == 0 ? 0 : Math.abs(from - to) * Math.exp(-elapsed() / timeConstant);
  }

  private double gross() {
    double phase = timeConstant == 0 ? 0 : 2 * Math.PI * SWINGS * elapsed() / timeConstant;
    return to + Math.signum(from - to) * swing() * Math.cos(phase);
  }

  /** What the balance would show now, before rounding, g. */
  double net() {
    return gross() - zero;
  }

  /** What lies on the pan, g. */
  double mass() {
    return to;
  }

  /** Whether the swing cannot be seen any more. */
  boolean stable() {
    return secondsToStable() <= 0;
  }

  /** How long until it is stable, s; zero or less when it is. */
  double secondsToStable() {
    double swing = Math.abs(from - to);
    if (swing < resolution / 2 || timeConstant == 0) {
      return 0;
    }
    return timeConstant * Math.log(2 * swing / resolution) - elapsed();
  }

  /** Makes what is shown now the new zero. */
  void tare() {
    zero = gross();
  }
}
