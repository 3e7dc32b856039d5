// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.coordinator.InstrumentSpec;

/**
 * What an instrument shall be. A guard works towards the plan it was given last; plans are compared
 * by identity, so that giving an equal one again exchanges the instance.
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

  /** Whether it begins anew: nothing is handed over, nothing compared with before. */
  final boolean anew;

  private volatile Plan fallback;

  /**
   * Makes a plan that hands over what there is.
   *
   * @param source the driver to use, null when none is installed
   * @param fallback the plan to go back to when this one fails to start, or null
   */
  Plan(Goal goal, InstrumentSpec spec, DriverSource source, Plan fallback) {
    this(goal, spec, source, fallback, false);
  }

  private Plan(Goal goal, InstrumentSpec spec, DriverSource source, Plan fallback, boolean anew) {
    this.goal = goal;
    this.spec = spec;
    this.source = source;
    this.fallback = fallback;
    this.anew = anew;
  }

  /** A plan that begins anew. */
  static Plan anew(InstrumentSpec spec, DriverSource source) {
    return new Plan(Goal.RUN, spec, source, null, true);
  }

  /** The plan to go back to when this one fails to start, or null. */
  Plan fallback() {
    return fallback;
  }

  /** It works: nothing of the version before is held any longer, so that it can be unloaded. */
  void settle() {
    fallback = null;
  }
}
