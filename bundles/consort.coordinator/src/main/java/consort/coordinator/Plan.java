// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.coordinator.InstrumentSpec;

/**
 * What an instrument shall be. A guard works towards the plan it was given last; plans are compared
 * by identity, so that giving an equal one again is a restart.
 */
final class Plan {

  /** What is wanted. */
  enum Goal {
    /** The instrument runs, with the source if there is one. */
    RUN,
    /** It is stopped. */
    STOP,
    /** It is removed. */
    CLOSE
  }

  final Goal goal;
  final InstrumentSpec spec;
  final DriverSource source;

  /** The plan to go back to when this one fails to start, or null. */
  final Plan fallback;

  /**
   * Makes a plan.
   *
   * @param source the driver to use, null when none is installed
   */
  Plan(Goal goal, InstrumentSpec spec, DriverSource source, Plan fallback) {
    this.goal = goal;
    this.spec = spec;
    this.source = source;
    this.fallback = fallback;
  }
}
