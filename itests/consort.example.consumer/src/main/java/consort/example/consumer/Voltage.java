// SPDX-License-Identifier: Apache-2.0
package consort.example.consumer;

import consort.api.InstrumentException;
import consort.instruments.Multimeter;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/** Prints what a multimeter measures, every second for as long as it is there. */
@Component(immediate = true)
public final class Voltage implements DoubleSupplier {

  private final Multimeter dmm;
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();

  @Activate
  public Voltage(@Reference(target = "(consort.instrument=DMM1)") Multimeter dmm) {
    this.dmm = dmm;
    clock.scheduleWithFixedDelay(this::print, 0, 1, TimeUnit.SECONDS);
  }

  @Override
  public double getAsDouble() {
    return dmm.measureVoltage();
  }

  private void print() {
    try {
      System.out.println("DMM1: " + getAsDouble() + " V");
    } catch (InstrumentException e) {
      System.out.println("DMM1: " + e.getMessage());
    }
  }

  @Deactivate
  public void close() {
    clock.shutdown();
    System.out.println("DMM1 is gone");
  }
}
