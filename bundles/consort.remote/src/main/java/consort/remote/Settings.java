// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.Names;
import consort.api.Refused;
import consort.api.Role;
import consort.api.ValueType;
import consort.api.Values;
import consort.api.deploy.Finding;
import consort.api.mesh.MeshPlan;
import consort.yaml.Node;
import consort.yaml.Problems;
import consort.yaml.YamlReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.osgi.framework.Filter;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;

/**
 * What {@code etc/consort.yaml} says of other nodes, and the framework's properties.
 *
 * @param listen where this node listens for others; null for nowhere
 * @param permissions what other nodes may do
 * @param heartbeat how often there is a sign of life
 * @param export an LDAP filter on instruments that are exported beside those whose file says so;
 *     empty for none
 * @param plan what concerns the other nodes
 */
record Settings(
    Address listen, Permissions permissions, Duration heartbeat, String export, MeshPlan plan) {

  /**
   * Reads the file in {@code consort.home}, if the framework has such a property. Its {@code
   * consort.peers}, addresses with commas between, come in place of those of the file.
   *
   * @throws IllegalArgumentException when something is wrong there; says what and where
   */
  static Settings read(UnaryOperator<String> property) throws IOException {
    String home = property.apply("consort.home");
    Path folder = Path.of(home == null ? "" : home);
    Settings file =
        home == null ? new Written(folder, new Problems("no file")).settings(null) : read(folder);
    String peers = property.apply("consort.peers");
    return peers == null ? file : file.using(folder, peers);
  }

  private Settings using(Path home, String peers) {
    List<String> addresses = new ArrayList<>();
    for (String peer : peers.strip().split("\\s*,\\s*")) {
      try {
        addresses.add(Address.parse(peer).below(home).toString());
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "the framework property consort.peers: " + e.getMessage(), e);
      }
    }
    return new Settings(
        listen,
        permissions,
        heartbeat,
        export,
        new MeshPlan(addresses, plan.imports(), plan.names()));
  }

  /** Whether TLS is spoken with somebody who is known already. */
  boolean needsKeys() {
    return isTls(listen) || plan.peers().stream().anyMatch(peer -> isTls(Address.parse(peer)));
  }

  private static boolean isTls(Address address) {
    return address != null && address.kind() == Address.Kind.TLS;
  }

  /** Reads the file; one that is not there says nothing. */
  static Settings read(Path home) throws IOException {
    Path file = home.resolve("etc/consort.yaml");
    Problems problems = new Problems(file.toString());
    Node root = Files.exists(file) ? YamlReader.read(Files.readAllBytes(file), problems) : null;
    Written written = new Written(home, problems);
    Settings settings = root == null ? written.settings(null) : written.root(root);
    if (problems.failed()) {
      throw new IllegalArgumentException(
          problems.all().stream().map(Finding::toString).collect(Collectors.joining("\n")));
    }
    return settings;
  }

  /**
   * The keys of the file as they are read. Which keys there are is said by the schema of the whole
   * file; here it is about what they mean.
   */
  private static final class Written {
    private static final String NONE = "none";

    private final Path home;
    private final Problems problems;
    private Address listen;
    private Role role = Role.OPERATOR;
    private Role anonymous;
    private Node.Field nodes;
    private Duration heartbeat = Duration.ofMillis(400);
    private String export = "";
    private String imports = "";
    private final List<String> peers = new ArrayList<>();
    private final Map<String, String> names = new LinkedHashMap<>();

    Written(Path home, Problems problems) {
      this.home = home;
      this.problems = problems;
    }

    Settings root(Node root) {
      Node remote = root.get("remote");
      if (remote != null) {
        remote.fields().forEach((name, field) -> remote(name, field));
      }
      if (root.get("peers") != null) {
        for (Node peer : root.get("peers").items()) {
          Address address = address(peer);
          if (address != null) {
            peers.add(address.toString());
          }
        }
      }
      if (root.get("imports") != null) {
        root.get("imports").fields().forEach(this::rename);
      }
      return settings(remote);
    }

    private void remote(String name, Node.Field field) {
      Node value = field.value();
      switch (name) {
        case "nodes" -> nodes = field;
        case "listen" -> listen = address(value);
        case "role" -> role = roleOrNone(value);
        case "anonymous" -> anonymous = role(value);
        case "heartbeat" -> heartbeat = heartbeat(value);
        case "export" -> export = filter(value);
        case "import" -> imports = filter(value);
        default -> {
          // the schema says so
        }
      }
    }

    private void rename(String there, Node.Field field) {
      String here = String.valueOf(field.value().value());
      if (!there.matches("\\S+\\.[A-Za-z][A-Za-z0-9_]*")) {
        problems.error(field, "'" + there + "' is not such as NODE.INSTRUMENT");
      } else if (!Names.isInstrument(here)) {
        problems.error(field.value(), "'" + here + "' is not a name of an instrument");
      }
      names.put(there, here);
    }

    private Address address(Node node) {
      try {
        return Address.parse(String.valueOf(node.value())).below(home);
      } catch (IllegalArgumentException e) {
        problems.error(node, e.getMessage());
        return null;
      }
    }

    /** Null for none. */
    private Role roleOrNone(Node node) {
      return NONE.equals(node.value()) ? null : role(node);
    }

    private Role role(Node node) {
      String text = String.valueOf(node.value());
      for (Role known : Role.values()) {
        if (known.name().equals(text.toUpperCase(Locale.ROOT))) {
          return known;
        }
      }
      problems.error(node, "'" + text + "' is no role: observer, operator, administrator");
      return Role.OBSERVER;
    }

    private Duration heartbeat(Node node) {
      try {
        Duration duration =
            (Duration) Values.convert("heartbeat", ValueType.DURATION, node.value());
        if (duration.toMillis() < 100 || duration.toMillis() > 60_000) {
          problems.error(node, "a heartbeat of " + node.value() + " is outside [100 ms, 60 s]");
        }
        return duration;
      } catch (Refused | ArithmeticException e) {
        problems.error(node, e.getMessage());
        return heartbeat;
      }
    }

    private String filter(Node node) {
      try {
        return FrameworkUtil.createFilter(String.valueOf(node.value())).toString();
      } catch (InvalidSyntaxException e) {
        problems.error(node, "'" + node.value() + "' is no filter such as (consort.model=34470A)");
        return "";
      }
    }

    private Map<String, Permission> nodes() {
      Map<String, Permission> named = new LinkedHashMap<>();
      if (nodes != null) {
        if (listen == null || listen.kind() != Address.Kind.TLS) {
          problems.error(
              nodes,
              "only tls:// proves the name of a node, and this one listens "
                  + (listen == null ? "nowhere" : "on " + listen));
        }
        nodes.value().fields().forEach((name, field) -> named.put(name, permission(field)));
      }
      return named;
    }

    private Permission permission(Node.Field field) {
      Node value = field.value();
      if (!value.is(Node.Kind.MAP)) {
        return new Permission(roleOrNone(value));
      }
      Node given = value.get("role");
      if (given == null && role == null) {
        problems.error(field, "the role is missing; 'role: none' is for nodes that are not named");
      }
      Node instruments = value.get("instruments");
      String filter = instruments == null ? "" : filter(instruments);
      return new Permission(given == null ? role : roleOrNone(given), compiled(filter));
    }

    private static Filter compiled(String filter) {
      try {
        return filter.isEmpty() ? null : FrameworkUtil.createFilter(filter);
      } catch (InvalidSyntaxException e) {
        throw new IllegalStateException("it has been checked", e);
      }
    }

    Settings settings(Node remote) {
      boolean open = listen != null && listen.kind() == Address.Kind.TCP;
      if (open && anonymous == null) {
        problems.error(
            remote.get("listen"),
            listen
                + " proves nothing of who connects; 'anonymous: operator' says what anybody on"
                + " this computer may do, or use unix: or tls://");
      }
      Permissions permissions = new Permissions(new Permission(open ? anonymous : role), nodes());
      if (listen != null && role == null && !permissions.letAnybodyIn()) {
        problems.error(
            remote.get("role"),
            "nobody is let in; name under 'nodes:' who is, or leave 'listen:' out");
      }
      return new Settings(
          listen, permissions, heartbeat, export, new MeshPlan(peers, imports, names));
    }
  }
}
