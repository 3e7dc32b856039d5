// SPDX-License-Identifier: Apache-2.0
package consort.runtime.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import consort.commands.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The running node of a home, asked over its {@code /rpc}. A bare socket: an HTTP client of the JDK
 * would take longer to load than the answer takes to come.
 */
public record Node(Path home) {

  private static final int CONNECT_MILLIS = 2_000;

  /** Beyond any deadline of a call; the node answers when a call's own deadline is over. */
  private static final int ANSWER_MILLIS = 24 * 3600 * 1000;

  /** The node says something every 10 s, if only that it is there. */
  private static final int SILENCE_MILLIS = 60_000;

  private static final String DATA = "data: ";

  /** The node cannot be asked; the message says what to do. */
  public static final class Absent extends Exception {
    private static final long serialVersionUID = 1L;

    Absent(String message) {
      super(message);
    }
  }

  /** Sends a command and gives the reply, {@code ok} or not. */
  public Map<String, Object> ask(String command, Map<String, Object> parameters) throws Absent {
    int port = port();
    byte[] reply;
    try (Socket socket = new Socket()) {
      connect(socket, port);
      socket.setSoTimeout(ANSWER_MILLIS);
      socket.getOutputStream().write(request(command, parameters));
      reply = body(socket.getInputStream());
    } catch (IOException e) {
      throw new Absent("the node in " + home + " hung up: " + e.getMessage());
    }
    try {
      return Json.read(reply);
    } catch (IllegalArgumentException e) {
      throw new Absent("what listens on port " + port + " is no node: " + e.getMessage());
    }
  }

  /**
   * Gives the events of the node as they come, until somebody wants no more.
   *
   * @param parameters {@code name}: the only instrument of interest
   * @param taker gets each; says whether it wants more
   * @return false when the node ended
   */
  public boolean watch(Map<String, Object> parameters, Predicate<Map<String, Object>> taker)
      throws Absent {
    int port = port();
    Object name = parameters.get("name");
    String query = name == null ? "" : "?name=" + URLEncoder.encode(name.toString(), UTF_8);
    // HTTP/1.0: what comes is not cut into chunks.
    String head =
        "GET /api/events"
            + query
            + " HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: Bearer "
            + token()
            + "\r\n\r\n";
    try (Socket socket = new Socket()) {
      connect(socket, port);
      socket.setSoTimeout(SILENCE_MILLIS);
      socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
      BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
      boolean streams = head(in);
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (!streams) {
          throw new Absent(String.valueOf(Json.read(line.getBytes(UTF_8)).get("error")));
        }
        if (line.startsWith(DATA)
            && !taker.test(Json.read(line.substring(DATA.length()).getBytes(UTF_8)))) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      throw new Absent("the node in " + home + " hung up: " + e.getMessage());
    } catch (IllegalArgumentException e) {
      throw new Absent("what listens on port " + port + " is no node: " + e.getMessage());
    }
  }

  /** Reads what stands before the empty line; whether events follow. */
  private static boolean head(BufferedReader in) throws IOException {
    boolean ok = false;
    for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
      ok |= line.matches("HTTP/1\\.. 200 .*");
    }
    return ok;
  }

  private void connect(Socket socket, int port) throws Absent {
    try {
      socket.connect(
          new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port),
          CONNECT_MILLIS);
      socket.setTcpNoDelay(true);
    } catch (IOException e) {
      throw none();
    }
  }

  /** Whether a node says that it listens. */
  public boolean listens() {
    try {
      port();
      return true;
    } catch (Absent e) {
      return false;
    }
  }

  private Absent none() {
    return new Absent(
        "no node is running in "
            + home
            + ": start one with 'consort run' or 'consort daemon start'");
  }

  private int port() throws Absent {
    try {
      Map<String, Object> node = Json.read(Files.readAllBytes(home.resolve("data/run/node.json")));
      // A node that was killed leaves its file, and its port may be somebody else's by now.
      if (node.get("port") instanceof Integer port
          && node.get("pid") instanceof Number pid
          && ProcessHandle.of(pid.longValue()).isPresent()) {
        return port;
      }
    } catch (IOException | IllegalArgumentException e) {
      // no file, or a broken one: no node
    }
    throw none();
  }

  private String token() throws Absent {
    Path file = home.resolve("data/keys/admin.token");
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1).strip();
    } catch (NoSuchFileException e) {
      throw new Absent("there is no " + file + ": restart the node, which makes it");
    } catch (IOException e) {
      throw new Absent(
          file + " cannot be read: only the user who runs the node may command it this way");
    }
  }

  private byte[] request(String command, Map<String, Object> parameters) throws Absent {
    Map<String, Object> request = new LinkedHashMap<>();
    request.put("command", command);
    request.put("params", parameters);
    byte[] body = Json.write(request).getBytes(StandardCharsets.UTF_8);
    byte[] head =
        ("POST /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                + "Content-Type: application/json\r\nAuthorization: Bearer "
                + token()
                + "\r\nContent-Length: "
                + body.length
                + "\r\n\r\n")
            .getBytes(StandardCharsets.ISO_8859_1);
    byte[] all = java.util.Arrays.copyOf(head, head.length + body.length);
    System.arraycopy(body, 0, all, head.length, body.length);
    return all;
  }

  /** What stands behind the empty line; the node closes the connection at its end. */
  private static byte[] body(InputStream in) throws IOException {
    byte[] all = in.readAllBytes();
    for (int i = 3; i < all.length; i++) {
      if (all[i] == '\n' && all[i - 1] == '\r' && all[i - 2] == '\n' && all[i - 3] == '\r') {
        return java.util.Arrays.copyOfRange(all, i + 1, all.length);
      }
    }
    throw new IOException(all.length == 0 ? "no answer" : "half an answer");
  }

  /** The folder a user means: the option, else {@code CONSORT_HOME}, else the distribution's. */
  static Node of(String option) {
    String home =
        Optional.ofNullable(option)
            .or(() -> Optional.ofNullable(System.getenv("CONSORT_HOME")).filter(h -> !h.isBlank()))
            .orElse(System.getProperty("consort.dist", "."));
    return new Node(Path.of(home).toAbsolutePath().normalize());
  }
}
