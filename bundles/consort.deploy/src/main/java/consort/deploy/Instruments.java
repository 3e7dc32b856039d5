// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import consort.api.ErrorCode;
import consort.api.Instrument;
import consort.api.Reason;
import consort.api.Refused;
import consort.api.State;
import consort.api.coordinator.Coordinator;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.TemporaryInstrument;
import consort.api.deploy.Finding;
import consort.deploy.Drivers.Definition;
import consort.deploy.InstrumentFile.Reading;
import consort.yaml.YamlReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of {@code instruments/}, those started from elsewhere, and which of them owns which
 * name: the one that had it first; of several that come at once the first by the name of the file.
 *
 * <p>{@link #start} and {@link #stop} may be called by any thread; the rest is the deploy
 * watcher's.
 */
final class Instruments implements Folder.Listener {

  private static final Logger LOG = LoggerFactory.getLogger(Instruments.class);

  /** How long whoever starts a file waits for its instrument. */
  private static final Duration STARTING = Duration.ofSeconds(5);

  /**
   * Who has a name.
   *
   * @param started whether by {@link #start}, and not by the watched folder
   * @param put what the coordinator was given
   */
  private record Owner(Path file, boolean started, InstrumentSpec put) {}

  private static final class Entry {
    final String shown;

    /** What the file said when it was last usable; null when it never was. */
    InstrumentSpec spec;

    /** Whether the file is broken now. */
    boolean broken;

    /** What is wrong with carrying it out; null when nothing is. */
    String obstacle;

    List<Finding> findings = List.of();
    Path awaited;
    byte[] bytes;

    /** Since when its definition is being loaded, in nanoseconds; -1 when it is not. */
    long loadsSince = -1;

    Entry(String shown) {
      this.shown = shown;
    }
  }

  private final Coordinator coordinator;
  private final InstrumentFile reader;
  private final Definitions definitions;
  private final Function<Path, String> names;
  private final ConcurrentMap<String, Owner> owners = new ConcurrentHashMap<>();
  private final Map<Path, Entry> entries = new TreeMap<>();
  private String unreadable;

  /**
   * Instruments.
   *
   * @param definitions what they may refer to
   * @param names what files are called in findings
   */
  Instruments(
      Coordinator coordinator,
      InstrumentFile reader,
      Definitions definitions,
      Function<Path, String> names) {
    this.definitions = definitions;
    this.coordinator = coordinator;
    this.reader = reader;
    this.names = names;
  }

  /** Which files are the instruments'. */
  static boolean wanted(String name) {
    return name.endsWith(".yaml") || name.endsWith(".yml") || name.endsWith(Formats.LUA);
  }

  @Override
  public boolean changed(Path file, byte[] bytes, boolean last) {
    Reading reading = reader.read(names.apply(file), file, bytes);
    if (!reading.usable() && !last) {
      return false;
    }
    Entry entry = entry(file);
    entry.findings = reading.findings();
    entry.awaited = reading.awaited();
    entry.bytes = reading.awaited() == null ? null : bytes;
    entry.broken = !reading.usable();
    if (reading.usable()) {
      InstrumentSpec former = entry.spec;
      entry.spec = reading.spec();
      entry.loadsSince = -1;
      if (former != null && !former.name().equals(entry.spec.name())) {
        release(file, former.name());
      }
      // at once: of ten thousand files the first instruments start while the others are read
      carryOut(file, entry, anyFile -> true);
    }
    return true;
  }

  @Override
  public void unreadable(Path file, String why) {
    Entry entry = entry(file);
    entry.broken = true;
    entry.findings = List.of(new Finding(entry.shown, 0, 0, true, why));
  }

  @Override
  public void gone(Path file) {
    Entry entry = entries.remove(file);
    if (entry != null && entry.spec != null) {
      release(file, entry.spec.name());
    }
  }

  @Override
  public void folder(String why) {
    unreadable = why;
  }

  private Entry entry(Path file) {
    return entries.computeIfAbsent(file, f -> new Entry(names.apply(f)));
  }

  /** Gives a name up: to the next file that has it, without an interruption, or to nobody. */
  private void release(Path file, String name) {
    Owner owner = owners.get(name);
    if (owner == null || owner.started() || !owner.file().equals(file)) {
      return;
    }
    for (Map.Entry<Path, Entry> other : entries.entrySet()) {
      if (!other.getKey().equals(file) && names(other.getValue(), name)) {
        owners.put(name, new Owner(other.getKey(), false, owner.put()));
        return;
      }
    }
    owners.remove(name);
    attempt(() -> coordinator.remove(name));
    LOG.info("{} is removed", name);
  }

  private static boolean names(Entry entry, String name) {
    return entry.spec != null && entry.spec.name().equals(name);
  }

  /** Whether a file is present, for the time in which one may be renamed. */
  interface Presence {
    boolean of(Path file);
  }

  /** Gives the coordinator what the files say, as far as it does not have it. */
  void step(Presence present) {
    entries.forEach(
        (file, entry) -> {
          if (entry.awaited != null && Files.exists(entry.awaited)) {
            changed(file, entry.bytes, true);
          }
        });
    entries.forEach((file, entry) -> carryOut(file, entry, present));
  }

  private void carryOut(Path file, Entry entry, Presence present) {
    entry.obstacle = null;
    if (entry.spec == null) {
      return;
    }
    InstrumentSpec spec = entry.spec;
    Owner owner = owners.putIfAbsent(spec.name(), new Owner(file, false, null));
    if (owner != null && !owner.file().equals(file)) {
      if (owner.started()) {
        entry.obstacle =
            "the name " + spec.name() + " is taken: it was started from " + owner.file();
      } else if (present.of(owner.file())) {
        entry.obstacle =
            "the name "
                + spec.name()
                + " is taken by "
                + names.apply(owner.file())
                + "; choose another";
      }
      return;
    }
    InstrumentSpec put = owner == null ? null : owner.put();
    if (!same(put, spec) && mayPut(entry, put != null)) {
      entry.obstacle = attempt(() -> coordinator.put(spec));
      owners.computeIfPresent(spec.name(), (name, o) -> new Owner(file, false, spec));
    }
  }

  /**
   * Whether the definition that an instrument refers to is there, so that a changed file is a swap
   * and not an interruption. One that cannot be used holds up only what runs without it.
   */
  private boolean mayPut(Entry entry, boolean runs) {
    Definition definition = definitions.of(entry.spec);
    if (definition == Definition.LOADING) {
      long now = System.nanoTime();
      entry.loadsSince = entry.loadsSince < 0 ? now : entry.loadsSince;
      if (now - entry.loadsSince < Definitions.LOADING.toNanos()) {
        return false;
      }
    }
    entry.loadsSince = -1;
    if (runs && definition != Definition.READY) {
      entry.obstacle =
          "its API definition cannot be used; " + entry.spec.name() + " goes on as before";
      return false;
    }
    return true;
  }

  /** Whether an instrument waits for its definition. */
  boolean busy() {
    return entries.values().stream().anyMatch(e -> e.loadsSince >= 0);
  }

  /** The API definitions that are referred to by their paths. */
  Set<Path> definitions() {
    Set<Path> all = new TreeSet<>(definitions.held());
    owners.values().forEach(o -> refer(o.put(), all));
    entries.values().forEach(e -> refer(e.spec, all));
    return all;
  }

  private static void refer(InstrumentSpec spec, Set<Path> all) {
    if (spec != null) {
      ApiReference.definition(spec.driver()).ifPresent(all::add);
    }
  }

  /** Equal but for the file they come from: renaming a file restarts nothing. */
  private static boolean same(InstrumentSpec a, InstrumentSpec b) {
    return a == b || a != null && a.from(b.source()).equals(b);
  }

  /** Null when it worked, else what is wrong. */
  private static String attempt(Runnable work) {
    try {
      work.run();
      return null;
    } catch (RuntimeException e) {
      return e.getMessage();
    }
  }

  List<Finding> findings() {
    List<Finding> all = new ArrayList<>();
    if (unreadable != null) {
      all.add(
          new Finding(
              "instruments",
              0,
              0,
              true,
              "the folder cannot be read: " + unreadable + "; what runs goes on"));
    }
    entries.forEach((file, entry) -> all.addAll(findings(file, entry)));
    all.addAll(circles());
    return all;
  }

  private List<Finding> circles() {
    Map<String, InstrumentSpec> requiring = new TreeMap<>();
    owners.forEach(
        (name, owner) -> {
          if (owner.put() != null && !owner.put().requires().isEmpty()) {
            requiring.put(name, owner.put());
          }
        });
    List<Finding> all = new ArrayList<>();
    requiring.forEach(
        (name, spec) -> {
          List<String> circle = Circles.of(name, requiring);
          if (!circle.isEmpty()) {
            String text =
                "requires goes round in a circle: "
                    + String.join(" requires ", circle)
                    + "; when one is lost, all are made safe";
            all.add(new Finding(spec.source(), 0, 0, false, text));
          }
        });
    return all;
  }

  private List<Finding> findings(Path file, Entry entry) {
    List<Finding> all = new ArrayList<>(entry.findings);
    if (entry.obstacle != null) {
      all.add(new Finding(entry.shown, 0, 0, true, entry.obstacle));
    }
    String refused = refusedByDriver(file, entry);
    if (refused != null) {
      all.add(new Finding(entry.shown, 0, 0, true, refused));
    }
    if (entry.broken && entry.spec != null) {
      Owner owner = owners.get(entry.spec.name());
      if (owner != null && owner.file().equals(file)) {
        String goesOn = entry.spec.name() + " goes on as this file said before";
        all.add(new Finding(entry.shown, 0, 0, false, goesOn));
      }
    }
    return all;
  }

  /** What the driver says who finds what this file says wrong; null when it does not. */
  private String refusedByDriver(Path file, Entry entry) {
    Owner owner = entry.spec == null ? null : owners.get(entry.spec.name());
    if (owner == null || !owner.file().equals(file)) {
      return null;
    }
    return coordinator
        .instrument(entry.spec.name())
        .map(Instrument::status)
        .filter(status -> status.state() == State.FAULT)
        .filter(status -> status.reason() == Reason.CONFIGURATION)
        .map(status -> "the driver " + status.driver() + " refuses this: " + status.text())
        .orElse(null);
  }

  /** Reads a file from anywhere. */
  Reading read(Path file) {
    String shown = file.toString();
    try {
      if (Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file)) {
        throw refused(shown + ": " + Folder.NO_FILE);
      }
      if (Files.size(file) > YamlReader.LONGEST) {
        throw refused(
            shown + ": the file has " + Files.size(file) + " bytes; at most 1 MiB is read");
      }
      return reader.read(shown, file, Files.readAllBytes(file));
    } catch (IOException e) {
      String why = Files.exists(file) ? "it cannot be read" : "there is no such file";
      throw new Refused(ErrorCode.BAD_REQUEST, shown + ": " + why, e);
    }
  }

  InstrumentSpec usable(Path file) {
    Reading reading = read(file);
    refuse(reading.findings());
    refuse(definitions.check(reading.spec()));
    return reading.spec();
  }

  /** Throws when one of them is an error. */
  private static void refuse(List<Finding> findings) {
    if (findings.stream().anyMatch(Finding::error)) {
      throw refused(
          findings.stream()
              .filter(Finding::error)
              .map(Finding::toString)
              .collect(Collectors.joining("\n")));
    }
  }

  TemporaryInstrument open(Path file) {
    InstrumentSpec spec = usable(file);
    Runnable release = definitions.hold(spec);
    try {
      return new Borrowed(coordinator.open(spec), release);
    } catch (RuntimeException e) {
      release.run();
      throw e;
    }
  }

  String start(Path file) {
    InstrumentSpec spec = usable(file);
    String name = spec.name();
    Owner owner = owners.putIfAbsent(name, new Owner(file, true, spec));
    if (owner != null && is(name, State.STOPPED) && sameFile(owner.file(), file)) {
      coordinator.start(name);
      return name;
    }
    if (owner != null) {
      throw refused("Instrument already exists: " + name);
    }
    if (coordinator.instrument(name).isPresent()) {
      owners.remove(name);
      throw refused("Instrument already exists: " + name);
    }
    Runnable release = definitions.hold(spec);
    try {
      coordinator.put(spec);
    } catch (RuntimeException e) {
      owners.remove(name);
      throw e;
    } finally {
      release.run();
    }
    awaitStart(name);
    return name;
  }

  /** Until it has connected or cannot, as whoever starts it calls it next; a while at most. */
  private void awaitStart(String name) {
    long end = System.nanoTime() + STARTING.toNanos();
    try {
      while (is(name, State.STARTING) && System.nanoTime() < end) {
        TimeUnit.MILLISECONDS.sleep(5);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean is(String name, State state) {
    return coordinator.instrument(name).filter(i -> i.status().state() == state).isPresent();
  }

  private static boolean sameFile(Path a, Path b) {
    try {
      return Files.isSameFile(a, b);
    } catch (IOException e) {
      return false;
    }
  }

  void stop(String name) {
    Owner owner = owners.get(name);
    if (owner != null && owner.started()) {
      coordinator.remove(name);
      owners.remove(name, owner);
    } else {
      coordinator.stop(name);
    }
  }

  private static Refused refused(String message) {
    return new Refused(ErrorCode.BAD_REQUEST, message);
  }
}
