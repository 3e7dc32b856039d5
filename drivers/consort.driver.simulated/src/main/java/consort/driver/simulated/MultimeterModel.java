// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import consort.instruments.Multimeter.Function;
import java.util.Optional;

/** What lies at the input of a multimeter: the output of a source, or what the settings say. */
final class MultimeterModel {

  private final Bench bench;
  private final SimulatedMultimeter.Settings settings;

  MultimeterModel(Bench bench, SimulatedMultimeter.Settings settings) {
    this.bench = bench;
    this.settings = settings;
  }

  /** The true value of a function, in its unit. Leads to a source that is not there are open. */
  double value(Function function) {
    Optional<SourceModel> source = settings.measures().flatMap(bench::source);
    boolean wired = settings.measures().isPresent();
    double voltage = wired ? source.map(SourceModel::voltage).orElse(0.0) : settings.voltage();
    double current =
        wired
            ? source.map(SourceModel::current).orElse(0.0)
            : settings.resistance() == 0 ? 0 : voltage / settings.resistance();
    return switch (function) {
      case DC_VOLTAGE -> voltage;
      case DC_CURRENT -> current;
      case AC_VOLTAGE, AC_CURRENT -> 0;
      case RESISTANCE, FOUR_WIRE_RESISTANCE -> settings.resistance();
      case FREQUENCY -> settings.frequency();
      case PERIOD -> 1 / settings.frequency();
    };
  }
}
