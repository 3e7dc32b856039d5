// SPDX-License-Identifier: Apache-2.0
package consort.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Authenticator;
import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.Refused;
import consort.api.Role;
import consort.commands.CommandDoc;
import consort.commands.Commands;
import consort.commands.Json;
import consort.commands.Watch;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real sockets on a free loopback port; the commands are an echo. */
@Timeout(30)
class RpcTest {

  private static final String TOKEN = "f".repeat(64);
  private static final String LIST = "{\"command\":\"list\"}";

  @TempDir Path home;
  private final CountDownLatch hanging = new CountDownLatch(1);
  private final List<TestWatch> watches = new CopyOnWriteArrayList<>();
  private final List<Caller> callers = java.util.Collections.synchronizedList(new ArrayList<>());
  private Listener listener;

  /** A watch that the test fills. */
  private static final class TestWatch implements Watch {
    final BlockingQueue<Map<String, Object>> events = new LinkedBlockingQueue<>();
    volatile boolean closed;

    @Override
    public Map<String, Object> next(Duration atMost) throws InterruptedException {
      Map<String, Object> event = events.poll(atMost.toNanos(), TimeUnit.NANOSECONDS);
      return closed ? null : event;
    }

    @Override
    public boolean isOpen() {
      return !closed;
    }

    @Override
    public void close() {
      closed = true;
      events.add(Map.of());
    }
  }

