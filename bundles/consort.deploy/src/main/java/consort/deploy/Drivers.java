// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import consort.api.Names;
import consort.api.coordinator.Coordinator;
import consort.api.coordinator.DriverStatus;
import consort.api.deploy.DriverFile;
import consort.api.deploy.DriverFormat;
import consort.api.deploy.Finding;
import consort.deploy.DriverBundle.State;
import consort.yaml.Node;
import consort.yaml.Problems;
import consort.yaml.YamlReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.osgi.framework.BundleContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of {@code drivers/}, the API definitions that instruments refer to by path, and the
 * bundles made of them: one for each digest, however many files have those bytes. A file goes on
 * serving the bundle of its former bytes until the one of its new bytes is ready and no instrument
 * uses the old one.
 *
 * <p>Not threadsafe: the deploy watcher's.
 */
final class Drivers {

  /**
   * How long things may take.
   *
   * @param start an activator that takes longer is said to hang
   * @param factory after starting, until the factory is there
   * @param update until a bundle that was updated by hand has its factory again
   * @param move until instruments that still use an old version are reported
   */
  record Limits(Duration start, Duration factory, Duration update, Duration move) {
    static final Limits USUAL =
        new Limits(
            Duration.ofSeconds(10),
            Duration.ofSeconds(5),
            Duration.ofSeconds(1),
            Duration.ofSeconds(60));
  }

  private static final Logger LOG = LoggerFactory.getLogger(Drivers.class);

  /** A start that takes longer goes on beside those of the other files. */
  private static final Duration TURN = Duration.ofSeconds(2);

  /** What is said of a definition while nobody can read it. */
  static final String NO_FORMAT =
      "nothing here reads API definitions: the bundle consort.declarative is not running";

  private static final String NONE = "";

  /** What the name of a file ends in that says for whom a jar is. */
  static final String ONLY = ".only";

  /** What a file has now, and which bundle stands for it; both by digest, or {@link #NONE}. */
  private static final class Entry {
    final String shown;

    /** The name of the driver that a definition becomes; null for the one it says. */
    final String driver;

    /** The definition, to be converted again by another converter; null for a jar. */
    byte[] definition;

    /** Since when a definition waits for a converter; -1 when it does not. */
    long waitsSince = -1;

    String wanted = NONE;
    String serving = NONE;

    /** What is wanted; not kept once it is ready. */
    Jar jar;

    byte[] bytes;
    List<Finding> findings = List.of();

    Entry(String shown, String driver) {
      this.shown = shown;
      this.driver = driver;
    }

    boolean holds(String digest) {
      return wanted.equals(digest) || serving.equals(digest);
    }
  }

  /**
   * Where an entry comes from.
   *
   * @param referred whether because an instrument refers to it, and not because of its folder
   */
  private record Source(Path file, boolean referred) implements Comparable<Source> {
    @Override
    public int compareTo(Source other) {
      int order = Boolean.compare(referred, other.referred);
      return order != 0 ? order : file.compareTo(other.file);
    }
  }

  /** How it stands with a definition that is referred to. */
  enum Definition {
    /** It is not known yet, or is being started. */
    LOADING,
    /** Its driver is there. */
    READY,
    /** There is none, and there will be none until the file is another. */
    UNUSABLE
  }

  private final BundleContext context;
  private final Coordinator coordinator;
  private final Formats formats;
  private final Function<Path, String> names;
  private final Limits limits;
  private final Map<Source, Entry> entries = new TreeMap<>();
  private int generation;
  private final Map<String, DriverBundle> bundles = new HashMap<>();

  /** The instruments that alone may use the drivers of a jar, by its path. */
  private final Map<Path, Set<String>> only = new HashMap<>();

  /** Digests that somebody asked for again, and for whom they are from now on; empty for all. */
  private final Map<String, Optional<Set<String>>> asked = new ConcurrentHashMap<>();

  private volatile Map<String, DriverFile> files = Map.of();
  private volatile Map<Path, Definition> definitions = Map.of();

  /** Which new bundle takes the place of an old one, by digest. */
  private final Map<String, String> successors = new HashMap<>();

