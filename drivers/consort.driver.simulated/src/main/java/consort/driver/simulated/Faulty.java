// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import java.time.Duration;

/** A simulated instrument whose faults are kept in an object it holds. */
interface Faulty extends Faults {

  /** The faults. */
  InjectedFaults faults();

  @Override
  default void injectDelay(Duration delay) {
    faults().injectDelay(delay);
  }

  @Override
  default void injectError(int count, String text) {
    faults().injectError(count, text);
  }

  @Override
  default void injectHang(boolean ignoreInterrupts) {
    faults().injectHang(ignoreInterrupts);
  }

  @Override
  default void injectCrash() {
    faults().injectCrash();
  }

  @Override
  default void injectLinkLoss(int attempts) {
    faults().injectLinkLoss(attempts);
  }

  @Override
  default void clearFaults() {
    faults().clearFaults();
  }
}
