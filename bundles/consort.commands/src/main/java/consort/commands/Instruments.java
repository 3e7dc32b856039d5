// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.Instrument;
import consort.api.Refused;
import consort.api.coordinator.Coordinator;
import consort.api.deploy.Deployment;
import java.util.function.Supplier;

/** Finds what a request names. */
final class Instruments {

  private Instruments() {}

  static Instrument require(Coordinator coordinator, String name) {
    return coordinator.instrument(name).orElseThrow(() -> notFound(coordinator, name));
  }

  private static RuntimeException notFound(Coordinator coordinator, String name) {
    String reason = name;
    try {
      coordinator.require(name);
    } catch (Refused refused) {
      reason = refused.getMessage();
    }
    return new Wrong("unknown_instrument", "instrument not found: " + reason);
  }

  static Deployment deployment(Supplier<Deployment> deployment) {
    Deployment service = deployment.get();
    if (service == null) {
      throw new Wrong("unavailable", "this node reads no instrument files: no deployment service");
    }
    return service;
  }
}
