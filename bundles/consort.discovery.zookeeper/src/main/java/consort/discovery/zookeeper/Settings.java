// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import consort.api.InstrumentException;
import consort.api.ParameterInfo;
import consort.api.ValueType;
import consort.api.Values;
import consort.api.deploy.Finding;
import consort.yaml.Node;
import consort.yaml.Problems;
import consort.yaml.YamlReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What {@code etc/consort.yaml} says of ZooKeeper. The keys are in the schema that the whole file
 * is checked with when the node starts.
 *
 * @param servers {@code HOST:PORT} of each, with commas between
 * @param root the node of ZooKeeper that all of this laboratory is below
 * @param session after which time without a sign of life this node counts as gone; 2 s to 60 s
 * @param user who this node is to ZooKeeper; empty for nobody
 * @param password of the user
 * @param tls whether to connect with the node's keys, which also say who it is
 */
public record Settings(
    String servers, String root, Duration session, String user, String password, boolean tls) {

  private static final Pattern SERVER =
      Pattern.compile("([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:]+\\]):[0-9]{1,5}");
  private static final Pattern ROOT = Pattern.compile("(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+");
  private static final Pattern SPOKEN_OF = Pattern.compile("(?m)^[\"']?discovery[\"']?\\s*:");
  private static final Duration SHORTEST = Duration.ofSeconds(2);
  private static final Duration LONGEST = Duration.ofSeconds(60);

  /** Checks. */
  public Settings {
    for (String server : servers.split(",", -1)) {
      if (!SERVER.matcher(server).matches()) {
        throw wrong("servers: '" + server + "' is not HOST:PORT, such as zk1:2181");
      }
    }
    if (!ROOT.matcher(root).matches()) {
      throw wrong("root: '" + root + "' is not a path such as /consort");
    }
    if (session.compareTo(SHORTEST) < 0 || session.compareTo(LONGEST) > 0) {
      throw wrong("session: " + session.toMillis() + " ms is outside [2 s, 60 s]");
    }
    if (user.isEmpty() != password.isEmpty() || user.contains(":")) {
      throw wrong("user and password_file belong together, and a user has no ':' in its name");
    }
  }

  private static IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException("discovery: zookeeper: " + what);
  }

  /** Reads the file; empty when it says nothing of ZooKeeper. */
  static Optional<Settings> read(Path home) throws IOException {
    Path file = home.resolve("etc/consort.yaml");
    if (!Files.exists(file) || !SPOKEN_OF.matcher(Files.readString(file)).find()) {
      return Optional.empty();
    }
    Problems problems = new Problems(file.toString());
    Node root = YamlReader.read(Files.readAllBytes(file), problems);
    if (problems.failed()) {
      throw new IllegalArgumentException(
          problems.all().stream().map(Finding::toString).collect(Collectors.joining("\n")));
    }
    Node discovery = root == null ? null : root.get("discovery");
    Node zookeeper = discovery == null ? null : discovery.get("zookeeper");
    if (zookeeper == null) {
      return Optional.empty();
    }
    List<Node> servers =
        zookeeper.get("servers") == null ? List.of() : zookeeper.get("servers").items();
    return Optional.of(
        new Settings(
            servers.stream()
                .map(server -> String.valueOf(server.value()))
                .collect(Collectors.joining(",")),
            text(zookeeper, "root", "/consort"),
            duration(text(zookeeper, "session", "6s")),
            text(zookeeper, "user", ""),
            password(home, zookeeper.text("password_file")),
            Boolean.parseBoolean(text(zookeeper, "tls", "false"))));
  }

  private static String text(Node map, String key, String otherwise) {
    return Optional.ofNullable(map.text(key)).orElse(otherwise);
  }

  private static Duration duration(String text) {
    try {
      ParameterInfo parameter = ParameterInfo.of("session", ValueType.DURATION);
      return (Duration) Values.convert("zookeeper", parameter, text);
    } catch (InstrumentException e) {
      throw wrong("session: " + e.getMessage());
    }
  }

  private static String password(Path home, String file) throws IOException {
    if (file == null) {
      return "";
    }
    Path path = home.resolve(file);
    try {
      if (Files.size(path) > 1000) {
        throw wrong("password_file: " + path + " has more than 1000 bytes");
      }
      String password = Files.readString(path).strip();
      if (password.isEmpty()) {
        throw wrong("password_file: " + path + " is empty");
      }
      return password;
    } catch (NoSuchFileException e) {
      throw wrong("password_file: " + path + " is not there");
    }
  }

  /** The password stays out of logs. */
  @Override
  public String toString() {
    return "ZooKeeper " + servers + " below " + root + (user.isEmpty() ? "" : " as " + user);
  }
}
