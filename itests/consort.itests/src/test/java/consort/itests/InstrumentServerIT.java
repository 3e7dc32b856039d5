// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What a user of instrument-script-server brings along, against a node of the distribution: its
 * clients of {@code /rpc}, which know no token, and scripts around its command line. The methods
 * name the acceptance points they show.
 */
@Timeout(120)
final class InstrumentServerIT {

  private static Path home;
  private static int port;

  private record Reply(int status, String body) {}

  @BeforeAll
  static void startADaemon() throws Exception {
    home = home("instrument-server");
    port = freePort();
    NodeProcess.Result started = server("daemon", "start", "--log-level", "warn");
    assertThat(started.err()).isEmpty();
    assertThat(started.out())
        .matches("Server daemon started \\(PID: \\d+\\)\nDaemon running in background\n");
  }

  @AfterAll
  static void killWhatIsLeft() throws IOException {
    Path pid = home.resolve("data/run/server.pid");
    if (Files.exists(pid)) {
      ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
          .ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  /** A home whose listener lets clients of this machine do what the old program let them. */
  private static Path home(String name) throws IOException {
    Path made = Folders.home(name);
    Path etc = Files.createDirectories(made.resolve("etc"));
    try (Stream<Path> files = Files.list(Folders.distribution().resolve("lib/home/etc"))) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.copy(file, etc.resolve(file.getFileName()));
      }
    }
    Files.writeString(etc.resolve("consort.yaml"), "http:\n  anonymous: administrator\n");
    return made;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static ProcessBuilder command(Path home, int port, String... words) {
    ProcessBuilder builder = NodeProcess.command(home, words);
    builder.command().set(0, Folders.distribution().resolve("bin/instrument-server").toString());
    builder.environment().put("INSTRUMENT_SCRIPT_SERVER_RPC_PORT", Integer.toString(port));
    builder.environment().put("XDG_RUNTIME_DIR", home.resolve("xdg").toString());
    return builder.redirectInput(new File("/dev/null"));
  }

  /**
   * Runs {@code instrument-server} and reads what it prints to the end of the stream: a child that
   * had inherited it would keep this waiting.
   */
  private static NodeProcess.Result run(ProcessBuilder command) throws Exception {
    Process process = command.start();
    CompletableFuture<byte[]> err = CompletableFuture.supplyAsync(() -> all(process, true));
    byte[] out = all(process, false);
    assertThat(process.waitFor(NodeProcess.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    return new NodeProcess.Result(
        process.exitValue(),
        new String(out, StandardCharsets.UTF_8),
        new String(err.get(), StandardCharsets.UTF_8));
  }

  private static byte[] all(Process process, boolean err) {
    try {
      return (err ? process.getErrorStream() : process.getInputStream()).readAllBytes();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static NodeProcess.Result server(String... words) throws Exception {
    return run(command(home, port, words));
  }

  /** One request as the old client sends it, on a connection of its own, read to its end. */
  private static Reply http10(String request, String body) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(20_000);
      String head =
          request
              + " HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
              + "Content-Length: "
              + body.length()
              + "\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write((head + body).getBytes(StandardCharsets.UTF_8));
      String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(all).startsWith("HTTP/1.").doesNotContain("chunked");
      int end = all.indexOf("\r\n\r\n");
      return new Reply(Integer.parseInt(all.split(" ")[1]), all.substring(end + 4));
    }
  }

  private static Reply rpc(String command, String params) throws IOException {
    return http10("POST /rpc", "{\"command\":\"%s\",\"params\":%s}".formatted(command, params));
  }

  private static Path file(String name, String... lines) throws IOException {
    Path file = Files.createDirectories(home.resolve("configs")).resolve(name + ".yaml");
    return Files.writeString(file, "name: " + name + "\n" + String.join("\n", lines) + "\n");
  }

  private static Path simulated(String name) throws IOException {
    return file(name, "driver: simulated.multimeter");
  }

  private static void start(Path file) throws IOException {
    assertThat(rpc("start", "{\"config_path\":\"" + file + "\"}").status()).isEqualTo(200);
  }

  private static void await(String name, String text) throws Exception {
    long end = System.nanoTime() + NodeProcess.LIMIT.toNanos();
    while (!rpc("status", "{\"name\":\"" + name + "\"}").body().contains(text)) {
      assertThat(System.nanoTime()).as(name + " has " + text).isLessThan(end);
    }
  }

  @Test
  void is01AndIs27TheLifeOfADaemonAsScriptsSeeIt() throws Exception {
    Path own = home("instrument-server-life");
    int ownPort = freePort();
    Path pidFile = own.resolve("xdg/instrument-server/server.pid");
    try {
      assertThat(run(command(own, ownPort, "daemon", "status")))
          .isEqualTo(new NodeProcess.Result(1, "Server daemon is not running\n", ""));
      assertThat(run(command(own, ownPort, "list")).err())
          .isEqualTo("Server daemon is not running; start it: instrument-server daemon start\n");
      assertThat(run(command(own, ownPort, "daemon", "start")).code()).isZero();
      String pid = Files.readString(pidFile).strip();
      ProcessHandle node = ProcessHandle.of(Long.parseLong(pid)).orElseThrow();

      assertThat(run(command(own, ownPort, "daemon", "status")))
          .isEqualTo(
              new NodeProcess.Result(
                  0,
                  "Server daemon is running (PID: %s)\nRuntime directory: %s\n"
                      .formatted(pid, pidFile.getParent()),
                  ""));
      assertThat(run(command(own, ownPort, "list")))
          .isEqualTo(new NodeProcess.Result(0, "No instruments running\n", ""));
      NodeProcess.Result second = run(command(own, ownPort, "daemon", "start"));
      assertThat(second.code()).isEqualTo(1);
      assertThat(second.err()).contains("already runs").contains(pid);

      assertThat(run(command(own, ownPort, "daemon", "stop")))
          .isEqualTo(
              new NodeProcess.Result(
                  0,
                  "Stopping server daemon (PID: %s)...\nServer daemon stopped\n".formatted(pid),
                  ""));
      assertThat(node.isAlive()).isFalse();
      assertThat(pidFile).doesNotExist();
      try (Stream<Path> left = Files.list(own.resolve("data/run"))) {
        assertThat(left.map(f -> f.getFileName().toString())).containsExactly("lock");
      }
    } finally {
      if (Files.exists(pidFile)) {
        ProcessHandle.of(Long.parseLong(Files.readString(pidFile).strip()))
            .ifPresent(ProcessHandle::destroyForcibly);
      }
    }
  }

  @Test
  void is02AndIs03StartNamesTheOneStartedAndRefusesASecond() throws Exception {
    start(simulated("ZZZ"));
    Path config = simulated("DMM1");
    Reply started = rpc("start", "{\"config_path\":\"" + config + "\",\"log_level\":\"info\"}");

    assertThat(started.status()).isEqualTo(200);
    assertThat(started.body())
        .startsWith("{\"ok\":true,")
        .contains("\"instrument\":\"DMM1\"", "\"name\":\"DMM1\"");
    Reply again = rpc("start", "{\"config_path\":\"" + config + "\"}");
    assertThat(again.status()).isEqualTo(500);
    assertThat(again.body())
        .contains("\"error\":\"failed to create instrument: Instrument already exists: DMM1\"");

    NodeProcess.Result list = server("list");
    assertThat(list.code()).isZero();
    assertThat(list.out().lines())
        .startsWith("Running instruments:")
        .contains("  DMM1 [RUNNING]", "  ZZZ [RUNNING]");
    assertThat(rpc("list", "{}").body()).contains("\"DMM1\"", "\"ZZZ\"");

    assertThat(server("stop", "DMM1"))
        .isEqualTo(new NodeProcess.Result(0, "Stopped instrument: DMM1\n", ""));
    assertThat(server("start", config.toString()))
        .isEqualTo(new NodeProcess.Result(0, "Started instrument: DMM1\n", ""));
    NodeProcess.Result unknown = server("status", "NONE");
    assertThat(unknown.code()).isEqualTo(1);
    assertThat(unknown.err()).startsWith("instrument not found");
  }

  @Test
  void aTestTouchesNoRunningInstrument() throws Exception {
    Path config = simulated("TESTED");
    start(config);

    NodeProcess.Result test = server("test", config.toString(), "measure_voltage");
    assertThat(test.code()).isZero();
    assertThat(test.out())
        .startsWith("Testing instrument: TESTED\nExecuting command: measure_voltage\n\nResult:\n")
        .containsPattern("  Success: YES\n  Response: 3\\.[0-9]+\n$");
    assertThat(server("status", "TESTED").out())
        .isEqualTo(
            """
            Instrument: TESTED
              Status: RUNNING
              Commands sent: 0
              Commands completed: 0
              Commands failed: 0
              Commands timeout: 0
            """);
    assertThat(server("test", config.toString(), "NOTHING").code()).isEqualTo(1);
  }

  /** What {@code measure} prints of a script of {@code bench/}, with ids of buffers left out. */
  private static String measured(String script) throws Exception {
    NodeProcess.Result result = server("measure", home.resolve("bench/" + script).toString());
    assertThat(result.err()).isEmpty();
    assertThat(result.code()).isZero();
    assertThat(result.out())
        .contains("Running measurement...\nMeasurement complete\n\n=== Script Results ===\n")
        .endsWith("\n======================\n");
    return result
        .out()
        .replace("Running measurement...\nMeasurement complete\n\n=== Script Results ===\n", "")
        .replace("\n======================\n", "\n")
        .replaceAll("buf_\\w+", "ID");
  }

  @Test
  void scriptsOfATestInstrumentRunWithADefinitionInItsPlace() throws Exception {
    Path folder = Files.createDirectories(home.resolve("bench"));
    for (String name :
        List.of("bench.yaml", "kinds.lua", "channels.lua", "nested.lua", "large.lua")) {
      try (InputStream in = InstrumentServerIT.class.getResourceAsStream("/bench/" + name)) {
        Files.copy(in, folder.resolve(name));
      }
    }
    String numbers =
        IntStream.range(0, 5000).mapToObj(Integer::toString).collect(Collectors.joining(","));
    Files.writeString(
        folder.resolve("bench.yaml"),
        "  - {command: GET_LARGE_DATA, sent: \"DATA:LARG?\", reply: \"" + numbers + "\"}\n",
        StandardOpenOption.APPEND);
    for (String name : List.of("Bench1", "Bench2", "Bench3")) {
      start(file(name, "api_ref: ../bench/bench.yaml", "connection: {type: Simulated}"));
      await(name, "\"state\":\"READY\"");
    }

    assertThat(measured("kinds.lua"))
        .startsWith(
            """
            GET_DOUBLE: 2.5
            GET_STRING: word
            GET_BOOL: true
            GET_ARRAY: 3 elements
            ECHO: again
            true
            [0] Bench1.GET_DOUBLE() -> [double] 2.5
            [1] Bench1.GET_STRING() -> [string] word
            [2] Bench1.GET_BOOL() -> [bool] true
            [3] Bench1.GET_ARRAY() -> [array] [1.0, 2.5, 4.0]
            [4] Bench1.ECHO() -> [string] again
            """)
        .containsPattern("\n\\[5] Bench1\\.CONFIGURE\\(.*\\) -> \\[void]\n")
        .containsPattern("\n\\[6] Bench1\\.CONFIGURE\\(.*\\) -> \\[error] .*'param1'")
        .contains("\n[7] Nobody.GET() -> [error] Instrument not found: Nobody");
    assertThat(measured("channels.lua"))
        .isEqualTo(
            """
            5\t3
            [0] Bench1:1.SET(5.0) -> [void]
            [1] Bench1:2.SET(3.0) -> [void]
            [2] Bench1:1.GET() -> [double] 5.0
            [3] Bench1:2.GET() -> [double] 3.0
            [4] Bench1:3.Measure() -> [double] 3.14159
            """);
    assertThat(measured("nested.lua"))
        .isEqualTo(
            """
            1 1 3.141590e+00
            1 2 3.141590e+00
            2 1 3.141590e+00
            2 2 3.141590e+00
            [0] Bench1:1.SET(1.0) -> [void]
            [1] Bench2:1.SET(1.0) -> [void]
            [2] Bench3:1.SET(2.0) -> [void]
            [3] Bench1.MEASURE() -> [double] 3.14159
            [4] Bench2:1.SET(2.0) -> [void]
            [5] Bench3:1.SET(4.0) -> [void]
            [6] Bench1.MEASURE() -> [double] 3.14159
            [7] Bench1:1.SET(2.0) -> [void]
            [8] Bench2:1.SET(1.0) -> [void]
            [9] Bench3:1.SET(2.0) -> [void]
            [10] Bench1.MEASURE() -> [double] 3.14159
            [11] Bench2:1.SET(2.0) -> [void]
            [12] Bench3:1.SET(4.0) -> [void]
            [13] Bench1.MEASURE() -> [double] 3.14159
            """);
    assertThat(measured("large.lua"))
        .isEqualTo(
            """
            nil\tnil\t7
            [0] Bench1.GET_LARGE_DATA() -> [buffer] ID (5000 elements, float64)
            [1] Bench1.GET_LARGE_DATA() -> [buffer] ID (5000 elements, float64)
            [2] Bench1.GET_SMALL_DATA() -> [double] 7.0
            """);
  }

  @Test
  void discoverAndPluginsListTheDrivers() throws Exception {
    assertThat(server("plugins").out())
        .startsWith("Available plugins:\n\n  VISA -> /")
        .contains("  simulated.multimeter -> " + home.resolve("drivers") + "/")
        .containsPattern("\n\nTotal: [0-9]+ plugin\\(s\\)\n$");
    assertThat(server("discover", home.resolve("nowhere").toString()))
        .isEqualTo(
            new NodeProcess.Result(
                0,
                "Discovering plugins in:\n  "
                    + home.resolve("nowhere")
                    + " (no such folder)\n\nFound 0 plugin(s):\n",
                ""));
    assertThat(server("discover", home.resolve("drivers").toString()).out())
        .startsWith("Discovering plugins in:\n  " + home.resolve("drivers") + "\n\nFound ")
        .contains(
            "\n\nProtocol: keysight.dmm\n  Path: ", "\n  Name: consort.driver.keysight.dmm\n");
  }

  @Test
  void is24UnknownCommandsBadJsonAndOtherMethodsAreAnswered() throws Exception {
    Reply unknown = rpc("explode", "{}");
    assertThat(unknown.status()).isEqualTo(500);
    assertThat(unknown.body()).startsWith("{\"ok\":false,\"error\":\"unknown command");
    Reply bad = http10("POST /rpc", "{\"command\":");
    assertThat(bad.status()).isEqualTo(500);
    assertThat(bad.body()).startsWith("{\"ok\":false,\"error\":\"exception: ");
    Reply get = http10("GET /rpc", "");
    assertThat(get.status()).isEqualTo(404);
    assertThat(get.body()).isEqualTo("{\"ok\":false,\"error\":\"Only POST /rpc is supported\"}");
    assertThat(http10("POST /rpc/", "{\"command\":\"list\"}").status()).isEqualTo(200);
    assertThat(rpc("daemon", "{\"action\":\"dance\"}").body())
        .startsWith("{\"ok\":false,\"error\":\"Unknown daemon action\"");
    assertThat(rpc("daemon", "{\"action\":\"start\",\"block\":true}").body())
        .startsWith("{\"ok\":true,");
  }

  /** Answers what it is asked, but the first measurement only when it is let. */
  private static void answerLate(Socket client, CompletableFuture<Void> late) {
    try (client;
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String answer =
            switch (line) {
              case "*IDN?" -> "Keysight Technologies,34461A,MY1,1.0";
              case "SYST:ERR?" -> "+0,\"No error\"";
              case "MEAS:VOLT:DC?" -> {
                boolean first = !late.isDone();
                late.orTimeout(10, TimeUnit.SECONDS).handle((v, e) -> v).join();
                yield first ? "111.0" : "2.0";
              }
              default -> "";
            };
        if (!answer.isEmpty()) {
          client.getOutputStream().write((answer + "\n").getBytes(StandardCharsets.US_ASCII));
        }
      }
    } catch (IOException e) {
      // The link was closed to be rid of a late reply.
    }
  }

  @Test
  void is19ALateReplyIsCountedAndNeverGivenToTheNextQuestion() throws Exception {
    CompletableFuture<Void> late = new CompletableFuture<>();
    try (ServerSocket instrument = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      Thread serving =
          new Thread(
              () -> {
                try {
                  while (true) {
                    Socket client = instrument.accept();
                    new Thread(() -> answerLate(client, late), "late instrument").start();
                  }
                } catch (IOException closed) {
                  // the end of the test
                }
              });
      serving.start();
      Path config =
          file(
              "LATE",
              "driver: keysight.dmm",
              "connection: TCPIP::127.0.0.1::" + instrument.getLocalPort() + "::SOCKET");
      String test = "{\"config_path\":\"%s\",\"verb\":\"%s\",\"deadline\":\"300ms\"}";
      assertThat(rpc("test", test.formatted(config, "measure_voltage")).body())
          .contains("\"success\":false,\"error_message\":\"Command timeout");
      start(config);
      await("LATE", "\"state\":\"READY\"");

      long begin = System.nanoTime();
      Reply slow =
          rpc("call", "{\"name\":\"LATE\",\"verb\":\"measure_voltage\",\"deadline\":\"300ms\"}");
      assertThat(Duration.ofNanos(System.nanoTime() - begin))
          .isBetween(Duration.ofMillis(300), Duration.ofMillis(1500));
      assertThat(slow.body()).contains("\"kind\":\"timed_out\"");
      late.complete(null);
      await("LATE", "\"commands_timeout\":1");
      await("LATE", "\"state\":\"READY\"");
      assertThat(rpc("call", "{\"name\":\"LATE\",\"verb\":\"measure_voltage\"}").body())
          .contains("\"value\":2.0");
      assertThat(server("status", "LATE").out())
          .contains("  Commands completed: 1\n  Commands failed: 1\n  Commands timeout: 1\n");
    }
  }

  @Test
  void is23ListAndStatusAreQuickWhileClientsIdleAndInstrumentsWork() throws Exception {
    start(simulated("BUSY1"));
    await("BUSY1", "\"state\":\"READY\"");
    assertThat(
            rpc(
                    "call",
                    "{\"name\":\"BUSY1\",\"verb\":\"inject_delay\",\"params\":{\"delay\":\"PT10S\"}}")
                .status())
        .isEqualTo(200);
    List<Socket> idle = new ArrayList<>();
    try {
      for (int i = 0; i < 50; i++) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        idle.add(socket);
        if (i % 2 == 0) {
          socket.getOutputStream().write("POST /rpc HTTP/1.1\r\nHost: ".getBytes());
        }
      }
      CompletableFuture<Reply> measure =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return rpc(
                      "call",
                      "{\"name\":\"BUSY1\",\"verb\":\"measure_voltage\","
                          + "\"deadline\":\"30s\"}");
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              });
      await("BUSY1", "\"state\":\"BUSY\"");
      List<Long> nanos = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        long begin = System.nanoTime();
        Reply reply = i % 2 == 0 ? rpc("list", "{}") : rpc("status", "{\"name\":\"BUSY1\"}");
        nanos.add(System.nanoTime() - begin);
        assertThat(reply.status()).isEqualTo(200);
      }
      assertThat(measure).isNotDone();
      // The slowest few belong to other programs of the machine.
      assertThat(Duration.ofNanos(nanos.stream().sorted().toList().get(53)))
          .isLessThan(Duration.ofMillis(50));
      rpc("cancel", "{\"name\":\"BUSY1\"}");
    } finally {
      for (Socket socket : idle) {
        socket.close();
      }
    }
  }

  @Test
  void aPythonClientNeedsNoChange() throws Exception {
    start(simulated("PY1"));
    await("PY1", "\"state\":\"READY\"");
    String program =
        """
        import json, sys, urllib.request, urllib.error
        def call(command, params=None):
            request = urllib.request.Request(
                "http://127.0.0.1:%s/rpc" %% sys.argv[1],
                json.dumps({"command": command, "params": params or {}}).encode(),
                {"Content-Type": "application/json"})
            try:
                with urllib.request.urlopen(request, timeout=20) as reply:
                    return reply.status, json.load(reply)
            except urllib.error.HTTPError as error:
                return error.code, json.load(error)
        status, reply = call("list")
        assert status == 200 and reply["ok"] and "PY1" in reply["instruments"], reply
        status, reply = call("status", {"name": "PY1"})
        assert reply["alive"] and reply["stats"]["commands_timeout"] == 0, reply
        status, reply = call("test", {"config_path": sys.argv[2], "verb": "measure_voltage"})
        assert reply["success"] and reply["result"] == float(reply["text_response"]), reply
        status, reply = call("explode")
        assert status == 500 and not reply["ok"] and reply["error"].startswith("unknown command")
        print("fine")
        """
            .replace("%%", "%");
    Process python;
    try {
      python =
          new ProcessBuilder(
                  "python3", "-c", program, Integer.toString(port), simulated("PY2").toString())
              .redirectErrorStream(true)
              .start();
    } catch (IOException e) {
      assumeTrue(false, "SKIPPED: no python3 here, so its client was not tried: " + e.getMessage());
      return;
    }
    assertThat(new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .isEqualTo("fine\n");
    assertThat(python.waitFor()).isZero();
  }
}
