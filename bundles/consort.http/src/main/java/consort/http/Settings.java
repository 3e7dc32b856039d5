// SPDX-License-Identifier: Apache-2.0
package consort.http;

import consort.api.Role;
import consort.api.deploy.Finding;
import consort.yaml.Node;
import consort.yaml.Problems;
import consort.yaml.Schema;
import consort.yaml.YamlReader;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * What the listener is told: by {@code etc/consort.yaml}, and by framework properties, which win.
 *
 * @param home the node's folder
 * @param node the node's name
 * @param host the address to listen on, a loopback one
 * @param port the port, 0 for a free one
 * @param anonymous what programs of this machine may do that show no token; null: nothing
 */
record Settings(Path home, String node, String host, int port, Role anonymous) {

  static final int PORT = 8555;

  Settings {
    try {
      if (!InetAddress.getByName(host).isLoopbackAddress()) {
        throw new IllegalArgumentException(
            "http: host: "
                + host
                + " is not a loopback address, and this version listens on loopback only;"
                + " use 127.0.0.1");
      }
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("http: host: '" + host + "' is not a known address", e);
    }
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException(
          "http: port: " + port + " is outside [0, 65535]; 0 takes a free one");
    }
  }

  /** Names of this node that a client may put into its Host header, beside addresses. */
  Set<String> hosts() {
    return Set.of("localhost", host.toLowerCase(Locale.ROOT));
  }

  static Settings read(UnaryOperator<String> property) throws IOException {
    Path home = Path.of(Optional.ofNullable(property.apply("consort.home")).orElse("."));
    Written written = Written.read(home.resolve("etc/consort.yaml"));
    String node = property.apply("consort.node");
    String port = property.apply("consort.http.port");
    String host = property.apply("consort.http.host");
    return new Settings(
        home,
        node != null ? node : written.node() != null ? written.node() : computer(),
        host != null ? host : written.host() != null ? written.host() : "127.0.0.1",
        port != null ? number("consort.http.port: ", port) : written.port(),
        written.anonymous());
  }

  private static int number(String where, String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(where + "'" + text + "' is not a port", e);
    }
  }

  /** The name of the computer, without asking a name server. */
  private static String computer() throws IOException {
    try {
      String name = Files.readString(Path.of("/etc/hostname")).strip();
      return name.isEmpty() ? "node" : name;
    } catch (NoSuchFileException e) {
      return Optional.ofNullable(System.getenv("COMPUTERNAME")).orElse("node");
    }
  }

  /** What etc/consort.yaml says. */
  private record Written(Node root, Node http) {

    static Written read(Path file) throws IOException {
      // As delivered all keys are comments, and then the YAML reader is not even loaded.
      if (!Files.exists(file)
          || Files.readAllLines(file).stream()
              .allMatch(line -> line.isBlank() || line.startsWith("#"))) {
        return new Written(null, null);
      }
      Problems problems = new Problems(file.toString());
      Node root = YamlReader.read(Files.readAllBytes(file), problems);
      if (root != null) {
        schema().check(root, problems);
      }
      if (problems.failed()) {
        throw new IllegalArgumentException(
            problems.all().stream().map(Finding::toString).collect(Collectors.joining("\n")));
      }
      return new Written(root, root.get("http"));
    }

    private static Schema schema() throws IOException {
      try (InputStream in = Settings.class.getResourceAsStream("consort.schema.json")) {
        return Schema.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      }
    }

    String node() {
      return root == null ? null : root.text("node");
    }

    String host() {
      return http == null ? null : http.text("host");
    }

    int port() {
      return http == null || http.get("port") == null ? PORT : (Integer) http.get("port").value();
    }

    Role anonymous() {
      String role = http == null ? null : http.text("anonymous");
      return role == null ? null : Role.valueOf(role.toUpperCase(Locale.ROOT));
    }
  }
}