  private String unreadable;
  private boolean busy;

  /**
   * Drivers.
   *
   * @param formats who makes bundles of definitions
   * @param names what files are called in findings
   */
  Drivers(
      BundleContext context,
      Coordinator coordinator,
      Formats formats,
      Function<Path, String> names,
      Limits limits) {
    this.context = context;
    this.coordinator = coordinator;
    this.formats = formats;
    this.names = names;
    this.limits = limits;
  }

  /** Which files are the drivers'. */
  static boolean wanted(String name) {
    return name.endsWith(".jar")
        || name.endsWith(".jar" + ONLY)
        || name.endsWith(".yaml")
        || name.endsWith(".yml")
        || name.endsWith(Formats.LUA);
  }

  /** Takes what becomes of the files of the folder. */
  Folder.Listener inFolder() {
    return new Files(false);
  }

  /** Takes what becomes of the definitions that instruments refer to by path. */
  Folder.Listener referred() {
    return new Files(true);
  }

  private final class Files implements Folder.Listener {
    private final boolean referred;

    private Files(boolean referred) {
      this.referred = referred;
    }

    @Override
    public boolean changed(Path file, byte[] bytes, boolean last) {
      if (isLimit(file)) {
        return limit(file, bytes, last);
      }
      Entry entry = entry(new Source(file, referred));
      return referred || !entry.shown.endsWith(".jar")
          ? definition(entry, bytes, last)
          : jar(entry, bytes, last);
    }

    @Override
    public void unreadable(Path file, String why) {
      if (isLimit(file)) {
        only.put(jarOf(file), Set.of());
      } else {
        Drivers.unusable(entry(new Source(file, referred)), why);
      }
    }

    @Override
    public void gone(Path file) {
      if (isLimit(file)) {
        only.remove(jarOf(file));
      } else {
        entries.remove(new Source(file, referred));
      }
    }

    @Override
    public void folder(String why) {
      if (!referred) {
        unreadable = why;
      }
    }

    private boolean isLimit(Path file) {
      return !referred && file.toString().endsWith(ONLY);
    }
  }

  private boolean jar(Entry entry, byte[] bytes, boolean last) {
    try {
      Jar jar = Jar.of(bytes);
      want(entry, jar, bytes);
      entry.findings = exports(entry, jar);
      return true;
    } catch (Jar.Unfit e) {
      if (last) {
        unusable(entry, e.getMessage());
      }
      return last;
    }
  }

  private static void want(Entry entry, Jar jar, byte[] bytes) {
    entry.wanted = jar.digest();
    entry.jar = jar;
    entry.bytes = jar.digest().equals(entry.serving) ? null : bytes;
  }

  private static void unusable(Entry entry, String why) {
    unusable(entry, List.of(error(entry, why)));
  }

  private static void unusable(Entry entry, List<Finding> why) {
    entry.wanted = NONE;
    entry.bytes = null;
    entry.definition = null;
    entry.waitsSince = -1;
    entry.findings = why;
  }

  /** Has a definition made a jar of; what was made of it before stays while nobody can. */
  private boolean definition(Entry entry, byte[] bytes, boolean last) {
    if (bytes.length > YamlReader.LONGEST) {
      unusable(entry, "the file has " + bytes.length + " bytes; at most 1 MiB is read");
      return true;
    }
    DriverFormat format =
        formats.of(entry.driver == null ? entry.shown : Formats.name(entry.driver));
    if (format == null) {
      entry.definition = bytes;
      entry.waitsSince = entry.waitsSince < 0 ? System.nanoTime() : entry.waitsSince;
      return true;
    }
    DriverFormat.Converted converted = format.convert(entry.shown, bytes, entry.driver);
    if (!converted.usable()) {
      if (last) {
        unusable(entry, converted.findings());
      }
      return last;
    }
    try {
      want(entry, Jar.of(converted.jar()), converted.jar());
    } catch (Jar.Unfit e) {
      throw new IllegalStateException("what was made of it is no driver bundle: " + e.getMessage());
    }
    entry.definition = bytes;
    entry.waitsSince = -1;
    entry.findings = converted.findings();
    return true;
  }

