// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import consort.api.coordinator.Coordinator;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.TemporaryInstrument;
import consort.api.deploy.Deployment;
import consort.api.deploy.DriverFile;
import consort.api.deploy.Finding;
import consort.yaml.YamlReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.BundleListener;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Watches the folders of the home with one thread, the deploy watcher. */
@Component(immediate = true)
public final class FolderDeployment implements Deployment {

  /**
   * The framework property with the folder that holds {@code drivers/} and {@code instruments/}.
   */
  static final String HOME = "consort.home";

  private static final Logger LOG = LoggerFactory.getLogger(FolderDeployment.class);
  private static final Duration BUSY = Duration.ofMillis(25);
  private static final Duration IDLE = Duration.ofMillis(250);
  private static final Duration SELDOM = Duration.ofSeconds(5);
  private static final long LARGEST_JAR = 256L << 20;

  /** What a name may have and a line of the log must not. */
  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

  private final BundleContext context;
  private final Path home;
  private final Drivers drivers;
  private final InstrumentFile reader = new InstrumentFile();
  private final Instruments instruments;
  private final Formats formats;
  private final Definitions definitions;
  private final Path driversPath;
  private final Path instrumentsPath;
  private final Folder driverFolder;
  private final Folder definitionFiles;
  private final Folder instrumentFolder;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final BundleListener resolved = this::bundleChanged;
  private volatile Wakeup wakeup;
  private volatile boolean bundleCame;
  private volatile boolean settled;
  private volatile List<Finding> findings = List.of();

  /** Wires; watching begins with {@link #open}. */
  @Activate
  public FolderDeployment(BundleContext context, @Reference Coordinator coordinator) {
    this(context, coordinator, Drivers.Limits.USUAL);
  }

  FolderDeployment(BundleContext context, Coordinator coordinator, Drivers.Limits limits) {
    String folder = context.getProperty(HOME);
    if (folder == null) {
      throw new IllegalStateException("the framework property " + HOME + " is not set");
    }
    this.context = context;
    home = Path.of(folder).toAbsolutePath().normalize();
    formats = new Formats(context);
    drivers = new Drivers(context, coordinator, formats, this::shown, limits);
    definitions = new Definitions(formats, drivers::definition);
    instruments = new Instruments(coordinator, reader, definitions, this::shown);
    Clock clock = Clock.systemUTC();
    driversPath = home.resolve("drivers");
    instrumentsPath = home.resolve("instruments");
    driverFolder = Folder.of(driversPath, Drivers::wanted, LARGEST_JAR, clock);
    definitionFiles = Folder.ofFiles(instruments::definitions, YamlReader.LONGEST, clock);
    instrumentFolder = Folder.of(instrumentsPath, Instruments::wanted, YamlReader.LONGEST, clock);
  }

  @Activate
  void open() {
    Thread thread = new Thread(this::watch, "deploy watcher");
    thread.setDaemon(true);
    wakeup = new Wakeup(List.of(driversPath, instrumentsPath));
    context.addBundleListener(resolved);
    formats.open(wakeup::wake);
    definitions.wakeBy(wakeup::wake);
    thread.start();
    // the first reading of YAML loads many classes: that is done while the first drivers start
    Thread schema = new Thread(reader::schema, "deploy schema");
    schema.setDaemon(true);
    schema.start();
  }

  /** Ends watching. What runs goes on: the next life of this component finds it again. */
  @Deactivate
  void close() throws InterruptedException {
    context.removeBundleListener(resolved);
    formats.close();
    wakeup.close();
    ended.await(1, TimeUnit.SECONDS);
  }

  private void bundleChanged(BundleEvent event) {
    if (event.getType() == BundleEvent.RESOLVED
        && !event.getBundle().getLocation().startsWith(DriverBundle.LOCATION)) {
      bundleCame = true;
    }
    if (event.getType() == BundleEvent.UPDATED
        && event.getBundle().getLocation().startsWith(DriverBundle.LOCATION)) {
      wakeup.wake();
    }
  }

  private String shown(Path file) {
    Path near = file.startsWith(home) ? home.relativize(file) : file;
    String path = near.toString().replace('\\', '/');
    return CONTROL.matcher(path).replaceAll("?");
  }

  private void watch() {
    try {
      make(driversPath);
      make(instrumentsPath);
      boolean first = true;
      Duration pause = Duration.ZERO;
      while (wakeup.sleep(pause)) {
        try {
          pause = pass(first);
          first = false;
        } catch (RuntimeException | Error e) {
          LOG.error("watching the folders failed; it is tried again", e);
          pause = IDLE;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      ended.countDown();
    }
  }

  private static void make(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      LOG.warn("{} cannot be made: {}", folder, e.toString());
    }
  }

  /** Looks at everything once, drivers first; returns how long to sleep. */
  private Duration pass(boolean first) throws InterruptedException {
    long begin = System.nanoTime();
    driverFolder.look(begin, drivers.inFolder());
    definitionFiles.look(begin, drivers.referred());
    long looking = System.nanoTime() - begin;
    if (bundleCame) {
      bundleCame = false;
      drivers.retryUnresolved();
    }
    drivers.step(System.nanoTime());
    if (first) {
      drivers.sweep();
    }
    long again = System.nanoTime();
    instrumentFolder.look(again, instruments);
    looking += System.nanoTime() - again;
    instruments.step(instrumentFolder::present);
    wakeup.also(instruments.definitions());
    tell();
    definitions.looked();
    boolean busy =
        driverFolder.busy()
            || definitionFiles.busy()
            || instrumentFolder.busy()
            || drivers.busy()
            || instruments.busy();
    settled = !busy;
    // looking at very many files takes time: then it is done less often, at 2 % of one processor
    Duration seldom = Duration.ofNanos(Math.min(50 * looking, SELDOM.toNanos()));
    return busy ? BUSY : first || seldom.compareTo(IDLE) < 0 ? IDLE : seldom;
  }

  private void tell() {
    List<Finding> now = new ArrayList<>(drivers.findings(System.nanoTime()));
    now.addAll(instruments.findings());
    if (now.equals(findings)) {
      return;
    }
    Set<Finding> known = new HashSet<>(findings);
    for (Finding finding : now) {
      if (known.contains(finding)) {
        continue;
      }
      if (finding.error()) {
        LOG.warn("{}", finding);
      } else {
        LOG.info("{}", finding);
      }
    }
    findings = List.copyOf(now);
  }

  @Override
  public InstrumentSpec read(Path file) {
    return instruments.usable(file);
  }

  @Override
  public List<Finding> check(Path file) {
    return instruments.read(file).findings();
  }

  @Override
  public String start(Path file) {
    return instruments.start(file);
  }

  @Override
  public TemporaryInstrument open(Path file) {
    return instruments.open(file);
  }

  @Override
  public void stop(String name) {
    instruments.stop(name);
    wakeup.wake();
  }

  @Override
  public DriverFile swap(Path jar, String only) {
    DriverDrop drop = new DriverDrop(driversPath, this::shown);
    DriverFile file = drop.take(jar, only);
    drivers.ask(file.digest(), drop.limit(file));
    return file;
  }

  @Override
  public Optional<DriverFile> driver(String digest) {
    return drivers.file(digest);
  }

  @Override
  public List<DriverFile> driverFiles() {
    return drivers.inUse();
  }

  @Override
  public List<Finding> findings() {
    return findings;
  }

  @Override
  public boolean settled() {
    return settled;
  }
}
