// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import consort.api.driver.Default;
import consort.api.driver.Doc;
import consort.api.driver.InstrumentType;
import consort.api.driver.Range;
import consort.api.driver.Urgent;
import java.time.Duration;

/**
 * Faults on request. They strike the calls that follow, not the ones of this interface and not
 * urgent ones.
 */
@InstrumentType
interface Faults {

  @Doc("Delays each following call by this time; 0s ends it")
  void injectDelay(@Doc("the time added to each call") Duration delay);

  @Doc("Lets the next calls fail as if the instrument had reported an error")
  void injectError(
      @Range(min = 1) @Default("1") @Doc("how many calls fail") int count,
      @Default("simulated error") @Doc("what the instrument says") String text);

  @Doc("Lets the next call never return, until the faults are cleared or the driver is closed")
  void injectHang(
      @Default("false") @Doc("whether even an interrupt does not end it") boolean ignoreInterrupts);

  @Doc("Lets the next call end with an Error, as a mistake in a driver would")
  void injectCrash();

  @Doc("Lets the next call find the link lost, and connecting fail afterwards")
  void injectLinkLoss(
      @Range(min = 0) @Default("0") @Doc("how many attempts to connect fail") int attempts);

  @Urgent
  @Doc("Ends all injected faults, and a call that hangs")
  void clearFaults();
}
