// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import consort.api.ParameterInfo;
import consort.api.driver.Connectable;
import consort.api.driver.Default;
import consort.api.driver.Doc;
import consort.api.driver.DriverFactory;
import consort.api.driver.Identity;
import consort.api.driver.Range;
import consort.api.driver.Setup;
import consort.api.driver.Unit;
import consort.instruments.Multimeter;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** A multimeter that reads a {@link MultimeterModel} with noise. */
final class SimulatedMultimeter implements Multimeter, Faulty, Connectable, AutoCloseable {

  /** The settings of an instrument file. */
  record Settings(
      @Doc("the simulated source whose output is measured; by default none")
          Optional<String> measures,
      @Unit("V") @Default("3.3") @Doc("the voltage at the input where no source is measured")
          double voltage,
      @Unit("Ohm") @Range(min = 0) @Default("1000") @Doc("the resistance at the input")
          double resistance,
      @Unit("Hz") @Range(min = 1e-3) @Default("50") @Doc("the frequency at the input")
          double frequency,
      @Range(min = 0) @Default("0.00001") @Doc("the rms noise, relative to the reading or to 1")
          double noise,
      @Doc("what the noise is made of; by default the name of the instrument") Optional<Long> seed,
      @Default("0s") @Doc("added to each call") Duration delay,
      @Range(min = 0) @Default("0") @Doc("one of so many calls fails; 0 for none") int failEvery) {}

  private final String name;
  private final MultimeterModel model;
  private final double rms;
  private final Noise noise;
  private final InjectedFaults faults;
  private Function function = Function.DC_VOLTAGE;

  SimulatedMultimeter(String name, Bench bench, Time time, Settings settings) {
    this.name = name;
    this.model = new MultimeterModel(bench, settings);
    this.rms = settings.noise();
    this.noise = Noise.of(settings.seed(), name);
    this.faults = new InjectedFaults(time, settings.delay(), settings.failEvery());
  }

  @Override
  public Identity connect() {
    faults.connect();
    return Firmware.identity("simulated multimeter", name);
  }

  @Override
  public InjectedFaults faults() {
    return faults;
  }

  private double measure(Function what) {
    faults.pass();
    return sample(what);
  }

  private double sample(Function what) {
    double value = model.value(what);
    return value + rms * Math.max(1, Math.abs(value)) * noise.next();
  }

  @Override
  public double measureVoltage() {
    return measure(Function.DC_VOLTAGE);
  }

  @Override
  public double measureAcVoltage() {
    return measure(Function.AC_VOLTAGE);
  }

  @Override
  public double measureCurrent() {
    return measure(Function.DC_CURRENT);
  }

  @Override
  public double measureAcCurrent() {
    return measure(Function.AC_CURRENT);
  }

  @Override
  public double measureResistance() {
    return measure(Function.RESISTANCE);
  }

  @Override
  public double measureFourWireResistance() {
    return measure(Function.FOUR_WIRE_RESISTANCE);
  }

  @Override
  public double measureFrequency() {
    return measure(Function.FREQUENCY);
  }

  @Override
  public Function getFunction() {
    faults.pass();
    return function;
  }

  @Override
  public void setFunction(Function what) {
    faults.pass();
    function = what;
  }

  @Override
  public double read() {
    return measure(function);
  }

  @Override
  public double[] readSeveral(int count) {
    faults.pass();
    double[] readings = new double[count];
    for (int i = 0; i < count; i++) {
      readings[i] = sample(function);
    }
    return readings;
  }

  @Override
  public void close() {
    faults.clearFaults();
  }

  /** Makes one instance for each instrument file that names this driver. */
  @Component(property = DriverFactory.NAME + "=simulated.multimeter", immediate = true)
  public static final class Factory implements DriverFactory {

    private final Bench bench;

    /** A factory of multimeters on one bench. */
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
      return new SimulatedMultimeter(
          setup.instrument(), bench, bench, setup.settings(Settings.class));
    }
  }
}
