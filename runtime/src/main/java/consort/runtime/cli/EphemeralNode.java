// SPDX-License-Identifier: Apache-2.0
package consort.runtime.cli;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A node for one command, where none runs: in a process and a home of its own, with the drivers of
 * the user's home and none of its instruments, so that no other hardware is touched. Close it in
 * any case: the process outlives this one otherwise.
 */
public final class EphemeralNode implements AutoCloseable {

  /** How long starting may take. */
  private static final long START_NANOS = TimeUnit.SECONDS.toNanos(30);

  /** How long the drivers may take to be there after that. */
  private static final long DRIVER_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final long PAUSE_MILLIS = 20;

  /** What a node replies whose drivers, or who reads definitions, are still coming. */
  private static final Set<String> COMING = Set.of("no_driver", "not_supported", "unavailable");

  private final Path home;
  private final Process process;

  private EphemeralNode(Path home, Process process) {
    this.home = home;
    this.process = process;
  }

  /**
   * Starts one.
   *
   * @param drivers the home whose drivers it takes
   * @throws Node.Absent when it does not start; the message says why
   */
  public static EphemeralNode start(Path drivers) throws Node.Absent {
    Path home = null;
    try {
      home = Files.createTempDirectory("consort-test");
      Files.createDirectories(home.resolve("instruments"));
      if (Files.isDirectory(drivers.resolve("drivers"))) {
        copy(drivers.resolve("drivers"), Files.createDirectory(home.resolve("drivers")));
      }
      Path program = Path.of(System.getProperty("consort.dist", "."), "bin/consort");
      Process process =
          new ProcessBuilder(
                  program.toString(),
                  "run",
                  "--home",
                  home.toString(),
                  "--port",
                  "0",
                  "--log-level",
                  "warn")
              .redirectInput(new File("/dev/null"))
              .redirectErrorStream(true)
              .redirectOutput(home.resolve("out.txt").toFile())
              .start();
      EphemeralNode node = new EphemeralNode(home, process);
      node.awaitStart();
      return node;
    } catch (IOException e) {
      delete(home);
      throw new Node.Absent("no node is running, and none could be started: " + e.getMessage());
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  private void awaitStart() throws IOException, Node.Absent {
    long end = System.nanoTime() + START_NANOS;
    while (!new Node(home).listens()) {
      if (!process.isAlive() || System.nanoTime() > end) {
        String said = Files.readString(home.resolve("out.txt")).strip();
        close();
        throw new Node.Absent("no node is running, and one for this command ended: " + said);
      }
      pause();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Sends a command; again while the drivers of the node are still coming. */
  public Map<String, Object> ask(String command, Map<String, Object> parameters)
      throws Node.Absent {
    long end = System.nanoTime() + DRIVER_NANOS;
    Node node = new Node(home);
    Map<String, Object> reply = node.ask(command, parameters);
    while (COMING.contains(String.valueOf(reply.get("code"))) && System.nanoTime() < end) {
      pause();
      reply = node.ask(command, parameters);
    }
    return reply;
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    delete(home);
  }

  private static void delete(Path folder) {
    if (folder == null) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException | UncheckedIOException e) {
      // it lies in the system's folder for such things
    }
  }
}
