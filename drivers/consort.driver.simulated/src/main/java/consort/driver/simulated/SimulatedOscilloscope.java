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
import consort.instruments.Oscilloscope;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** An oscilloscope of four channels that samples a {@link SignalModel}. */
final class SimulatedOscilloscope implements Oscilloscope, Faulty, Connectable, AutoCloseable {

  private static final int CHANNELS = 4;

  /** The settings of an instrument file. */
  record Settings(
      @Unit("Hz") @Range(min = 1e-3) @Default("1000") @Doc("the frequency of the signals")
          double frequency,
      @Unit("V") @Range(min = 1e-6) @Default("1") @Doc("the peak of the signals") double amplitude,
      @Unit("V") @Range(min = 0) @Default("0.01") @Doc("the rms noise of the signals") double noise,
      @Doc("what the noise is made of; by default the name of the instrument") Optional<Long> seed,
      @Default("0s") @Doc("added to each call") Duration delay,
      @Range(min = 0) @Default("0") @Doc("one of so many calls fails; 0 for none") int failEvery) {}

  private record Vertical(double range, double offset) {}

  private final String name;
  private final SignalModel signals;
  private final InjectedFaults faults;
  private final Vertical[] verticals = new Vertical[CHANNELS];
  private final Waveform[] records = new Waveform[CHANNELS];
  private double duration = 1e-3;
  private int points = 1000;
  private int triggerChannel = 1;
  private double triggerLevel;
  private Slope triggerSlope = Slope.POSITIVE;

  SimulatedOscilloscope(String name, Time time, Settings settings) {
    this.name = name;
    this.signals =
        new SignalModel(
            settings.frequency(),
            settings.amplitude(),
            settings.noise(),
            Noise.of(settings.seed(), name));
    this.faults = new InjectedFaults(time, settings.delay(), settings.failEvery());
  }

  @Override
  public Identity connect() {
    faults.connect();
    return Firmware.identity("simulated oscilloscope", name);
  }

  @Override
  public InjectedFaults faults() {
    return faults;
  }

  @Override
  public void configureChannel(
      @Range(min = 1, max = CHANNELS) int channel,
      @Range(min = 1e-3, max = 100) double range,
      double offset) {
    faults.pass();
    verticals[channel - 1] = new Vertical(range, offset);
  }

  @Override
  public void configureAcquisition(
      @Range(min = 1e-9, max = 1000) double length, @Range(min = 1, max = 10_000_000) int samples) {
    faults.pass();
    duration = length;
    points = samples;
  }

  @Override
  public void configureTrigger(
      @Range(min = 1, max = CHANNELS) int channel, double level, Slope slope) {
    faults.pass();
    triggerChannel = channel;
    triggerLevel = level;
    triggerSlope = slope;
  }

  @Override
  public Waveform readWaveform(@Range(min = 1, max = CHANNELS) int channel) {
    faults.pass();
    if (!signals.crosses(triggerLevel)) {
      throw new Faulted(
          1, "no trigger: the signal never crosses " + Values.number(triggerLevel) + " V");
    }
    double phase = signals.phase(triggerChannel, triggerLevel, triggerSlope);
    double interval = duration / points;
    double[] samples = signals.samples(channel, phase, interval, points);
    Vertical vertical = verticals[channel - 1];
    if (vertical != null) {
      clip(samples, vertical);
    }
    records[channel - 1] = new Waveform(samples, interval, 0);
    return records[channel - 1];
  }

  private static void clip(double[] samples, Vertical vertical) {
    double lowest = vertical.offset() - vertical.range() / 2;
    double highest = vertical.offset() + vertical.range() / 2;
    for (int i = 0; i < samples.length; i++) {
      samples[i] = Math.max(lowest, Math.min(highest, samples[i]));
    }
  }

  @Override
  public Waveform fetchWaveform(@Range(min = 1, max = CHANNELS) int channel) {
    faults.pass();
    Waveform last = records[channel - 1];
    if (last == null) {
      throw new Faulted(2, "channel " + channel + " has no record yet");
    }
    return last;
  }

  @Override
  public void close() {
    faults.clearFaults();
  }

  /** Makes one instance for each instrument file that names this driver. */
  @Component(property = DriverFactory.NAME + "=simulated.oscilloscope", immediate = true)
  public static final class Factory implements DriverFactory {

    private final Bench bench;

    /** A factory of oscilloscopes on one bench. */
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
      return new SimulatedOscilloscope(setup.instrument(), bench, setup.settings(Settings.class));
    }
  }
}
