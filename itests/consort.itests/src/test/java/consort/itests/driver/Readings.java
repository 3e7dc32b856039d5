// SPDX-License-Identifier: Apache-2.0
package consort.itests.driver;

import consort.api.driver.InstrumentType;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Commands of a multimeter that are not waited for. */
@InstrumentType
public interface Readings {

  /** A reading that comes later. */
  CompletionStage<Double> measureVoltage();

  /** Another. */
  CompletableFuture<Double> measureResistance();

  /** The multimeter has no such command. */
  CompletionStage<Double> measureHumidity();
}
