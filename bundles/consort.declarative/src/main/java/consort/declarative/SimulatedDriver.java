// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.api.driver.Handover;
import consort.api.driver.SavedState;
import java.util.HashMap;
import java.util.Map;

/**
 * A driver instance of a simulated instrument, which is handed over with what was written to it.
 */
final class SimulatedDriver extends DefinedDriver implements Handover {

  private final SimulatedInstrument instrument;

  private SimulatedDriver(
      Definition definition, IoConfig config, SimulatedInstrument instrument, SimulatedLink link) {
    super(definition, config, link);
    this.instrument = instrument;
  }

  static SimulatedDriver of(Definition definition, IoConfig config) {
    SimulatedInstrument instrument = new SimulatedInstrument(definition);
    String terminator = definition.terminators().write();
    return new SimulatedDriver(
        definition, config, instrument, new SimulatedLink(instrument, terminator));
  }

  @Override
  public SavedState save() {
    return new SavedState(1, Map.copyOf(instrument.written()));
  }

  @Override
  public void restore(SavedState state) {
    Map<String, String> written = new HashMap<>();
    state.values().forEach((key, value) -> written.put(key, value.toString()));
    instrument.written(written);
  }
}
