// SPDX-License-Identifier: Apache-2.0
package consort.http;

import consort.api.Role;
import java.io.IOException;
import java.io.Reader;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;

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
        node != null ? node : written.node != null ? written.node : computer(),
        host != null ? host : written.host != null ? written.host : "127.0.0.1",
        port != null ? number("consort.http.port: ", port) : written.port,
        written.anonymous);
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

  /** The keys of etc/consort.yaml: those that concern the listener, and the names of all. */
  private static final class Written {
    /** Keys that other bundles read, and check themselves. */
    private static final Set<String> OTHERS = Set.of();

    private final Path file;
    private String node;
    private String host;
    private int port = PORT;
    private Role anonymous;

    private Written(Path file) {
      this.file = file;
    }

    static Written read(Path file) throws IOException {
      Written written = new Written(file);
      // As delivered all keys are comments, and then the YAML parser is not even loaded.
      if (Files.exists(file)
          && Files.readAllLines(file).stream()
              .anyMatch(line -> !line.isBlank() && !line.startsWith("#"))) {
        try (Reader reader = Files.newBufferedReader(file)) {
          LoaderOptions options = new LoaderOptions();
          options.setAllowDuplicateKeys(false);
          options.setMaxAliasesForCollections(0);
          written.root(new Yaml(options).compose(reader));
        } catch (MarkedYAMLException e) {
          throw new IllegalArgumentException(
              file
                  + ":"
                  + (e.getProblemMark().getLine() + 1)
                  + ":"
                  + (e.getProblemMark().getColumn() + 1)
                  + ": "
                  + e.getProblem(),
              e);
        }
      }
      return written;
    }

    private void root(Node root) {
      for (NodeTuple entry : mapping(root, "the file").getValue()) {
        switch (text(entry.getKeyNode())) {
          case "node" -> node = text(entry.getValueNode());
          case "http" -> http(mapping(entry.getValueNode(), "http"));
          default -> {
            if (!OTHERS.contains(text(entry.getKeyNode()))) {
              throw unknown(entry.getKeyNode(), "the file", "node", "http");
            }
          }
        }
      }
    }

    private void http(MappingNode http) {
      for (NodeTuple entry : http.getValue()) {
        String key = text(entry.getKeyNode());
        switch (key) {
          case "host" -> host = text(entry.getValueNode());
          case "port" -> port = number(at(entry.getValueNode()), text(entry.getValueNode()));
          case "anonymous" -> anonymous = role(entry.getValueNode());
          default -> throw unknown(entry.getKeyNode(), "http", "host", "port", "anonymous");
        }
      }
    }

    private Role role(Node node) {
      String name = text(node);
      return Arrays.stream(Role.values())
          .filter(role -> role.name().toLowerCase(Locale.ROOT).equals(name))
          .findFirst()
          .orElseThrow(
              () ->
                  new IllegalArgumentException(
                      at(node)
                          + "'"
                          + name
                          + "' is no role; anonymous is observer, operator or administrator"));
    }

    private IllegalArgumentException unknown(Node key, String where, String... known) {
      return new IllegalArgumentException(
          at(key) + "unknown key '" + text(key) + "'; " + where + " has " + list(known));
    }

    private static String list(String... words) {
      int last = words.length - 1;
      return String.join(", ", Arrays.copyOf(words, last)) + " and " + words[last];
    }

    private MappingNode mapping(Node node, String what) {
      if (node instanceof MappingNode mapping && mapping.getAnchor() == null) {
        return mapping;
      }
      throw new IllegalArgumentException(
          (node == null ? file + ": " : at(node)) + what + " must be a mapping");
    }

    private String text(Node node) {
      if (node instanceof ScalarNode scalar && scalar.getAnchor() == null) {
        return scalar.getValue();
      }
      throw new IllegalArgumentException(at(node) + "a plain value is expected here");
    }

    private String at(Node node) {
      var mark = node.getStartMark();
      return file + ":" + (mark.getLine() + 1) + ":" + (mark.getColumn() + 1) + ": ";
    }
  }
}
