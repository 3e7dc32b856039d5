// SPDX-License-Identifier: Apache-2.0
package consort.example.consumer;

import consort.api.Instrument;
import java.util.function.DoubleConsumer;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;

/** Sets the voltage of a source. It stays when the source goes, and takes it again. */
@Component
public final class Level implements DoubleConsumer {

  @Reference(target = "(consort.instrument=PSU1)", cardinality = ReferenceCardinality.OPTIONAL)
  private volatile Instrument source;

  @Override
  public void accept(double volts) {
    Instrument now = source;
    if (now == null) {
      throw new IllegalStateException("PSU1 is not there");
    }
    now.call("set_voltage", volts);
  }
}
