// SPDX-License-Identifier: Apache-2.0
package consort.runtime.cli;

import static org.assertj.core.api.Assertions.assertThat;

import consort.commands.Json;
import consort.commands.Verb;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command line against a socket that answers what a node would. */
@Timeout(30)
class CliTest {

  private static final Path REFERENCE = Path.of("../docs/reference/cli.md");

  @TempDir Path home;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
  private ServerSocket server;
  private volatile String answer = "{\"ok\":true}";

  @BeforeEach
  void listen() throws IOException {
    server = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"));
    Thread thread = new Thread(this::serve, "node");
    thread.setDaemon(true);
    thread.start();
    Files.createDirectories(home.resolve("data/run"));
    Files.createDirectories(home.resolve("data/keys"));
    Files.writeString(home.resolve("data/keys/admin.token"), "abc\n");
    node(ProcessHandle.current().pid());
  }

  private void node(long pid) throws IOException {
    Files.writeString(
        home.resolve("data/run/node.json"),
        "{\"pid\":%d,\"port\":%d,\"node\":\"n\",\"started\":\"\"}"
            .formatted(pid, server.getLocalPort()));
  }

  private void serve() {
    while (true) {
      try (Socket client = server.accept()) {
        StringBuilder request = new StringBuilder();
        while (!request
            .toString()
            .matches("(?s)GET .*\r\n\r\n|.*Content-Length: (\\d+).*\r\n\r\n")) {
          request.append((char) client.getInputStream().read());
        }
        if (request.indexOf("GET ") == 0) {
          requests.add(request.toString());
          client.getOutputStream().write(answer.getBytes(StandardCharsets.UTF_8));
          continue;
        }
        int length =
            Integer.parseInt(request.toString().replaceAll("(?s).*Content-Length: (\\d+).*", "$1"));
        request.append(
            new String(client.getInputStream().readNBytes(length), StandardCharsets.UTF_8));
        requests.add(request.toString());
        client
            .getOutputStream()
            .write(("HTTP/1.1 200 OK\r\n\r\n" + answer).getBytes(StandardCharsets.UTF_8));
      } catch (IOException closed) {
        return;
      }
    }
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  private int consort(String... words) {
    List<String> all = new ArrayList<>(List.of("--home", home.toString()));
    all.addAll(List.of(words));
    return new Cli(print(out), print(err)).run(all.toArray(String[]::new));
  }

  private static PrintStream print(ByteArrayOutputStream to) {
    return new PrintStream(to, true, StandardCharsets.UTF_8);
  }

  private String sent() {
    String request = requests.get(requests.size() - 1);
    return request.substring(request.indexOf("\r\n\r\n") + 4);
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void listPrintsTheTextAndSendsTheToken() {
    answer = "{\"ok\":true,\"instruments\":[],\"details\":[]}";

    assertThat(consort("list")).isZero();

    assertThat(out()).isEqualTo("No instruments running" + System.lineSeparator());
    assertThat(err()).isEmpty();
    assertThat(requests.get(0))
        .startsWith("POST /rpc HTTP/1.1\r\n")
        .contains("Authorization: Bearer abc\r\n", "Content-Type: application/json\r\n");
    assertThat(sent()).isEqualTo("{\"command\":\"list\",\"params\":{}}");
  }

  @Test
  void jsonPrintsTheReplyBeforeOrBehindTheVerb() {
    answer = "{\"ok\":true,\"instruments\":[\"DMM1\"]}";

    assertThat(consort("list", "--json")).isZero();
    assertThat(consort("--json", "list")).isZero();

    assertThat(Json.read(out().substring(0, out().length() / 2).getBytes(StandardCharsets.UTF_8)))
        .isEqualTo(Map.of("ok", true, "instruments", List.of("DMM1")));
  }

  @Test
  void anErrorIsOneLineOnStandardErrorAndExit1() {
    answer = "{\"ok\":false,\"error\":\"instrument not found: X\",\"code\":\"unknown_instrument\"}";

    assertThat(consort("status", "X")).isEqualTo(1);

    assertThat(out()).isEmpty();
    assertThat(err()).isEqualTo("instrument not found: X" + System.lineSeparator());
    assertThat(consort("status", "X", "--json")).isEqualTo(1);
    assertThat(out()).contains("unknown_instrument");
  }

  @Test
  void startTakesAFileOrTheNameOfAStoppedInstrument() {
    answer = "{\"ok\":true,\"instrument\":\"DMM1\",\"name\":\"DMM1\"}";

    assertThat(consort("start", "some/dmm1.yaml")).isZero();
    assertThat(Json.read(sent().getBytes(StandardCharsets.UTF_8)).get("params"))
        .isEqualTo(Map.of("config_path", Path.of("some/dmm1.yaml").toAbsolutePath().toString()));
    assertThat(out()).isEqualTo("Started instrument: DMM1" + System.lineSeparator());
    consort("start", "DMM1");
    assertThat(sent()).contains("{\"name\":\"DMM1\"}");
  }

  @Test
  void callSendsWordsAsTextToBeRead() {
    answer = "{\"ok\":true,\"text\":\"3.3 V\"}";

    assertThat(consort("call", "DMM1.set_voltage", "-3.3", "range=10 V", "--deadline", "500ms"))
        .isZero();

    assertThat(sent())
        .isEqualTo(
            "{\"command\":\"call\",\"params\":{\"name\":\"DMM1\",\"verb\":\"set_voltage\","
                + "\"text_args\":[\"-3.3\"],\"text\":{\"range\":\"10 V\"},\"deadline\":\"500ms\"}}");
    assertThat(out()).isEqualTo("3.3 V" + System.lineSeparator());
  }

  @Test
  void aTestThatFailedPrintsItsLinesAndEndsWith1() {
    answer =
        "{\"ok\":true,\"success\":false,\"name\":\"A\",\"verb\":\"IDN\",\"error_message\":\"no\"}";

    assertThat(consort("test", "a.yaml", "IDN", "n=1")).isEqualTo(1);

    assertThat(out()).contains("  Success: NO");
    assertThat(sent()).contains("\"verb\":\"IDN\"", "\"text\":{\"n\":\"1\"}");
  }

  @Test
  void withoutANodeOneLineSaysWhatToDo() throws IOException {
    String line =
        "no node is running in "
            + home
            + ": start one with 'consort run' or 'consort daemon start'"
            + System.lineSeparator();

    node(999_999_999L); // a node that was killed
    assertThat(consort("list")).isEqualTo(1);
    assertThat(err()).isEqualTo(line);
    err.reset();
    Files.delete(home.resolve("data/run/node.json"));
    assertThat(consort("call", "DMM1.read")).isEqualTo(1);
    assertThat(err()).isEqualTo(line);
    assertThat(requests).isEmpty();
  }

  @Test
  void aMissingTokenIsNamed() throws IOException {
    Files.delete(home.resolve("data/keys/admin.token"));

    assertThat(consort("list")).isEqualTo(1);
    assertThat(err()).startsWith("there is no " + home.resolve("data/keys/admin.token"));
  }

  @Test
  void whateverElseListensThereIsNoNode() {
    answer = "<html>";

    assertThat(consort("list")).isEqualTo(1);
    assertThat(err()).contains("is no node");
  }

  @Test
  void wrongUsageEndsWith2AndShowsTheUsage() {
    for (String[] words :
        new String[][] {
          {},
          {"explode"},
          {"status"},
          {"status", "A", "B"},
          {"list", "A"},
          {"list", "--nonsense"},
          {"call", "DMM1"},
          {"call", "DMM1.x", "a=1", "2"},
          {"call", "DMM1.x", "a=1", "a=2"},
          {"call", "DMM1.x", "--jsn"},
          {"call", "DMM1.x", "--deadline"},
          {"test", "a.yaml"}
        }) {
      err.reset();
      assertThat(consort(words)).as("%s", List.of(words)).isEqualTo(2);
      assertThat(err()).contains("Usage: consort");
      assertThat(out()).isEmpty();
    }
    assertThat(requests).isEmpty();
  }

  @Test
  void anUnknownVerbIsNamedInInstrumentScriptServersWords() {
    consort("explode");

    assertThat(err()).startsWith("Unknown command: explode" + System.lineSeparator());
  }

  @Test
  void helpNamesEveryVerbAndEndsWith0() {
    assertThat(consort("--help")).isZero();
    for (Verb verb : Verb.ALL) {
      assertThat(out()).contains("  " + verb.name() + " ");
    }
    out.reset();
    assertThat(consort("call", "--help")).isZero();
    assertThat(out()).contains("NAME.VERB", "--deadline");
  }

  @Test
  void watchPrintsALineForEachEventUntilTheNodeEnds() {
    String events =
        ":\n\ndata: {\"topic\":\"consort/instrument/READY\",\"instrument\":\"DMM1\","
            + "\"state\":\"READY\",\"time\":\"T\"}\n\n";
    answer = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + events;

    assertThat(consort("watch", "DMM1")).isEqualTo(1);
    assertThat(consort("watch", "--json")).isEqualTo(1);

    assertThat(requests.get(0))
        .startsWith("GET /api/events?name=DMM1 HTTP/1.0\r\n")
        .contains("Authorization: Bearer abc\r\n");
    assertThat(requests.get(1)).startsWith("GET /api/events HTTP/1.0\r\n");
    assertThat(out().lines())
        .satisfiesExactly(
            line -> assertThat(line).matches("T +DMM1 +READY"),
            json -> assertThat(json).startsWith("{\"topic\":\"consort/instrument/READY\","));
    assertThat(err().lines()).containsExactly("the node ended", "the node ended");
  }

  @Test
  void watchSaysWhyItIsRefused() {
    answer = "HTTP/1.1 500 E\r\n\r\n{\"ok\":false,\"error\":\"32 watches are open already\"}";

    assertThat(consort("watch")).isEqualTo(1);
    assertThat(err()).isEqualTo("32 watches are open already" + System.lineSeparator());
  }

  @Test
  void completionKnowsNamesAndTheirCommands() {
    answer =
        "{\"ok\":true,\"instruments\":[\"DMM1\",\"PSU1\"],\"commands\":[{\"name\":\"measure\"}]}";

    assertThat(consort("complete", "D")).isZero();
    assertThat(consort("complete", "DMM1.me")).isZero();
    assertThat(out().lines()).containsExactly("DMM1", "DMM1.measure");
  }

  @Test
  void theReferenceListsEveryVerb() throws IOException {
    String written =
        Verb.ALL.stream()
            .filter(verb -> !verb.isElsewhere())
            .map(verb -> "| `" + verb.synopsis().replace("|", "\\|") + "` | " + verb.doc() + " |")
            .collect(Collectors.joining("\n"));

    assertThat(Files.readString(REFERENCE)).contains(written);
  }

  @Test
  void theHelpOfWhatStartsNodesNamesItsOptions() {
    assertThat(consort("run", "--help")).isZero();
    assertThat(out())
        .contains("consort run [--port N] [--log-level LEVEL] [--pid-file FILE] [--shell]")
        .doesNotContain("--json");
    out.reset();
    assertThat(consort("daemon", "--help")).isZero();
    assertThat(out())
        .contains("consort daemon start|stop|status [--port N] [--log-level LEVEL]")
        .doesNotContain("--json");
  }
}