  /** Converts all definitions again when those who can have changed. */
  private void convertAgain() {
    if (generation != formats.generation()) {
      generation = formats.generation();
      entries.values().stream()
          .filter(entry -> entry.definition != null)
          .forEach(entry -> definition(entry, entry.definition, true));
    }
  }

  /** A file beside a jar names the instruments that alone may use it. */
  private boolean limit(Path file, byte[] bytes, boolean last) {
    Set<String> named = names(bytes);
    if (named.isEmpty() && !last) {
      return false;
    }
    only.put(jarOf(file), named);
    return true;
  }

  private static Path jarOf(Path file) {
    String name = file.getFileName().toString();
    return file.resolveSibling(name.substring(0, name.length() - ONLY.length()));
  }

  /** The names of instruments, one a line; what is none is left out. */
  static Set<String> names(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8)
        .lines()
        .map(String::strip)
        .filter(Names::isInstrument)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Who may use the drivers of a jar: null for all, and so when one of its files says nothing. */
  private Set<String> only(String digest) {
    Set<String> all = new TreeSet<>();
    for (Map.Entry<Source, Entry> entry : entries.entrySet()) {
      if (entry.getValue().wanted.equals(digest)) {
        Set<String> some = only.get(entry.getKey().file());
        if (some == null) {
          return null;
        }
        all.addAll(some);
      }
    }
    return all.isEmpty() && only.isEmpty() ? null : all;
  }

  /** Somebody asks for a jar again; may be called by any thread. */
  void ask(String digest, Optional<Set<String>> limit) {
    asked.put(digest, limit);
  }

  /** What became of a jar; may be called by any thread. */
  Optional<DriverFile> file(String digest) {
    return asked.containsKey(digest) ? Optional.empty() : Optional.ofNullable(files.get(digest));
  }

  /** All files that have a bundle. */
  List<DriverFile> inUse() {
    return List.copyOf(files.values());
  }

  private static List<Finding> exports(Entry entry, Jar jar) {
    return jar.exports().isEmpty()
        ? List.of()
        : List.of(
            note(
                entry,
                "it exports packages ("
                    + Node.cut(jar.exports())
                    + "); a driver exports none, lest others come to depend on it"));
  }

  private Entry entry(Source source) {
    return entries.computeIfAbsent(
        source,
        s -> new Entry(names.apply(s.file()), s.referred() ? ApiReference.driver(s.file()) : null));
  }

  /** Tries those again that did not resolve: another bundle has come. */
  void retryUnresolved() {
    bundles.values().removeIf(b -> b.state() == State.FAILED && b.unresolved());
  }

  /** Uninstalls drivers of a former life that no file stands for; to be called after a step. */
  void sweep() {
    for (var bundle : context.getBundles()) {
      String location = bundle.getLocation();
      if (location.startsWith(DriverBundle.LOCATION)
          && !bundles.containsKey(location.substring(DriverBundle.LOCATION.length()))) {
        DriverBundle.uninstall(bundle, bundle.getSymbolicName());
      }
    }
  }

  /** Whether something is under way. */
  boolean busy() {
    return busy;
  }

  /** Carries everything one step on; waits for nothing, save briefly for a driver that starts. */
  void step(long now) throws InterruptedException {
    convertAgain();
    Map<String, Optional<Set<String>>> answered = new HashMap<>();
    asked.forEach(
        (digest, limit) -> {
          if (answer(digest, limit)) {
            answered.put(digest, limit);
          }
        });
    for (Entry entry : entries.values()) {
      if (!entry.wanted.equals(NONE) && !bundles.containsKey(entry.wanted)) {
        DriverBundle bundle =
            new DriverBundle(
                context, coordinator, entry.shown, entry.jar, entry.bytes, only(entry.wanted), now);
        bundles.put(entry.wanted, bundle);
        asked.remove(entry.wanted);
        bundle.awaitWork(TURN);
      }
    }
    bundles.values().forEach(b -> b.step(now, limits));
    bundles.forEach(
        (digest, bundle) -> {
          if (wanted(bundle)) {
            bundle.offer(only(digest));
          }
        });
    entries.values().forEach(this::serve);
    bundles.forEach((digest, bundle) -> leave(digest, bundle, now));
    bundles
        .values()
        .removeIf(b -> b.state() == State.GONE || (b.state() == State.FAILED && !held(b)));
    successors.keySet().retainAll(bundles.keySet());
    busy =
        bundles.values().stream().anyMatch(b -> underWay(b, now))
            || entries.values().stream().anyMatch(e -> waits(e) && !waitsLong(e, now));
    files = files();
    definitions = definitions();
    answered.forEach(asked::remove);
  }

