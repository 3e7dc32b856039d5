// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Measurements in Lua with the distribution: command line, jobs, long arrays, a restart. */
final class ScriptIT {

  private static final Pattern BUFFER = Pattern.compile("buf_[0-9a-f]{32}");
  private static final Pattern JOB = Pattern.compile("job_[0-9_a-f]+");

  private final HttpClient client = HttpClient.newHttpClient();
  private Path home;
  private NodeProcess node;

  @BeforeEach
  void start() throws Exception {
    home = Folders.home("script");
    Files.createDirectories(home.resolve("instruments"));
    instrument("DMM1", "multimeter");
    instrument("SCOPE1", "oscilloscope");
    node = NodeProcess.start(home);
    awaitReady();
  }

  private void instrument(String name, String driver) throws Exception {
    Files.writeString(
        home.resolve("instruments/" + name + ".yaml"),
        "name: %s\ndriver: simulated.%s\nconnection: {type: Simulated}\n".formatted(name, driver));
  }

  private void awaitReady() throws Exception {
    node.await(
        "both are ready", () -> rpc("{\"command\":\"list\"}").split("READY", -1).length == 3);
  }

  @AfterEach
  void end() {
    node.close();
  }

  private String rpc(String body) {
    try {
      HttpRequest request =
          request("/rpc")
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(body))
              .build();
      return client.send(request, BodyHandlers.ofString()).body();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private HttpRequest.Builder request(String path) throws Exception {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.port() + path))
        .header("Authorization", "Bearer " + node.token());
  }

  private Path script(String text) throws Exception {
    return Files.writeString(home.resolve("scan.lua"), text);
  }

  private String submit(Path script) {
    String reply =
        rpc("{\"command\":\"submit_measure\",\"params\":{\"script_path\":\"" + script + "\"}}");
    return found(JOB, reply);
  }

  private String job(String command, String id) {
    return rpc("{\"command\":\"" + command + "\",\"params\":{\"job_id\":\"" + id + "\"}}");
  }

  private static String found(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    assertThat(matcher.find()).as(text).isTrue();
    return matcher.group();
  }

  @Test
  void measuresFromTheCommandLineAndGivesLongArraysOverHttp() throws Exception {
    Path script =
        script(
            "context:call('SCOPE1.configure_acquisition', 0.001, 5000)\n"
                + "print(context:call('SCOPE1.read_waveform', 1).samples.element_count)\n");

    NodeProcess.Result text = node.consort("measure", script.toString());
    assertThat(text.err()).isEmpty();
    assertThat(text.code()).isZero();
    assertThat(text.out())
        .startsWith(
            "5000\nRunning measurement...\nMeasurement complete\n\n=== Script Results ===\n")
        .contains("[1] SCOPE1.read_waveform(1.0) -> [buffer] buf_")
        .contains(" (5000 elements, float64)");
    String id = found(BUFFER, text.out());
    assertThat(
            client.send(request("/api/buffers/" + id).build(), BodyHandlers.ofByteArray()).body())
        .hasSize(40_000);
    assertThat(
            client
                .send(
                    request("/api/buffers/" + id + "?format=csv").build(), BodyHandlers.ofString())
                .body()
                .lines())
        .hasSize(5000);
    client.send(request("/api/buffers/" + id).DELETE().build(), BodyHandlers.ofString());
    assertThat(
            client
                .send(request("/api/buffers/" + id).build(), BodyHandlers.ofString())
                .statusCode())
        .isEqualTo(404);

    NodeProcess.Result json = node.consort("measure", script.toString(), "--json");
    assertThat(json.out()).startsWith("{\n  \"status\" : \"success\"").doesNotContain("\"ok\"");

    NodeProcess.Result failed =
        node.consort("measure", script("print('begun')\nerror('boom')").toString());
    assertThat(failed.code()).isEqualTo(1);
    assertThat(failed.out()).startsWith("begun\n");
    assertThat(failed.err()).isEqualTo("scan.lua:2: boom\n");
  }

  @Test
  void is23AnswersWhileALongMeasurementRunsAndAConnectionIsIdle() throws Exception {
    try (Socket idle = new Socket(InetAddress.getLoopbackAddress(), node.port())) {
      assertThat(idle.isConnected()).isTrue();
      String id = submit(script("while true do context:call('DMM1.measure_voltage') end"));
      node.await("it runs", () -> job("job_status", id).contains("running"));
      rpc("{\"command\":\"list\"}");
      long best = Long.MAX_VALUE;
      for (int i = 0; i < 20; i++) {
        long begin = System.nanoTime();
        assertThat(rpc("{\"command\":\"list\"}")).contains("DMM1");
        assertThat(rpc("{\"command\":\"status\",\"params\":{\"name\":\"DMM1\"}}"))
            .contains("alive");
        best = Math.min(best, System.nanoTime() - begin);
      }
      assertThat(Duration.ofNanos(best)).isLessThan(Duration.ofMillis(100));

      assertThat(job("job_cancel", id)).contains("Job canceled");
      node.await("it is canceled", () -> job("job_status", id).contains("\"canceled\""));
    }
  }

  @Test
  void aFileOfLuaIsAnInstrumentThatIsSwappedWhenItIsEdited() throws Exception {
    Path file = home.resolve("instruments/PAIR.lua");
    String text =
        "return {commands = {read_twice = {result = 'array', run = function()\n"
            + "return {context:call('DMM1.measure_voltage'), VALUE} end}}}\n";
    String call = "{\"command\":\"call\",\"params\":{\"name\":\"PAIR\",\"verb\":\"read_twice\"}}";

    Files.writeString(file, text.replace("VALUE", "1"));
    node.await("it is there", () -> rpc(call).contains(",1.0]"));
    Files.writeString(file, text.replace("VALUE", "2"));
    node.await("it is swapped", () -> rpc(call).contains(",2.0]"));
    Files.writeString(file, text.replace("VALUE", "= 3"));
    node.await(
        "the mistake is found",
        () -> {
          String findings = rpc("{\"command\":\"findings\"}");
          return findings.contains("PAIR.lua") && findings.contains("\"line\":2");
        });
    assertThat(rpc(call)).contains(",2.0]");
    Files.delete(file);
    node.await("it is gone", () -> rpc(call).contains("instrument not found"));
  }

  @Test
  void jobsAreThereAfterTheNodeWasKilled() throws Exception {
    String done = submit(script("context:call('DMM1.measure_voltage')"));
    node.await("it is done", () -> job("job_status", done).contains("completed"));
    String running = submit(script("context:sleep(3600)"));
    node.await("it runs", () -> job("job_status", running).contains("running"));

    node.close();
    Files.writeString(
        home.resolve("instruments/PAIR.lua"),
        "return {commands = {two = {result = 'int', run = function() return 2 end}}}");
    node = NodeProcess.start(home);

    String two = "{\"command\":\"call\",\"params\":{\"name\":\"PAIR\",\"verb\":\"two\"}}";
    node.await("the file of Lua is an instrument", () -> rpc(two).contains("\"value\":2"));
    assertThat(job("job_result", done)).contains("\"status\":\"success\"").contains("DMM1");
    assertThat(job("job_status", running)).contains("failed").contains("the node ended");
    assertThat(job("job_result", running)).contains("job not completed");
  }
}
