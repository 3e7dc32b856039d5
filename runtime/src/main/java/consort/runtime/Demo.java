// SPDX-License-Identifier: Apache-2.0
package consort.runtime;

import consort.runtime.cli.Node;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/**
 * Shows what the runtime is for, as a user would do it: files are dropped into the folders of a
 * fresh home, and the node is asked as the command line asks it.
 */
final class Demo {

  private static final long PATIENCE = 30_000_000_000L;
  private static final String BUNDLE = "consort.driver.simulated";

  private static final Map<String, String> INSTRUMENTS =
      Map.of(
          "DMM1",
          """
          name: DMM1
          driver: simulated.multimeter
          settings: {voltage: 3.3, seed: 1}
          """,
          "DMM2",
          """
          name: DMM2
          driver: simulated.multimeter
          settings: {voltage: 1.5, seed: 2}
          # stays with this version of its driver, whatever else is installed
          version: "0.1"
          """,
          "PSU1",
          """
          name: PSU1
          driver: simulated.source
          """);

  private static final Map<String, String> MEASURES =
      Map.of("DMM1", "measure_voltage", "DMM2", "measure_voltage", "PSU1", "measure_current");

  private final Path dist;
  private final Path home;
  private final Node node;

  Demo(Path dist, Path home) {
    this.dist = dist;
    this.home = home;
    this.node = new Node(home);
  }

  /** The demo's own home, emptied; one that the user names must be fresh. */
  static Home home(Options options) throws IOException, Options.Wrong {
    Path root = options.home().root();
    if (root.equals(options.dist())) {
      root = options.dist().resolve("demo/home");
      if (new Home(root).process().isPresent()) {
        throw new Options.Wrong("another demo runs in " + root + "; end it first");
      }
      delete(root);
    } else if (Files.exists(root.resolve("drivers"))) {
      throw new Options.Wrong("the demo wants a fresh home, and " + root + " is in use");
    }
    return new Home(root);
  }

  private static void delete(Path root) throws IOException {
    if (Files.exists(root)) {
      try (Stream<Path> files = Files.walk(root)) {
        for (Path file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
          Files.delete(file);
        }
      }
    }
  }

  /** Takes the stock drivers away, as the demo is going to drop one in. */
  static void clear(Home home) throws IOException {
    try (Stream<Path> jars = Files.list(home.root().resolve("drivers"))) {
      for (Path jar : (Iterable<Path>) jars.filter(Demo::isJar)::iterator) {
        Files.delete(jar);
      }
    }
  }

  private static boolean isJar(Path path) {
    return path.toString().endsWith(".jar");
  }

  /** Runs it; true when nothing went wrong. */
  boolean run() throws IOException, InterruptedException, Node.Absent {
    Path old = one(dist.resolve("lib/home/drivers"));
    Path newer = one(dist.resolve("demo"));
    long began = System.nanoTime();
    drop(old, "drivers/" + old.getFileName());
    await(() -> drivers().contains(BUNDLE));
    say("dropped %s: its drivers are ready", began, "drivers/" + old.getFileName());

    began = System.nanoTime();
    for (var instrument : INSTRUMENTS.entrySet()) {
      Path file = Files.createTempFile(home, "", ".tmp");
      Files.writeString(file, instrument.getValue());
      String target = "instruments/" + instrument.getKey().toLowerCase(Locale.ROOT) + ".yaml";
      Files.move(file, home.resolve(target), StandardCopyOption.ATOMIC_MOVE);
    }
    await(() -> INSTRUMENTS.keySet().stream().allMatch(name -> is(name, "READY", "")));
    say("dropped three instrument files: %s are ready", began, String.join(", ", names()));
    for (String name : names()) {
      System.out.printf("         %s.%s -> %s%n", name, MEASURES.get(name), call(name).get("text"));
    }

    List<Caller> callers = names().stream().map(Caller::new).toList();
    callers.forEach(Thread::start);
    await(() -> callers.stream().allMatch(caller -> caller.count() >= 100));
    began = System.nanoTime();
    String update = "drivers/" + BUNDLE + "-0.2.0.jar";
    drop(newer, update);
    await(() -> is("DMM1", "", "0.2.0") && is("PSU1", "", "0.2.0"));
    say("dropped %s while they measure: DMM1 and PSU1 use it", began, update);
    int enough = callers.stream().mapToInt(Caller::count).max().orElse(0) + 100;
    await(() -> callers.stream().allMatch(caller -> caller.count() >= enough));
    for (Caller caller : callers) {
      caller.end();
    }
    return table(callers);
  }

