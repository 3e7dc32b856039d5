// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/**
 * Asks the web API of a node from within its network namespace, where the test itself is not: a
 * process that takes a line for each question and prints one for each answer.
 */
final class Inside implements AutoCloseable {

  private final Process process;
  private final PrintStream questions;
  private final AtomicInteger numbers = new AtomicInteger();
  private final Map<String, CompletableFuture<String>> asked = new ConcurrentHashMap<>();

  Inside(NodeProcess node, UnaryOperator<ProcessBuilder> place) throws IOException {
    process =
        place
            .apply(
                new ProcessBuilder(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Inside.class.getName(),
                    Integer.toString(node.port()),
                    node.token()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    questions = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
    Thread reader = new Thread(this::read, "answers of a node");
    reader.setDaemon(true);
    reader.start();
  }

  private void read() {
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        int cut = line.indexOf(' ');
        asked.remove(line.substring(0, cut)).complete(line.substring(cut + 1));
      }
    } catch (IOException closed) {
      // the process has ended
    }
  }

  /**
   * Sends a question.
   *
   * @param params the fields of the object {@code params}
   */
  CompletableFuture<String> send(String command, String params) {
    String number = Integer.toString(numbers.incrementAndGet());
    CompletableFuture<String> answer = new CompletableFuture<>();
    asked.put(number, answer);
    questions.println(number + " {\"command\":\"" + command + "\",\"params\":{" + params + "}}");
    return answer.orTimeout(NodeProcess.LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  /** Asks and waits. */
  String rpc(String command, String params) {
    return send(command, params).join();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().orTimeout(NodeProcess.LIMIT.toSeconds(), TimeUnit.SECONDS).join();
  }

  /**
   * The process.
   *
   * @param args the port of the node, and its token
   */
  public static void main(String[] args) throws IOException {
    HttpClient http = HttpClient.newHttpClient();
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + args[0] + "/rpc"))
            .header("Authorization", "Bearer " + args[1])
            .header("Content-Type", "application/json");
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      int cut = line.indexOf(' ');
      String number = line.substring(0, cut);
      http.sendAsync(
              request
                  .copy()
                  .POST(HttpRequest.BodyPublishers.ofString(line.substring(cut + 1)))
                  .build(),
              HttpResponse.BodyHandlers.ofString())
          .handle((reply, failure) -> failure == null ? reply.body() : failure.toString())
          .thenAccept(text -> System.out.println(number + " " + text.replace('\n', ' ')));
    }
  }
}
