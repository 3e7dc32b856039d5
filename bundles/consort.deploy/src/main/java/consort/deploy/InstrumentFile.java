// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import consort.api.State;
import consort.api.ValueType;
import consort.api.Values;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.Reconnect;
import consort.api.coordinator.Requirement;
import consort.api.deploy.Finding;
import consort.api.driver.Connection;
import consort.yaml.Node;
import consort.yaml.Problems;
import consort.yaml.Schema;
import consort.yaml.YamlReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Turns the bytes of an instrument file into a specification, or into findings. Threadsafe. */
final class InstrumentFile {

  private static final Pattern LEGACY_ADDRESS =
      Pattern.compile("TCPIP[0-9]*::[^:]+::INSTR::[0-9]+", Pattern.CASE_INSENSITIVE);

  /** Resource names of what no link speaks; {@code consort.link} has the last word. */
  private static final Pattern UNSPOKEN =
      Pattern.compile("(TCPIP.*::INSTR(::[0-9]+)?|(USB|GPIB|VXI|PXI).*)", Pattern.CASE_INSENSITIVE);

  private Schema schema;

  /** Read at the first use, on the thread that uses it, and not when the component is made. */
  synchronized Schema schema() {
    if (schema == null) {
      try (InputStream in = InstrumentFile.class.getResourceAsStream("instrument.schema.json")) {
        schema = Schema.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return schema;
  }

  /**
   * What reading a file gave.
   *
   * @param spec null when the file cannot be used
   * @param findings errors and notes, in the order of the file
   * @param definition the definition it refers to, canonical; null when it refers to none, or to
   *     one that is absent
   * @param awaited a definition that is absent: the file is worth reading again when it exists;
   *     null when nothing is awaited
   */
  record Reading(InstrumentSpec spec, List<Finding> findings, Path definition, Path awaited) {
    boolean usable() {
      return spec != null;
    }
  }

  /**
   * Reads.
   *
   * @param shown the name of the file in findings
   * @param file where it is, for what it refers to
   */
  Reading read(String shown, Path file, byte[] bytes) {
    Problems problems = new Problems(shown);
    Node root = YamlReader.read(isLua(file) ? composite(file) : bytes, problems);
    if (root == null) {
      return new Reading(null, problems.all(), null, null);
    }
    schema().check(root, problems);
    rules(root, problems);
    ApiReference reference = null;
    Node ref = root.get("api_ref");
    if (ref != null && ref.is(Node.Kind.TEXT)) {
      reference = ApiReference.of((String) ref.value(), file);
      if (reference.path() == null) {
        problems.error(ref, "API definition file not found: " + reference.tried());
      }
    }
    Path awaited = reference == null || reference.path() != null ? null : reference.tried();
    InstrumentSpec spec = problems.failed() ? null : spec(root, reference, shown, problems);
    Path definition = reference == null ? null : reference.path();
    return new Reading(problems.failed() ? null : spec, problems.all(), definition, awaited);
  }

  private static boolean isLua(Path file) {
    return file.getFileName().toString().endsWith(Formats.LUA);
  }

  /** What stands for a file of Lua: it is the definition of the instrument of its name. */
  private static byte[] composite(Path file) {
    String name = file.getFileName().toString();
    String stem = name.substring(0, name.length() - Formats.LUA.length()).replace("'", "''");
    return "name: '%s'\napi_ref: '%s'\nconnection: {type: None}\n"
        .formatted(stem, name.replace("'", "''"))
        .getBytes(StandardCharsets.UTF_8);
  }

  /** What a schema does not say, or says without a reason. */
  private static void rules(Node root, Problems problems) {
    Node isolation = root.get("isolation");
    if (isolation != null && "process".equals(isolation.value())) {
      problems.error(
          isolation, "process is not supported by this version; write none, or leave the key out");
    }
    positive(root, "deadline", problems);
    Node requires = root.get("requires");
    if (requires != null && requires.is(Node.Kind.LIST)) {
      for (Node one : requires.items()) {
        String other = one.is(Node.Kind.MAP) ? one.text("instrument") : null;
        if (other != null && other.equals(root.text("name"))) {
          problems.error(one, other + " cannot require itself");
        }
      }
    }
    Node health = root.get("health");
    if (health != null && health.is(Node.Kind.MAP)) {
      positive(health, "interval", problems);
    }
    Node reconnect = root.get("reconnect");
    if (reconnect != null && reconnect.is(Node.Kind.MAP)) {
      backOff(reconnect, problems);
    }
    Node connection = root.get("connection");
    Node termination = connection == null ? null : connection.get("termination");
    if (termination != null && termination.is(Node.Kind.TEXT)) {
      String characters = unescaped((String) termination.value());
      if (characters.length() > 3) {
        problems.error(termination, "'" + Node.cut(characters) + "' is longer than 3 characters");
      }
    }
    unspoken(root.get("connection"), problems);
    if (root.get("api_ref") != null) {
      legacy(root, problems);
    }
    Node settings = root.get("settings");
    if (settings != null && settings.get("io_config") != null && root.get("io_config") != null) {
      problems.error(
          settings.get("io_config"), "io_config is a key of its own already; leave this one out");
    }
  }

  private static void positive(Node map, String key, Problems problems) {
    Duration duration = duration(map, key);
    if (duration != null && duration.isZero()) {
      problems.error(map.get(key), "a duration of nothing is not allowed");
    }
  }

  private static void backOff(Node reconnect, Problems problems) {
    positive(reconnect, "first", problems);
    positive(reconnect, "cap", problems);
    Duration first = or(duration(reconnect, "first"), Reconnect.DEFAULT.first());
    Duration cap = or(duration(reconnect, "cap"), Reconnect.DEFAULT.cap());
    if (reconnect.get("cap") != null && cap.compareTo(first) < 0) {
      problems.error(
          reconnect.get("cap"),
          "the longest wait (cap) is shorter than the first (" + first.toMillis() + " ms)");
    }
  }

  /** Says before it is tried that an instrument cannot be reached that way. */
  private static void unspoken(Node connection, Problems problems) {
    if (connection == null) {
      return;
    }
    boolean text = connection.is(Node.Kind.TEXT);
    Node address = text ? connection : connection.get("address");
    boolean visa = text || "VISA".equals(connection.text("type"));
    if (visa && address != null && UNSPOKEN.matcher(address.value().toString()).matches()) {
      problems.note(
          address,
          "VXI-11, HiSLIP, USB and GPIB are not spoken yet: the instrument will be OFFLINE; most LXI"
              + " instruments also take TCPIP::<host>::5025::SOCKET");
    }
  }

  /** Notes on what instrument-script-server's own schema does not have, though its files do. */
  private static void legacy(Node root, Problems problems) {
    Node name = root.get("name");
    if (name != null && !name.value().toString().matches("[A-Z][A-Z0-9_]*")) {
      problems.note(name, "instrument-script-server takes capitals, digits and underscores only");
    }
    if (root.get("io_config") == null) {
      problems.note(root, "io_config is absent; instrument-script-server wants it");
    }
    Node connection = root.get("connection");
    if (connection != null) {
      for (String key : List.of("timeout", "termination")) {
        if (connection.get(key) != null) {
          problems.note(
              connection.get(key),
              "this key is not in the schema of instrument-script-server; accepted");
        }
      }
      Node address = connection.is(Node.Kind.TEXT) ? connection : connection.get("address");
      if (address != null && LEGACY_ADDRESS.matcher(address.value().toString()).matches()) {
        problems.note(address, "the usual form of this address is TCPIP::host::INSTR; accepted");
      }
    }
    Node ios = root.get("io_config");
    if (ios != null) {
      ios.fields()
          .forEach(
              (io, field) -> {
                if ("setting".equals(field.value().text("role"))) {
                  problems.note(
                      field.value().get("role"),
                      "the role setting is not in the schema of"
                          + " instrument-script-server; accepted");
                }
              });
    }
  }

  private static InstrumentSpec spec(
      Node root, ApiReference reference, String shown, Problems problems) {
    Node startup = root.get("startup");
    try {
      return new InstrumentSpec(
          root.text("name"),
          reference == null ? root.text("driver") : ApiReference.driver(reference.path()),
          root.text("version"),
          connection(root.get("connection")),
          settings(root),
          initCommands(startup),
          Duration.ofMillis(number(startup, "delay_ms")),
          duration(root, "deadline"),
          reconnect(root.get("reconnect")),
          root.get("export") != null && (Boolean) root.get("export").value(),
          labels(root.get("labels")),
          root.get("health") == null ? null : duration(root.get("health"), "interval"),
          requirements(root.get("requires")),
          shown);
    } catch (IllegalArgumentException e) {
      // the schema and the specification do not agree; the file is still only reported
      problems.error(e.getMessage());
      return null;
    }
  }

  private static Connection connection(Node node) {
    if (node == null) {
      return Connection.NONE;
    }
    if (node.is(Node.Kind.TEXT)) {
      return Connection.visa((String) node.value());
    }
    Map<String, Object> settings = new HashMap<>(node.plainFields());
    settings.remove("type");
    settings.remove("address");
    settings.computeIfPresent("termination", (key, value) -> unescaped((String) value));
    String address = node.text("address");
    return new Connection(node.text("type"), address == null ? "" : address, settings);
  }

  /**
   * The declarative driver takes its inputs and outputs from the settings, where a swap sees them.
   */
  private static Map<String, Object> settings(Node root) {
    Map<String, Object> settings = new HashMap<>();
    if (root.get("settings") != null) {
      settings.putAll(root.get("settings").plainFields());
    }
    if (root.get("io_config") != null) {
      settings.put("io_config", root.get("io_config").plainFields());
    }
    return settings;
  }

  private static List<String> initCommands(Node startup) {
    Node commands = startup == null ? null : startup.get("init_commands");
    return commands == null
        ? List.of()
        : commands.items().stream().map(n -> (String) n.value()).toList();
  }

  private static Reconnect reconnect(Node node) {
    Reconnect usual = Reconnect.DEFAULT;
    if (node == null || Boolean.TRUE.equals(node.value())) {
      return usual;
    }
    Node startup = node.get("startup");
    return new Reconnect(
        node.is(Node.Kind.MAP),
        or(duration(node, "first"), usual.first()),
        or(duration(node, "cap"), max(usual.cap(), or(duration(node, "first"), usual.first()))),
        startup != null && (Boolean) startup.value());
  }

  private static List<Requirement> requirements(Node node) {
    return node == null
        ? List.of()
        : node.items().stream().map(InstrumentFile::requirement).toList();
  }

  private static Requirement requirement(Node node) {
    String state = node.text("state");
    return new Requirement(
        node.text("instrument"), state == null ? State.READY : State.valueOf(state));
  }

  private static Map<String, String> labels(Node node) {
    Map<String, String> labels = new HashMap<>();
    if (node != null) {
      node.fields().forEach((key, field) -> labels.put(key, (String) field.value().value()));
    }
    return labels;
  }

  private static long number(Node map, String key) {
    Node node = map == null ? null : map.get(key);
    return node == null ? 0 : ((Number) node.value()).longValue();
  }

  /** Null when it is absent or no duration. */
  private static Duration duration(Node map, String key) {
    Node node = map.get(key);
    if (node == null || !node.is(Node.Kind.TEXT)) {
      return null;
    }
    try {
      return (Duration) Values.convert(key, ValueType.DURATION, node.value());
    } catch (consort.api.Refused e) {
      return null;
    }
  }

  private static Duration or(Duration duration, Duration absent) {
    return duration == null ? absent : duration;
  }

  private static Duration max(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? b : a;
  }

  /**
   * {@code '\r\n'} in single quotes or without any is the text of four characters; take it as two.
   */
  private static String unescaped(String text) {
    return text.replace("\\r", "\r").replace("\\n", "\n").replace("\\t", "\t").replace("\\0", "\0");
  }
}