  private boolean table(List<Caller> callers) throws Node.Absent {
    System.out.printf(
        "%n%-11s %-20s %-15s %6s %7s %10s %11s%n",
        "INSTRUMENT", "DRIVER", "VERSION", "CALLS", "FAILED", "MEDIAN", "SLOWEST");
    boolean good = true;
    for (Caller caller : callers) {
      Map<String, Object> status = node.ask("status", Map.of("name", caller.instrument));
      long[] nanos = caller.sorted();
      String version = String.valueOf(status.get("version"));
      System.out.printf(
          Locale.ROOT,
          "%-11s %-20s %-15s %6d %7d %7.2f ms %8.2f ms%n",
          caller.instrument,
          status.get("driver"),
          version.equals("0.1.0") ? "0.1.0 (pinned)" : "0.1.0 -> " + version,
          nanos.length,
          caller.failed,
          nanos[nanos.length / 2] / 1e6,
          nanos[nanos.length - 1] / 1e6);
      good &= caller.failed == 0;
    }
    System.out.println(
        good
            ? "\nNo call failed: those that came during the update waited for it."
            : "\nCalls failed; this should not happen.");
    System.out.printf("Look around: %s list --home %s%n", dist.resolve("bin/consort"), home);
    return good;
  }

  private static Path one(Path folder) throws IOException {
    try (Stream<Path> jars = Files.list(folder)) {
      return jars.filter(jar -> jar.getFileName().toString().startsWith(BUNDLE))
          .filter(Demo::isJar)
          .findFirst()
          .orElseThrow(() -> new IOException("there is no " + BUNDLE + " in " + folder));
    }
  }

  private void drop(Path jar, String target) throws IOException {
    Path copy = Files.createTempFile(home, "", ".tmp");
    Files.copy(jar, copy, StandardCopyOption.REPLACE_EXISTING);
    Files.move(copy, home.resolve(target), StandardCopyOption.ATOMIC_MOVE);
  }

  private static List<String> names() {
    return INSTRUMENTS.keySet().stream().sorted().toList();
  }

  private String drivers() throws Node.Absent {
    return node.ask("drivers", Map.of()).toString();
  }

  private boolean is(String name, String state, String version) {
    try {
      Map<String, Object> status = node.ask("status", Map.of("name", name));
      return String.valueOf(status.get("state")).startsWith(state)
          && String.valueOf(status.get("version")).startsWith(version);
    } catch (Node.Absent e) {
      return false;
    }
  }

  private Map<String, Object> call(String name) throws Node.Absent {
    return node.ask("call", Map.of("name", name, "verb", MEASURES.get(name)));
  }

  /** Something that is waited for. */
  private interface Condition {
    boolean holds() throws Node.Absent;
  }

  private static void await(Condition condition)
      throws InterruptedException, IOException, Node.Absent {
    long until = System.nanoTime() + PATIENCE;
    while (!condition.holds()) {
      if (System.nanoTime() > until) {
        throw new IOException("the node did not do in 30 s what the demo waits for");
      }
      Thread.sleep(5);
    }
  }

  private static void say(String what, long began, Object... values) {
    String text = String.format(Locale.ROOT, what, values);
    System.out.printf(Locale.ROOT, "%5.2f s  %s%n", (System.nanoTime() - began) / 1e9, text);
  }

  /** Somebody who measures on one instrument all the time. */
  private final class Caller extends Thread {

    private final String instrument;
    private final AtomicBoolean going = new AtomicBoolean(true);
    private final List<Long> nanos = new ArrayList<>();
    private int failed;

    Caller(String instrument) {
      super("demo " + instrument);
      setDaemon(true);
      this.instrument = instrument;
    }

    @Override
    public void run() {
      while (going.get()) {
        long began = System.nanoTime();
        boolean good;
        try {
          good = Boolean.TRUE.equals(call(instrument).get("ok"));
        } catch (Node.Absent e) {
          good = false;
        }
        synchronized (this) {
          nanos.add(System.nanoTime() - began);
          failed += good ? 0 : 1;
        }
      }
    }

    synchronized int count() {
      return nanos.size();
    }

    void end() throws InterruptedException {
      going.set(false);
      join();
    }

    long[] sorted() {
      long[] all = nanos.stream().mapToLong(Long::longValue).toArray();
      Arrays.sort(all);
      return all;
    }
  }
}
