// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import consort.api.ErrorCode;
import consort.api.ParameterInfo;
import consort.api.Refused;
import consort.api.Values;
import consort.api.driver.Connectable;
import consort.api.driver.Default;
import consort.api.driver.Doc;
import consort.api.driver.DriverFactory;
import consort.api.driver.Identity;
import consort.api.driver.Range;
import consort.api.driver.SafeState;
import consort.api.driver.Setup;
import consort.api.driver.Unit;
import consort.instruments.Positioner;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * An axis that drives an {@link AxisModel}. A move holds no thread: the bench's clock completes it.
 * {@link #stop} comes on a thread of its own, so the state is guarded by this object's lock; a move
 * is never completed under it.
 */
final class SimulatedPositioner
    implements Positioner, Faulty, Connectable, SafeState, AutoCloseable {

  /** The settings of an instrument file. */
  record Settings(
      @Unit("mm") @Default("0") @Doc("the lower end of the travel") double minimum,
      @Unit("mm") @Default("100") @Doc("the upper end of the travel") double maximum,
      @Unit("mm/s") @Range(min = 1e-3, max = 1e3) @Default("10") @Doc("the speed of moves")
          double speed,
      @Unit("mm") @Range(min = 0) @Default("0") @Doc("the rms noise of the position") double noise,
      @Doc("what the noise is made of; by default the name of the instrument") Optional<Long> seed,
      @Default("0s") @Doc("added to each call") Duration delay,
      @Range(min = 0) @Default("0") @Doc("one of so many calls fails; 0 for none") int failEvery) {}

  private final String name;
  private final Time time;
  private final Settings settings;
  private final AxisModel axis;
  private final Noise noise;
  private final InjectedFaults faults;
  private CompletableFuture<Double> move = CompletableFuture.completedFuture(0.0);
  private CompletableFuture<Void> timer = CompletableFuture.completedFuture(null);

  SimulatedPositioner(String name, Time time, Settings settings) {
    this.name = name;
    this.time = time;
    this.settings = settings;
    this.axis = new AxisModel(time, settings.speed());
    this.noise = Noise.of(settings.seed(), name);
    this.faults = new InjectedFaults(time, settings.delay(), settings.failEvery());
  }

  @Override
  public Identity connect() {
    faults.connect();
    return Firmware.identity("simulated positioner", name);
  }

  @Override
  public InjectedFaults faults() {
    return faults;
  }

  @Override
  public double getPosition() {
    faults.pass();
    synchronized (this) {
      return axis.position() + settings.noise() * noise.next();
    }
  }

  @Override
  public CompletableFuture<Double> moveTo(double position) {
    faults.pass();
    if (!(position >= settings.minimum() && position <= settings.maximum())) {
      throw new Refused(
          ErrorCode.OUT_OF_RANGE,
          "move_to position: "
              + Values.number(position)
              + " mm is outside ["
              + Values.number(settings.minimum())
              + " mm, "
              + Values.number(settings.maximum())
              + " mm]");
    }
    return start(position);
  }

  private CompletableFuture<Double> start(double target) {
    stop(); // a move that goes on after its deadline ends where the next one begins
    CompletableFuture<Double> begun = new CompletableFuture<>();
    CompletableFuture<Void> over;
    synchronized (this) {
      axis.move(target);
      over = time.after(Time.nanos(axis.remaining()));
      move = begun;
      timer = over;
    }
    over.thenRun(() -> begun.complete(target));
    return begun;
  }

  @Override
  public boolean isMoving() {
    faults.pass();
    synchronized (this) {
      return axis.moving();
    }
  }

  @Override
  public double getSpeed() {
    faults.pass();
    synchronized (this) {
      return axis.speed();
    }
  }

  @Override
  public void setSpeed(@Range(min = 1e-3, max = 1e3) double speed) {
    faults.pass();
    synchronized (this) {
      axis.speed(speed);
    }
  }

  @Override
  public void home() {
    faults.pass();
    time.await(start(0));
  }

  @Override
  public void stop() {
    CompletableFuture<Double> ended;
    double position;
    synchronized (this) {
      axis.stop();
      position = axis.position();
      ended = move;
      timer.cancel(false);
    }
    ended.complete(position);
  }

  @Override
  public void safeState() {
    stop();
  }

  @Override
  public void close() {
    stop();
    faults.clearFaults();
  }

  /** Makes one instance for each instrument file that names this driver. */
  @Component(property = DriverFactory.NAME + "=simulated.positioner", immediate = true)
  public static final class Factory implements DriverFactory {

    private final Bench bench;

    /** A factory of positioners on one bench. */
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
      return new SimulatedPositioner(setup.instrument(), bench, setup.settings(Settings.class));
    }
  }
}
