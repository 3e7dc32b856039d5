// SPDX-License-Identifier: Apache-2.0
package consort.itests.driver;

import consort.api.Instrument;
import java.util.concurrent.atomic.AtomicInteger;

/** Needs an instrument, statically: it would be restarted if the instrument's service went. */
public final class Dependant {

  /** The system property with the number of activations. */
  public static final String ACTIVATIONS = "consort.itests.activations";

  /** Called by declarative services. */
  public void bind(Instrument instrument) {
    ((AtomicInteger) System.getProperties().get(ACTIVATIONS)).incrementAndGet();
  }
}