  private final Commands commands =
      new Commands() {
        @Override
        public Map<String, Object> run(String command, Map<String, ?> parameters, Caller caller) {
          callers.add(caller);
          return switch (command) {
            case "list" -> Map.of("ok", true, "instruments", List.of());
            case "echo" -> Map.of("ok", true, "params", parameters);
            case "throw" -> throw new IllegalStateException("secret");
            case "hang" -> {
              try {
                hanging.await(20, TimeUnit.SECONDS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              yield Map.of("ok", true);
            }
            default -> Map.of("ok", false, "error", "unknown command: " + command);
          };
        }

        @Override
        public Watch watch(Map<String, ?> parameters, Caller caller) {
          if (!parameters.isEmpty() && !parameters.containsKey("name")) {
            throw new Refused(ErrorCode.BAD_REQUEST, "unknown parameter");
          }
          callers.add(caller);
          TestWatch watch = new TestWatch();
          watches.add(watch);
          return watch;
        }

        @Override
        public List<CommandDoc> commands() {
          return List.of();
        }
      };

  private final Authenticator authenticator =
      (token, face) ->
          token.equals(TOKEN)
              ? Optional.of(new Caller("admin", Role.ADMINISTRATOR, face))
              : Optional.empty();

  @BeforeEach
  void listen() throws IOException {
    listener = listener(0, Duration.ofSeconds(30));
    listener.open();
  }

  private Listener listener(int port, Duration idle) {
    return listener(port, idle, null);
  }

  private Listener listener(int port, Duration idle, Role anonymous) {
    return new Listener(
        new Settings(home, "bench1", "127.0.0.1", port, anonymous),
        new Gate(authenticator, Set.of("localhost"), anonymous),
        commands,
        () -> null,
        idle);
  }

  @AfterEach
  void close() {
    hanging.countDown();
    listener.close();
  }

  private record Answer(int status, Map<String, Object> body, String head) {}

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), listener.port());
    socket.setSoTimeout(10_000);
    return socket;
  }

  private static String request(String body, String... headers) {
    String more = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
    return "POST /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        + "Authorization: Bearer "
        + TOKEN
        + "\r\n"
        + more
        + "Content-Length: "
        + body.getBytes(StandardCharsets.UTF_8).length
        + "\r\n\r\n"
        + body;
  }

  private static Answer exchange(Socket socket, String request) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(request.getBytes(StandardCharsets.UTF_8));
    out.flush();
    return answer(socket.getInputStream());
  }

  private static Answer answer(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
      int c = in.read();
      if (c < 0) {
        throw new IOException("closed after '" + head + "'");
      }
      head.write(c);
    }
    String text = head.toString(StandardCharsets.ISO_8859_1);
    int length = Integer.parseInt(text.replaceAll("(?is).*content-length: (\\d+).*", "$1"));
    return new Answer(Integer.parseInt(text.split(" ")[1]), Json.read(in.readNBytes(length)), text);
  }

  private Answer send(String request) throws IOException {
    try (Socket socket = connect()) {
      return exchange(socket, request);
    }
  }

  @Test
  void aCommandIsAnsweredWithItsReply() throws IOException {
    Answer answer = send(request(LIST));

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo(Map.of("ok", true, "instruments", List.of()));
    assertThat(answer.head()).containsIgnoringCase("Content-Type: application/json");
    assertThat(callers).containsExactly(new Caller("admin", Role.ADMINISTRATOR, "http"));
  }

  @Test
  void theSlashBehindRpcDoesNotMatter() throws IOException {
    assertThat(send(request(LIST).replace("/rpc ", "/rpc/ ")).status()).isEqualTo(200);
  }

  @Test
  void aCommandThatFailedIsA500WithTheReply() throws IOException {
    Answer answer = send(request("{\"command\":\"explode\",\"params\":{}}"));

    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.body()).isEqualTo(Map.of("ok", false, "error", "unknown command: explode"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "nonsense",
        "{\"command\":\"list\"}{}",
        "{\"command\":1}",
        "{\"command\":\"list\",\"command\":\"stop\"}",
        "{\"command\":\"list\",\"params\":[]}",
        "{\"command\":\"echo\",\"id\":1}"
      })
  void aWrongBodyIsA500ThatBeginsWithException(String body) throws IOException {
    Answer answer = send(request(body));

    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.body()).containsEntry("ok", false);
    assertThat(answer.body().get("error").toString()).startsWith("exception: ");
    assertThat(callers).isEmpty();
  }

  @Test
  void anOldClientMaySendMoreOrLess() throws IOException {
    assertThat(send(request("{\"command\":\"list\",\"id\":1,\"params\":null}")).status())
        .isEqualTo(200);
    assertThat(send(request("{\"params\":{}}")).body().get("error").toString())
        .startsWith("unknown command");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /rpc",
        "PUT /rpc",
        "POST /",
        "POST /rpc2",
        "GET /",
        "DELETE /rpc/",
        "POST /rpc/x"
      })
  void everythingElseIsA404(String what) throws IOException {
    Answer answer = send(what + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n");

    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.body())
        .isEqualTo(Map.of("ok", false, "error", "Only POST /rpc is supported"));
  }

  @Test
  void withoutTheTokenTheAnswerSaysWhereItIs() throws IOException {
    for (String authorization :
        new String[] {"X: y", "Authorization: Bearer wrong", "Authorization: Basic YTpi"}) {
      Answer answer = send(request(LIST).replace("Authorization: Bearer " + TOKEN, authorization));

      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.head()).contains("WWW-Authenticate: Bearer");
      assertThat(answer.body().get("error").toString())
          .contains("data/keys/admin.token", "Authorization: Bearer", "anonymous: ROLE");
    }
    assertThat(callers).isEmpty();
  }

  @Test
  void whereTheUserAllowsItAProgramOfThisMachineNeedsNoToken() throws IOException {
    String request = request(LIST).replace("Authorization: Bearer " + TOKEN + "\r\n", "");
    Listener open = listener(0, Duration.ofSeconds(30), Role.OPERATOR);
    open.open();
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), open.port())) {
      assertThat(exchange(socket, request).status()).isEqualTo(200);
      assertThat(exchange(socket, request(LIST)).status()).isEqualTo(200);
      assertThat(callers)
          .containsExactly(
              new Caller("anonymous", Role.OPERATOR, "http"),
              new Caller("admin", Role.ADMINISTRATOR, "http"));

      assertThat(exchange(socket, request.replace("127.0.0.1", "evil.example")).status())
          .isEqualTo(403);
      assertThat(exchange(socket, request.replace("application/json", "text/plain")).status())
          .isEqualTo(403);
      assertThat(exchange(socket, request(LIST).replace(TOKEN, "wrong")).status()).isEqualTo(401);
      assertThat(callers).hasSize(2);
    } finally {
      open.close();
    }
  }

  @Test
  void aForeignHostOrContentTypeIsForbidden() throws IOException {
    for (String host : new String[] {"evil.example", "127.0.0.1.evil.example:8555", "10.0.0.1"}) {
      assertThat(send(request(LIST).replace("Host: 127.0.0.1", "Host: " + host)).status())
          .isEqualTo(403);
    }
    for (String type : new String[] {"text/plain", "application/x-www-form-urlencoded"}) {
      assertThat(send(request(LIST).replace("application/json", type)).status()).isEqualTo(403);
    }
    assertThat(send(request(LIST).replace("Content-Type: application/json\r\n", "")).status())
        .isEqualTo(403);
    assertThat(callers).isEmpty();
  }

  @Test
  void loopbackNamesAreItsOwn() throws IOException {
    for (String host : new String[] {"localhost:8555", "LOCALHOST", "[::1]:1", "127.1.2.3:80"}) {
      assertThat(send(request(LIST).replace("Host: 127.0.0.1", "Host: " + host)).status())
          .isEqualTo(200);
    }
    assertThat(
            send(request(LIST).replace("application/json", "Application/JSON; charset=utf-8"))
                .status())
        .isEqualTo(200);
  }

  @Test
  void aConnectionIsKept() throws IOException {
    try (Socket socket = connect()) {
      for (int i = 0; i < 20; i++) {
        assertThat(exchange(socket, request(LIST)).status()).isEqualTo(200);
      }
    }
  }

  @Test
  void http10IsAnsweredAndClosed() throws IOException {
    try (Socket socket = connect()) {
      Answer answer =
          exchange(
              socket,
              request(LIST).replace("HTTP/1.1", "HTTP/1.0").replace("Host: 127.0.0.1\r\n", ""));

      assertThat(answer.status()).isEqualTo(200);
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void chunkedBodiesWork() throws IOException {
    assertThat(
            send(request("").replace("Content-Length: 0", "Transfer-Encoding: chunked")
                    + "7\r\n{\"comma\r\nb\r\nnd\":\"list\"}\r\n0\r\n\r\n")
                .status())
        .isEqualTo(200);
  }

  @Test
  void aHundredKilobytesComeBackWhole() throws IOException {
    String text = "ü".repeat(50_000);

    Answer answer = send(request("{\"command\":\"echo\",\"params\":{\"text\":\"" + text + "\"}}"));

    assertThat(answer.body()).containsEntry("params", Map.of("text", text));
  }

  @Test
  void aRequestThatAnnouncesTooMuchIsRefusedBeforeItIsSent() throws IOException {
    Answer answer = send(request("").replace("Content-Length: 0", "Content-Length: 99999999999"));

    assertThat(answer.status()).isEqualTo(413);
    assertThat(answer.body()).containsEntry("error", "the request is longer than 16 MiB");
  }

  @Test
  void aRequestThatTurnsOutTooLongIsRefused() throws Exception {
    try (Socket socket = connect()) {
      OutputStream out = socket.getOutputStream();
      out.write(
          request("")
              .replace("Content-Length: 0", "Transfer-Encoding: chunked")
              .getBytes(StandardCharsets.US_ASCII));
      byte[] chunk = ("100000\r\n" + "x".repeat(1 << 20) + "\r\n").getBytes();
      Thread sender =
          new Thread(
              () -> {
                try {
                  for (int i = 0; i < 17; i++) {
                    out.write(chunk);
                  }
                } catch (IOException hungUp) {
                  // The answer is on its way.
                }
              });
      sender.start();
      assertThat(answer(socket.getInputStream()).status()).isEqualTo(413);
      sender.join();
    }
  }

  @Test
  void aHundredClientsAtOnceAreAllAnswered() throws Exception {
    ExecutorService clients = Executors.newFixedThreadPool(100);
    try {
      List<Callable<Integer>> tasks = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        tasks.add(
            () -> {
              try (Socket socket = connect()) {
                int ok = 0;
                for (int n = 0; n < 10; n++) {
                  ok += exchange(socket, request(LIST)).status() == 200 ? 1 : 0;
                }
                return ok;
              }
            });
      }
      int ok = 0;
      for (Future<Integer> future : clients.invokeAll(tasks)) {
        ok += future.get();
      }
      assertThat(ok).isEqualTo(1000);
    } finally {
      clients.shutdownNow();
    }
  }

  @Test
  void slowClientsAndHangingCommandsBlockNobody() throws Exception {
    List<Socket> open = new ArrayList<>();
    try {
      String slow = request(LIST);
      for (int i = 0; i < 100; i++) {
        Socket socket = connect();
        open.add(socket);
        String part =
            switch (i % 4) {
              case 0 -> "";
              case 1 -> "POST /r";
              case 2 -> slow.substring(0, slow.length() - 3);
              default -> request("{\"command\":\"hang\"}");
            };
        socket.getOutputStream().write(part.getBytes(StandardCharsets.US_ASCII));
      }

      assertThat(send(request(LIST)).status()).isEqualTo(200);

      OutputStream rest = open.get(2).getOutputStream();
      rest.write(slow.substring(slow.length() - 3).getBytes(StandardCharsets.US_ASCII));
      assertThat(answer(open.get(2).getInputStream()).status()).isEqualTo(200);
      hanging.countDown();
      assertThat(answer(open.get(3).getInputStream()).status()).isEqualTo(200);
    } finally {
      for (Socket socket : open) {
        socket.close();
      }
    }
  }

  @Test
  void silentClientsAreHungUpOnButWaitingOnesAreNot() throws Exception {
    Listener impatient = listener(0, Duration.ofMillis(100));
    impatient.open();
    try (Socket silent = new Socket(InetAddress.getLoopbackAddress(), impatient.port());
        Socket waiting = new Socket(InetAddress.getLoopbackAddress(), impatient.port())) {
      silent.setSoTimeout(10_000);
      waiting.setSoTimeout(10_000);
      waiting
          .getOutputStream()
          .write(request("{\"command\":\"hang\"}").getBytes(StandardCharsets.US_ASCII));
      silent.getOutputStream().write("POST /rpc HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII));

      silent.getInputStream().readAllBytes(); // ends when the server has hung up
      silentAgain(impatient.port());
      hanging.countDown();

      assertThat(answer(waiting.getInputStream()).status()).isEqualTo(200);
    } finally {
      impatient.close();
    }
  }

  private static void silentAgain(int port) throws IOException {
    try (Socket silent = new Socket(InetAddress.getLoopbackAddress(), port)) {
      silent.setSoTimeout(10_000);
      silent.getInputStream().readAllBytes();
    }
  }

  @Test
  void whatIsNoHttpGetsAnAnswerWithoutAPage() throws IOException {
    Answer answer = send("POST /rpc HTTP/1.1\r\nContent-Length: x\r\n\r\n");

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body().get("error").toString()).startsWith("exception: ");
    assertThat(answer.head()).doesNotContain("Jetty").doesNotContain("Server:");
  }

  /** Says when somebody makes an object of its bytes. */
  private static final class Trap implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final AtomicInteger SPRUNG = new AtomicInteger();

    private void readObject(ObjectInputStream in) {
      SPRUNG.incrementAndGet();
    }
  }

  @Test
  void serializedObjectsAreRefusedAndNeverRead() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(new Trap());
    }
    new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
    assertThat(Trap.SPRUNG).as("whoever reads it is noticed").hasValue(1);

    String head =
        "POST /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
            + "Content-Type: %s\r\nContent-Length: %d\r\n\r\n";
    String java = "application/x-java-serialized-object";
    assertThat(status(head.formatted(TOKEN, java, bytes.size()), bytes.toByteArray()))
        .isEqualTo(403);
    assertThat(status(head.formatted(TOKEN, "application/json", bytes.size()), bytes.toByteArray()))
        .isEqualTo(500);
    assertThat(status("", bytes.toByteArray())).as("without HTTP around it").isIn(400, 0);
    String text = Base64.getEncoder().encodeToString(bytes.toByteArray());
    assertThat(send(request("{\"command\":\"echo\",\"params\":{\"x\":\"" + text + "\"}}")).body())
        .as("as a text it is a text")
        .containsEntry("params", Map.of("x", text));
    assertThat(Trap.SPRUNG).hasValue(1);
  }

  /** The status of the answer; 0 when the connection was closed without one. */
  private int status(String head, byte[] body) throws IOException {
    try (Socket socket = connect()) {
      OutputStream out = socket.getOutputStream();
      out.write(head.getBytes(StandardCharsets.US_ASCII));
      out.write(body);
      out.flush();
      socket.shutdownOutput();
      String line =
          new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
              .readLine();
      return line == null ? 0 : Integer.parseInt(line.split(" ")[1]);
    }
  }

  @Test
  void aMistakeInsideShowsNothing() throws IOException {
    Answer answer = send(request("{\"command\":\"throw\"}"));

    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.body().toString()).doesNotContain("secret").doesNotContain("Exception");
  }

  @Test
  void theNodeSaysWhereItIsWhileItListens() throws IOException {
    Path file = home.resolve("data/run/node.json");

    assertThat(Json.read(Files.readAllBytes(file)))
        .containsEntry("pid", (int) ProcessHandle.current().pid())
        .containsEntry("port", listener.port())
        .containsEntry("node", "bench1")
        .containsKey("started");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    listener.close();
    assertThat(file).doesNotExist();
  }

  @Test
  void aPortThatIsTakenIsNamedWithWhatToDo() throws IOException {
    Listener second = listener(listener.port(), Duration.ofSeconds(1));

    assertThatThrownBy(second::open)
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("port " + listener.port() + " of 127.0.0.1 is taken")
        .hasMessageContaining("--port");
    assertThat(home.resolve("data/run/node.json")).exists();
  }

  @Test
  void aListenerThatWasClosedBeforeItOpenedStaysClosed() throws IOException {
    Listener early = listener(0, Duration.ofSeconds(1));
    early.close();
    early.open();

    assertThat(early.port()).isNegative();
  }

  @Test
  void onlyThisMachineIsListenedTo() throws Exception {
    for (InetAddress address : InetAddress.getAllByName(InetAddress.getLocalHost().getHostName())) {
      if (!address.isLoopbackAddress()) {
        assertThatThrownBy(() -> new Socket(address, listener.port()).close())
            .isInstanceOf(IOException.class);
      }
    }
  }

  private Socket watching(String path) throws IOException {
    Socket socket = connect();
    String head = "GET " + path + " HTTP/1.0\r\nAuthorization: Bearer " + TOKEN + "\r\n\r\n";
    socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private static BufferedReader lines(Socket socket) throws IOException {
    return new BufferedReader(
        new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
  }

  private static void readHead(BufferedReader in) throws IOException {
    assertThat(in.readLine()).contains("200");
    String line = in.readLine();
    while (!line.isEmpty()) {
      line = in.readLine();
    }
  }

  @Test
  void eventsComeAsTheyHappenAndEndWithTheNode() throws IOException {
    try (Socket socket = watching("/api/events?name=DMM1")) {
      BufferedReader in = lines(socket);
      readHead(in);
      assertThat(in.readLine()).as("it says at once that it watches").isEqualTo(":");
      assertThat(in.readLine()).isEmpty();

      watches.get(0).events.add(Map.of("topic", "consort/instrument/READY"));
      assertThat(in.readLine()).isEqualTo("data: {\"topic\":\"consort/instrument/READY\"}");
      assertThat(in.readLine()).isEmpty();

      listener.close();
      assertThat(in.readLine()).isNull();
    }
  }

  @Test
  void silenceIsBrokenSoThatAClientThatIsGoneIsFoundOut() throws Exception {
    listener.close();
    listener = listener(0, Duration.ofMillis(150));
    listener.open();
    Socket socket = watching("/api/events");
    BufferedReader in = lines(socket);
    readHead(in);
    for (int i = 0; i < 8; i++) {
      assertThat(in.readLine()).isEqualTo(":");
      assertThat(in.readLine()).isEmpty();
    }
    socket.close();
    while (watches.get(0).isOpen()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void nobodyWatchesWithoutATokenOrWithAWrongParameter() throws IOException {
    try (Socket socket = connect()) {
      Answer answer = exchange(socket, "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(answer.status()).isEqualTo(401);
      answer =
          exchange(
              socket,
              "GET /api/events?nmae=X HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                  + TOKEN
                  + "\r\n\r\n");
      assertThat(answer.status()).isEqualTo(500);
      assertThat(answer.body()).containsEntry("code", "bad_request");
    }
    assertThat(watches).isEmpty();
  }
}
