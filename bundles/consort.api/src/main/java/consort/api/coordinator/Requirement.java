// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import consort.api.Names;
import consort.api.State;
import java.util.Objects;

/**
 * What an instrument needs of another one, so that it may be written to.
 *
 * @param instrument the name of the other one
 * @param state the state it must be in; {@link State#READY} includes {@link State#BUSY}, and while
 *     its driver is exchanged it counts as what it was before
 */
public record Requirement(String instrument, State state) {

  /** Checks. */
  public Requirement {
    Objects.requireNonNull(state, "state");
    if (!Names.isInstrument(instrument)) {
      throw new IllegalArgumentException("'" + instrument + "' is not a name of an instrument");
    }
  }
}
