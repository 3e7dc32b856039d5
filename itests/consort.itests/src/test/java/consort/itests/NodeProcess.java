// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A node of the assembled distribution in a process of its own, as a user starts it: {@code
 * bin/consort run --home DIR --port 0}. Close it in any case: a node outlives the test otherwise.
 */
final class NodeProcess implements AutoCloseable {

  static final Duration LIMIT = Duration.ofSeconds(30);
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final Pattern PORT = Pattern.compile("\"port\"\\s*:\\s*(\\d+)");

  /** What one command printed, and how it ended. */
  record Result(int code, String out, String err) {}

  private final Path home;
  private final UnaryOperator<ProcessBuilder> place;
  private final Process process;

  private NodeProcess(Path home, UnaryOperator<ProcessBuilder> place, Process process) {
    this.home = home;
    this.place = place;
    this.process = process;
  }

  /** Starts a node in a home of this name (see {@link Folders#home}) and waits until it listens. */
  static NodeProcess start(String name) throws IOException, InterruptedException {
    return start(Folders.home(name));
  }

  /** Starts a node in a home that may exist already, and waits until it listens. */
  static NodeProcess start(Path home) throws IOException, InterruptedException {
    return start(home, Path.of(""));
  }

  /** Starts a node with this working folder, and waits until it listens. */
  static NodeProcess start(Path home, Path folder) throws IOException, InterruptedException {
    return start(home, builder -> builder.directory(folder.toAbsolutePath().toFile()));
  }

  /**
   * Starts a node, and waits until it listens.
   *
   * @param place says where and how its process and those that ask it run
   */
  static NodeProcess start(Path home, UnaryOperator<ProcessBuilder> place)
      throws IOException, InterruptedException {
    Files.createDirectories(home);
    Process process =
        place
            .apply(command(home, "run", "--port", "0"))
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("node.out").toFile())
            .start();
    NodeProcess node = new NodeProcess(home, place, process);
    try {
      node.await("the node listens", () -> isReady(home, process.pid()));
    } catch (AssertionError notReady) {
      node.close();
      throw new AssertionError(notReady.getMessage() + "\n" + node.output(), notReady);
    }
    return node;
  }

  /** Runs {@code bin/consort WORDS} for a home to its end. */
  static Result consort(Path home, String... words) throws IOException, InterruptedException {
    return consort(home, UnaryOperator.identity(), words);
  }

  private static Result consort(Path home, UnaryOperator<ProcessBuilder> place, String... words)
      throws IOException, InterruptedException {
    Files.createDirectories(home);
    Path out = Files.createTempFile(home, "out", ".txt");
    Path err = Files.createTempFile(home, "err", ".txt");
    Process process =
        place
            .apply(command(home, words))
            .redirectInput(new File("/dev/null"))
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    if (!process.waitFor(LIMIT.toSeconds() * 2, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("bin/consort " + String.join(" ", words) + " does not end");
    }
    Result result = new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    Files.delete(out);
    Files.delete(err);
    return result;
  }

  /** Runs {@code bin/consort WORDS} against this node to its end. */
  Result consort(String... words) throws IOException, InterruptedException {
    return consort(home, place, words);
  }

  static ProcessBuilder command(Path home, String... words) {
    List<String> command = new ArrayList<>();
    command.add(Folders.distribution().resolve("bin/consort").toString());
    command.addAll(List.of(words));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("CONSORT_HOME", home.toString());
    return builder;
  }

  Path home() {
    return home;
  }

  Process process() {
    return process;
  }

  /** Where the node answers. */
  int port() throws IOException {
    Matcher matcher = PORT.matcher(Files.readString(home.resolve("data/run/node.json")));
    if (!matcher.find()) {
      throw new AssertionError("no port in node.json");
    }
    return Integer.parseInt(matcher.group(1));
  }

  /** The administrator's token. */
  String token() throws IOException {
    return Files.readString(home.resolve("data/keys/admin.token")).strip();
  }

  /**
   * What {@code POST /rpc} answers: quicker than a process of its own.
   *
   * @param params the fields of the object {@code params}
   */
  String rpc(String command, String params) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + "/rpc"))
            .header("Authorization", "Bearer " + token())
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"command\":\"" + command + "\",\"params\":{" + params + "}}"))
            .build();
    return HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  /** Waits until its list has something that matches. */
  void awaitList(String what, String pattern) throws InterruptedException {
    awaitList(what, list -> list.matches("(?s).*" + pattern + ".*"));
  }

  /** Waits until its list is as wanted. */
  void awaitList(String what, Predicate<String> wanted) throws InterruptedException {
    awaitOut(what, wanted, "list");
  }

  /** Waits until what a command prints is as wanted. */
  void awaitOut(String what, Predicate<String> wanted, String... command)
      throws InterruptedException {
    await(
        what,
        () -> {
          try {
            return wanted.test(consort(command).out());
          } catch (IOException e) {
            throw new AssertionError(e);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
          }
        });
  }

  /** What the process itself printed. */
  String output() throws IOException {
    return Files.readString(home.resolve("node.out"));
  }

  /** Waits until the condition holds; fails at once when the node ends meanwhile. */
  void await(String what, BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (process.waitFor(20, TimeUnit.MILLISECONDS)) {
        throw new AssertionError(
            "waiting until " + what + ": the node ended with " + process.exitValue());
      }
      if (System.nanoTime() > end) {
        throw new AssertionError(
            "waiting until " + what + ": not within " + LIMIT.toSeconds() + " s");
      }
    }
  }

  /** Asks the node to end, as Ctrl-C and service managers do; how long it took. */
  Duration terminate() throws InterruptedException {
    long begin = System.nanoTime();
    process.destroy();
    if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("the node does not end");
    }
    return Duration.ofNanos(System.nanoTime() - begin);
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    process.onExit().orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS).join();
  }

  private static boolean isReady(Path home, long pid) {
    return read(home.resolve("data/run/node.json"))
        .filter(text -> text.contains(Long.toString(pid)))
        .isPresent();
  }

  private static Optional<String> read(Path file) {
    try {
      return Optional.of(Files.readString(file));
    } catch (IOException notThere) {
      return Optional.empty();
    }
  }
}