  /** A jar that is there gets another chance; one that is not noticed yet stays asked for. */
  private boolean answer(String digest, Optional<Set<String>> limit) {
    DriverBundle bundle = bundles.get(digest);
    if (bundle == null || (bundle.state() != State.READY && bundle.state() != State.FAILED)) {
      return false;
    }
    // Now, and not when the folder is looked at for the second time.
    entries.forEach(
        (source, entry) -> {
          if (entry.wanted.equals(digest)) {
            Path path = source.file();
            limit.ifPresentOrElse(names -> only.put(path, names), () -> only.remove(path));
          }
        });
    if (bundle.state() == State.READY) {
      bundle.offer(only(digest));
      bundle.offerAgain();
    } else {
      bundles.remove(digest);
    }
    return true;
  }

  private Map<String, DriverFile> files() {
    Map<String, DriverFile> all = new HashMap<>();
    for (Entry entry : entries.values()) {
      DriverBundle bundle = bundles.get(entry.wanted);
      if (bundle != null) {
        boolean ready = bundle.state() == State.READY && entry.serving.equals(entry.wanted);
        all.put(
            entry.wanted,
            new DriverFile(
                entry.shown,
                entry.wanted,
                entry.jar.version().toString(),
                bundle.bundleId(),
                ready,
                bundle.failure() == null ? "" : bundle.failure()));
      }
    }
    return Map.copyOf(all);
  }

  /** How it stands with a definition that is referred to; may be called by any thread. */
  Definition definition(Path file) {
    return definitions.getOrDefault(file, Definition.LOADING);
  }

  private Map<Path, Definition> definitions() {
    Map<Path, Definition> all = new HashMap<>();
    entries.forEach(
        (source, entry) -> {
          if (source.referred()) {
            all.put(source.file(), definition(entry));
          }
        });
    return Map.copyOf(all);
  }

  private Definition definition(Entry entry) {
    if (!entry.serving.equals(NONE)) {
      return Definition.READY;
    }
    DriverBundle bundle = bundles.get(entry.wanted);
    boolean failed = bundle == null ? !waits(entry) : bundle.failure() != null;
    return failed ? Definition.UNUSABLE : Definition.LOADING;
  }

  private static boolean waits(Entry entry) {
    return entry.waitsSince >= 0;
  }

  private boolean waitsLong(Entry entry, long now) {
    return waits(entry) && now - entry.waitsSince > limits.factory.toNanos();
  }

  private boolean wanted(DriverBundle bundle) {
    return entries.values().stream().anyMatch(e -> e.wanted.equals(bundle.jar().digest()));
  }

  private boolean held(DriverBundle bundle) {
    return entries.values().stream().anyMatch(e -> e.holds(bundle.jar().digest()));
  }

  private void serve(Entry entry) {
    DriverBundle wanted = bundles.get(entry.wanted);
    if (wanted == null || wanted.state() != State.READY || entry.serving.equals(entry.wanted)) {
      return;
    }
    if (!entry.serving.equals(NONE)) {
      successors.put(entry.serving, entry.wanted);
    }
    successors.remove(entry.wanted);
    entry.serving = entry.wanted;
    entry.bytes = null;
    LOG.info("{}: version {} is ready", entry.shown, wanted.version());
  }

  private void leave(String digest, DriverBundle bundle, long now) {
    if (held(bundle)) {
      successors.remove(digest);
      return;
    }
    if (bundle.state() == State.WAITING) {
      bundle.leave(now);
    } else if (bundle.state() == State.READY) {
      DriverBundle next = successor(digest);
      if (next == null || mayGo(bundle, next)) {
        bundle.leave(now);
        LOG.info("{}: version {} is removed", bundle.file(), bundle.version());
      }
    }
  }

