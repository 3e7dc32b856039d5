// SPDX-License-Identifier: Apache-2.0
package consort.instruments;

import consort.api.driver.Doc;
import consort.api.driver.InstrumentType;
import consort.api.driver.Range;
import consort.api.driver.TimeLimit;
import consort.api.driver.Unit;
import consort.api.driver.Urgent;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ConsumerType;

/** One axis that moves and knows where it is. There is no IVI class for it. */
@InstrumentType
@ConsumerType
@Doc("One axis that moves and knows where it is")
public interface Positioner {

  /** Where the axis is now. */
  @Unit("mm")
  @Doc("Where the axis is now")
  double getPosition();

  /**
   * Moves to a position.
   *
   * @return completes with the position reached; the instrument is busy until then
   */
  @Unit("mm")
  @TimeLimit("60s")
  @Doc("Moves to a position and gives the one reached")
  CompletionStage<Double> moveTo(@Unit("mm") @Doc("the target") double position);

  /** Whether the axis is moving. */
  @Doc("Whether the axis is moving")
  boolean isMoving();

  /** The speed of moves. */
  @Unit("mm/s")
  @Doc("The speed of moves")
  double getSpeed();

  /** Sets the speed of moves. */
  @Doc("Sets the speed of moves")
  void setSpeed(@Unit("mm/s") @Range(min = 0) double speed);

  /** Finds the reference mark and makes it zero. */
  @TimeLimit("60s")
  @Doc("Finds the reference mark and makes it zero")
  void home();

  /** Stops at once, also while it moves; the move ends where the axis stands. */
  @Urgent
  @Doc("Stops at once, also while it moves")
  void stop();
}
