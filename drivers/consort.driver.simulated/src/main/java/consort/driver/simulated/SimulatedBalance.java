// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import consort.api.Faulted;
import consort.api.ParameterInfo;
import consort.api.Values;
import consort.api.driver.Connectable;
import consort.api.driver.Default;
import consort.api.driver.Doc;
import consort.api.driver.DriverFactory;
import consort.api.driver.Identity;
import consort.api.driver.Range;
import consort.api.driver.Setup;
import consort.api.driver.Unit;
import consort.instruments.Balance;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** A balance that shows a {@link BalanceModel}, rounded to its resolution. */
final class SimulatedBalance implements Balance, Pan, Faulty, Connectable, AutoCloseable {

  /** The settings of an instrument file. */
  record Settings(
      @Unit("g") @Range(min = 0) @Default("0") @Doc("what lies on the pan at first") double mass,
      @Unit("g") @Range(min = 0) @Default("220") @Doc("the largest mass") double capacity,
      @Unit("g") @Range(min = 1e-9) @Default("0.001") @Doc("the last digit") double resolution,
      @Default("300ms") @Doc("the time constant of the pan's swing") Duration settling,
      @Unit("g") @Range(min = 0) @Default("0.0002") @Doc("the rms noise") double noise,
      @Doc("what the noise is made of; by default the name of the instrument") Optional<Long> seed,
      @Default("0s") @Doc("added to each call") Duration delay,
      @Range(min = 0) @Default("0") @Doc("one of so many calls fails; 0 for none") int failEvery) {}

  private final String name;
  private final Time time;
  private final Settings settings;
  private final BalanceModel model;
  private final Noise noise;
  private final InjectedFaults faults;

  SimulatedBalance(String name, Time time, Settings settings) {
    this.name = name;
    this.time = time;
    this.settings = settings;
    this.noise = Noise.of(settings.seed(), name);
    this.faults = new InjectedFaults(time, settings.delay(), settings.failEvery());
    this.model =
        new BalanceModel(
            time, settings.mass(), settings.settling().toNanos() * 1e-9, settings.resolution());
  }

  @Override
  public Identity connect() {
    faults.connect();
    return Firmware.identity("simulated balance", name);
  }

  @Override
  public InjectedFaults faults() {
    return faults;
  }

  @Override
  public Reading read() {
    faults.pass();
    return new Reading(shown(), model.stable());
  }

  @Override
  public double readStable() {
    faults.pass();
    settle();
    return shown();
  }

  @Override
  public void tare() {
    faults.pass();
    settle();
    checkCapacity();
    model.tare();
  }

  @Override
  public void zero() {
    faults.pass();
    settle();
    if (model.mass() > 0.02 * settings.capacity()) {
      throw new Faulted(1, "the pan is not empty: " + Values.number(model.mass()) + " g");
    }
    model.tare();
  }

  @Override
  public void place(double mass) {
    faults.pass();
    model.place(mass);
  }

  private void settle() {
    time.await(time.after(Time.nanos(model.secondsToStable())));
  }

  private double shown() {
    checkCapacity();
    double mass = model.net() + settings.noise() * noise.next();
    double steps = Math.rint(mass / settings.resolution());
    // dividing by the inverse gives the decimal that is nearest: 0.003, not 0.0030000000000000001
    double inverse = Math.rint(1 / settings.resolution());
    return inverse * settings.resolution() == 1 ? steps / inverse : steps * settings.resolution();
  }

  private void checkCapacity() {
    if (model.mass() > settings.capacity()) {
      throw new Faulted(
          2, "overload: more than " + Values.number(settings.capacity()) + " g on the pan");
    }
  }

  @Override
  public void close() {
    faults.clearFaults();
  }

  /** Makes one instance for each instrument file that names this driver. */
  @Component(property = DriverFactory.NAME + "=simulated.balance", immediate = true)
  public static final class Factory implements DriverFactory {

    private final Bench bench;

    /** A factory of balances on one bench. */
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
      return new SimulatedBalance(setup.instrument(), bench, setup.settings(Settings.class));
    }
  }
}