  /** The ready bundle that takes the place of an old one, or null. */
  private DriverBundle successor(String digest) {
    DriverBundle next = bundles.get(successors.getOrDefault(digest, NONE));
    return next != null && next.state() == State.READY ? next : null;
  }

  /**
   * Whether an old bundle may go: the coordinator has come to rest and no instrument uses it; or it
   * is the one that instruments prefer, and they move only when it is gone. Instruments that stay
   * although the new one is better are pinned to the old version, or were given back to it.
   */
  private boolean mayGo(DriverBundle old, DriverBundle next) {
    return atRest(next) && (old.betterThan(next) || users(old).isEmpty());
  }

  private boolean atRest(DriverBundle next) {
    return coordinator.drivers().stream().anyMatch(d -> d.bundleId() == next.bundleId())
        && coordinator.settled();
  }

  private Set<String> users(DriverBundle bundle) {
    return coordinator.drivers().stream()
        .filter(d -> d.bundleId() == bundle.bundleId())
        .map(DriverStatus::instruments)
        .flatMap(List::stream)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private boolean underWay(DriverBundle bundle, long now) {
    return switch (bundle.state()) {
      case STARTING -> bundle.failure() == null;
      case WAITING -> true;
      case LEAVING -> now - bundle.since() < limits.start.toNanos();
      case READY -> {
        DriverBundle next = successor(bundle.jar().digest());
        yield bundle.onTrial(now, limits)
            || next != null && !atRest(next) && now - next.since() < limits.move.toNanos();
      }
      case FAILED, GONE -> false;
    };
  }

  List<Finding> findings(long now) {
    List<Finding> all = new ArrayList<>();
    if (unreadable != null) {
      all.add(
          new Finding(
              "drivers",
              0,
              0,
              true,
              "the folder cannot be read: " + unreadable + "; what runs goes on"));
    }
    for (Entry entry : entries.values()) {
      String goesOn =
          entry.serving.equals(NONE) || entry.serving.equals(entry.wanted)
              ? ""
              : "; version " + bundles.get(entry.serving).version() + " goes on";
      entry.findings.forEach(
          f ->
              all.add(
                  f.error() && entry.wanted.equals(NONE) && f.line() == 0
                      ? error(entry, f.message() + goesOn)
                      : f));
      if (!goesOn.isEmpty() && entry.findings.stream().anyMatch(f -> f.error() && f.line() > 0)) {
        all.add(note(entry, goesOn.substring(2)));
      }
      if (waitsLong(entry, now)) {
        all.add(error(entry, NO_FORMAT + goesOn));
      }
      DriverBundle wanted = bundles.get(entry.wanted);
      if (wanted != null && wanted.failure() != null) {
        all.add(error(entry, wanted.failure() + goesOn));
      }
      if (wanted != null && !wanted.note().isEmpty()) {
        all.add(note(entry, wanted.note()));
      }
      Set<String> few = wanted == null ? null : only(entry.wanted);
      if (few != null) {
        String who = few.isEmpty() ? "nobody" : String.join(", ", few);
        all.add(note(entry, "only for " + who + ", as " + entry.shown + ONLY + " says"));
      }
      successors.forEach((old, next) -> stays(entry, old, next, now, all));
    }
    return all;
  }

  private void stays(Entry entry, String digest, String next, long now, List<Finding> all) {
    DriverBundle old = bundles.get(digest);
    if (!entry.serving.equals(next)
        || old.state() != State.READY
        || underWay(old, now)
        || users(old).isEmpty()) {
      return;
    }
    all.add(
        note(
            entry,
            String.join(", ", users(old))
                + " still on version "
                + old.version()
                + ", which this file no longer has; it is removed when nothing uses it"));
  }

  private static Finding error(Entry entry, String message) {
    return new Finding(entry.shown, 0, 0, true, Problems.cut(message));
  }

  private static Finding note(Entry entry, String message) {
    return new Finding(entry.shown, 0, 0, false, message);
  }
}
