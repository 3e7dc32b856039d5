// SPDX-License-Identifier: Apache-2.0
package consort.runtime;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The verbs {@code daemon start}, {@code daemon stop} and {@code daemon status}; scripts read their
 * texts.
 */
public final class Daemon {

  private static final Duration READY = Duration.ofSeconds(30);
  // A node ends itself after 3 s at the latest.
  private static final Duration END = Duration.ofSeconds(10);

  private final Options options;
  private final Home home;

  private Daemon(Options options) {
    this.options = options;
    this.home = options.home();
  }

  public static void main(String[] args) throws InterruptedException {
    System.exit(exitCode(args));
  }

  private static int exitCode(String... args) throws InterruptedException {
    try {
      return run(Options.parse(args));
    } catch (Options.Wrong wrong) {
      System.err.println("consort: " + wrong.getMessage());
      return 2;
    } catch (IOException e) {
      System.err.println("consort: " + Home.said(e));
      return 1;
    }
  }

  /** Carries out what the words say, and gives the exit code. */
  static int run(Options options) throws Options.Wrong, IOException, InterruptedException {
    Daemon daemon = new Daemon(options);
    return switch (options.words().size() == 2 ? options.words().get(1) : "") {
      case "start" -> daemon.start();
      case "stop" -> daemon.stop();
      case "status" -> daemon.status();
      default -> throw new Options.Wrong("daemon start|stop|status [--home DIR] [--port N]");
    };
  }

  private int start() throws IOException, InterruptedException {
    Optional<ProcessHandle> running = home.process();
    if (running.isPresent()) {
      System.err.printf(
          "consort: a node already runs in %s (PID %d)%n", home.root(), running.get().pid());
      return 1;
    }
    Files.createDirectories(home.logs());
    Process process =
        new ProcessBuilder(command())
            .redirectInput(new File("/dev/null"))
            .redirectOutput(home.daemonOut().toFile())
            .redirectErrorStream(true)
            .start();
    long end = System.nanoTime() + READY.toNanos();
    while (home.node().filter(node -> node.pid() == process.pid()).isEmpty()) {
      if (process.waitFor(20, TimeUnit.MILLISECONDS)) {
        System.err.printf(
            "consort: the node ended at once:%n%s", Files.readString(home.daemonOut()));
        return 1;
      }
      if (System.nanoTime() > end) {
        System.err.printf(
            "consort: the node is not ready after %d s; see %s%n", READY.toSeconds(), home.logs());
        process.destroy();
        return 1;
      }
    }
    System.out.printf(
        "Server daemon started (PID: %d)%nDaemon running in background%n", process.pid());
    return 0;
  }

  /** In a session of its own, so that neither a closed terminal nor its Ctrl-C reaches the node. */
  private List<String> command() {
    List<String> command = new ArrayList<>();
    command.add(isOnPath("setsid") ? "setsid" : "nohup");
    command.addAll(
        List.of(
            options.dist().resolve("bin/consort").toString(),
            "run",
            "--home",
            home.root().toString()));
    command.addAll(List.of("--log-level", options.logLevel()));
    if (options.port() != null) {
      command.addAll(List.of("--port", options.port()));
    }
    if (options.pidFile() != null) {
      command.addAll(List.of("--pid-file", options.pidFile().toString()));
    }
    return command;
  }

  private static boolean isOnPath(String program) {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
      if (Files.isExecutable(Path.of(folder, program))) {
        return true;
      }
    }
    return false;
  }

  private int stop() throws InterruptedException {
    Optional<ProcessHandle> running = home.process();
    if (running.isEmpty()) {
      System.out.println("Server daemon is not running");
      return 0;
    }
    ProcessHandle process = running.get();
    System.out.printf("Stopping server daemon (PID: %d)...%n", process.pid());
    process.destroy();
    try {
      process.onExit().get(END.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      System.err.printf("consort: process %d does not end%n", process.pid());
      return 1;
    }
    System.out.println("Server daemon stopped");
    return 0;
  }

  private Path runtimeFolder() {
    return options.pidFile() == null
        ? home.root().resolve("data/run")
        : options.pidFile().getParent();
  }

  private int status() {
    Optional<ProcessHandle> running = home.process();
    if (running.isEmpty()) {
      System.out.println("Server daemon is not running");
      return 1;
    }
    System.out.printf(
        "Server daemon is running (PID: %d)%nRuntime directory: %s%n",
        running.get().pid(), runtimeFolder());
    return 0;
  }
}
