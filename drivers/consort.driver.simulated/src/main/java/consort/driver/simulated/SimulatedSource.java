// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import consort.api.ParameterInfo;
import consort.api.driver.Connectable;
import consort.api.driver.Default;
import consort.api.driver.Doc;
import consort.api.driver.DriverFactory;
import consort.api.driver.Identity;
import consort.api.driver.Range;
import consort.api.driver.SafeState;
import consort.api.driver.Setup;
import consort.api.driver.Unit;
import consort.instruments.DcPowerSupply;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** A supply of 0 to 30 V and 0 to 5 A that drives a {@link SourceModel}. */
final class SimulatedSource
    implements DcPowerSupply, Faulty, Connectable, SafeState, AutoCloseable {

  /** The settings of an instrument file. */
  record Settings(
      @Unit("Ohm") @Range(min = 1e-3) @Default("10") @Doc("the resistance at the output")
          double load,
      @Default("10ms") @Doc("the time constant of the output's voltage") Duration settling,
      @Unit("V") @Range(min = 0) @Default("0.0001") @Doc("the rms noise of measured voltages")
          double noise,
      @Doc("what the noise is made of; by default the name of the instrument") Optional<Long> seed,
      @Default("0s") @Doc("added to each call") Duration delay,
      @Range(min = 0) @Default("0") @Doc("one of so many calls fails; 0 for none") int failEvery) {}

  private final String name;
  private final Bench bench;
  private final SourceModel model;
  private final double load;
  private final double rms;
  private final Noise noise;
  private final InjectedFaults faults;

  SimulatedSource(String name, Bench bench, Time time, Settings settings) {
    this.name = name;
    this.bench = bench;
    this.load = settings.load();
    this.rms = settings.noise();
    this.noise = Noise.of(settings.seed(), name);
    this.faults = new InjectedFaults(time, settings.delay(), settings.failEvery());
    this.model = new SourceModel(time, load, settings.settling().toNanos() * 1e-9);
  }

  @Override
  public Identity connect() {
    faults.connect();
    bench.connect(name, model);
    return Firmware.identity("simulated source", name);
  }

  @Override
  public InjectedFaults faults() {
    return faults;
  }

  @Override
  public double getVoltage() {
    faults.pass();
    return model.setpoint();
  }

  @Override
  public void setVoltage(@Range(min = 0, max = 30) double voltage) {
    faults.pass();
    model.setpoint(voltage);
  }

  @Override
  public double getCurrentLimit() {
    faults.pass();
    return model.currentLimit();
  }

  @Override
  public void setCurrentLimit(@Range(min = 0, max = 5) double current) {
    faults.pass();
    model.currentLimit(current);
  }

  @Override
  public boolean isOutputEnabled() {
    faults.pass();
    return model.enabled();
  }

  @Override
  public void setOutputEnabled(boolean enabled) {
    faults.pass();
    model.enabled(enabled);
  }

  @Override
  public void outputOff() {
    model.enabled(false);
  }

  @Override
  public void safeState() {
    outputOff();
  }

  @Override
  public double measureVoltage() {
    faults.pass();
    return model.voltage() + rms * noise.next();
  }

  @Override
  public double measureCurrent() {
    faults.pass();
    return model.current() + rms / load * noise.next();
  }

  @Override
  public void close() {
    bench.disconnect(name, model);
    faults.clearFaults();
  }

  /** Makes one instance for each instrument file that names this driver. */
  @Component(property = DriverFactory.NAME + "=simulated.source", immediate = true)
  public static final class Factory implements DriverFactory {

    private final Bench bench;

    /** A factory of sources on one bench. */
    @Activate
    public Factory(@Reference Bench bench) {
      this.bench = bench;
    }

    @Override
    public List<ParameterInfo> settings() {
      return Setup.schema(Settings.class);
    }

    @Override
    public Object create(Setup setup) {
      return new SimulatedSource(setup.instrument(), bench, bench, setup.settings(Settings.class));
    }
  }
}
