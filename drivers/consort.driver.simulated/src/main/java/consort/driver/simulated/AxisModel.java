// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

/** The physics of an axis that moves at constant speed. Not safe for threads. */
final class AxisModel {

  private final Time time;

  private double speed;
  private double from;
  private double to;
  private double moveSpeed = 1;
  private long started;

  /** An axis that stands at 0. */
  AxisModel(Time time, double speed) {
    this.time = time;
    this.speed = speed;
    this.started = time.nanos();
  }

  /** The speed of the next move, mm/s. */
  double speed() {
    return speed;
  }

  void speed(double next) {
    speed = next;
  }

  /** Begins a move from where the axis is now. */
  void move(double target) {
    from = position();
    to = target;
    moveSpeed = speed;
    started = time.nanos();
  }

  /** Ends a move where the axis is now. */
  void stop() {
    to = position();
    from = to;
  }

  /** The time the move still takes, s. */
  double remaining() {
    return Math.abs(to - from) / moveSpeed - (time.nanos() - started) * 1e-9;
  }

  boolean moving() {
    return from != to && remaining() > 0;
  }

  /** Where the axis is now, mm. */
  double position() {
    return moving() ? to - Math.signum(to - from) * remaining() * moveSpeed : to;
  }
}
