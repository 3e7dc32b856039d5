// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.InstrumentException;
import consort.api.Names;
import consort.api.ParameterInfo;
import consort.api.Role;
import consort.api.ValueType;
import consort.api.Values;
import consort.api.mesh.MeshPlan;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * What {@code etc/consort.yaml} says of other nodes.
 *
 * @param listen where this node listens for others; null for nowhere
 * @param role what the callers of other nodes may do at most
 * @param heartbeat how often there is a sign of life
 * @param export an LDAP filter on instruments that are exported beside those whose file says so;
 *     empty for none
 * @param key the node's key and certificate
 * @param trust the certificates of those who certify nodes
 * @param password the file with the password of both
 * @param tls whether keys are needed
 * @param plan what concerns the other nodes
 */
record Settings(
    Address listen,
    Role role,
    Duration heartbeat,
    String export,
    Path key,
    Path trust,
    Path password,
    boolean tls,
    MeshPlan plan) {

  /** Reads the file; one that is not there says nothing. */
  static Settings read(Path home) throws IOException {
    Path file = home.resolve("etc/consort.yaml");
    Written written = new Written(file, home);
    if (Files.exists(file)) {
      try (Reader reader = Files.newBufferedReader(file)) {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        options.setMaxAliasesForCollections(0);
        Node root = new Yaml(options).compose(reader);
        if (root != null) {
          written.root(written.mapping(root, "the file"));
        }
      } catch (MarkedYAMLException e) {
        var mark = e.getProblemMark();
        throw new IllegalArgumentException(
            file
                + ":"
                + (mark.getLine() + 1)
                + ":"
                + (mark.getColumn() + 1)
                + ": "
                + e.getProblem(),
            e);
      }
    }
    return written.settings();
  }

  /** The keys of the file as they are read. */
  private static final class Written {
    private final Path file;
    private final Path home;
    private Address listen;
    private Role role = Role.OPERATOR;
    private Role anonymous;
    private Duration heartbeat = Duration.ofMillis(400);
    private String export = "";
    private String imports = "";
    private Path key;
    private Path trust;
    private Path password;
    private final List<String> peers = new ArrayList<>();
    private final Map<String, String> names = new LinkedHashMap<>();

    Written(Path file, Path home) {
      this.file = file;
      this.home = home;
      key = home.resolve("data/keys/node.p12");
      trust = home.resolve("data/keys/trust.p12");
      password = home.resolve("data/keys/node.password");
    }

    void root(MappingNode root) {
      for (NodeTuple entry : root.getValue()) {
        Node value = entry.getValueNode();
        switch (text(entry.getKeyNode())) {
          case "remote" -> remote(mapping(value, "remote"));
          case "peers" -> {
            for (Node peer : sequence(value)) {
              peers.add(address(peer).toString());
            }
          }
          case "imports" -> {
            for (NodeTuple name : mapping(value, "imports").getValue()) {
              rename(name);
            }
          }
          default -> {
            // read by others
          }
        }
      }
    }

    private void rename(NodeTuple name) {
      String there = text(name.getKeyNode());
      String here = text(name.getValueNode());
      if (!there.matches("[^.\\s]+(\\.[^.\\s]+)*\\.[A-Za-z][A-Za-z0-9_]*")) {
        throw wrong(name.getKeyNode(), "'" + there + "' is not such as NODE.INSTRUMENT");
      }
      if (!Names.isInstrument(here)) {
        throw wrong(name.getValueNode(), "'" + here + "' is not a name of an instrument");
      }
      names.put(there, here);
    }

    private void remote(MappingNode remote) {
      for (NodeTuple entry : remote.getValue()) {
        Node value = entry.getValueNode();
        String name = text(entry.getKeyNode());
        switch (name) {
          case "listen" -> listen = address(value);
          case "role" -> role = role(value);
          case "anonymous" -> anonymous = role(value);
          case "heartbeat" -> heartbeat = heartbeat(value);
          case "export" -> export = filter(value);
          case "import" -> imports = filter(value);
          case "tls" -> tls(mapping(value, "tls"));
          default ->
              throw wrong(
                  entry.getKeyNode(),
                  "unknown key '"
                      + name
                      + "'; remote has listen, role, anonymous, heartbeat, export, import, tls");
        }
      }
    }

    private void tls(MappingNode tls) {
      for (NodeTuple entry : tls.getValue()) {
        Path path = home.resolve(text(entry.getValueNode()));
        switch (text(entry.getKeyNode())) {
          case "key" -> key = path;
          case "trust" -> trust = path;
          case "password" -> password = path;
          default -> throw wrong(entry.getKeyNode(), "unknown key; tls has key, trust, password");
        }
      }
    }

    private Address address(Node node) {
      try {
        Address address = Address.parse(text(node));
        return address.kind() == Address.Kind.UNIX
            ? new Address(Address.Kind.UNIX, home.resolve(address.host()).toString(), 0)
            : address;
      } catch (IllegalArgumentException e) {
        throw wrong(node, e.getMessage());
      }
    }

    private Role role(Node node) {
      try {
        return Role.valueOf(text(node).toUpperCase(Locale.ROOT));
      } catch (IllegalArgumentException e) {
        throw wrong(node, "'" + text(node) + "' is no role: observer, operator, administrator");
      }
    }

    private Duration heartbeat(Node node) {
      try {
        ParameterInfo parameter = ParameterInfo.of("heartbeat", ValueType.DURATION);
        Duration duration = (Duration) Values.convert("remote", parameter, text(node));
        if (duration.toMillis() >= 100 && duration.toMillis() <= 60_000) {
          return duration;
        }
        throw wrong(node, "a heartbeat of " + text(node) + " is outside [100 ms, 60 s]");
      } catch (InstrumentException e) {
        throw wrong(node, e.getMessage());
      }
    }

    private String filter(Node node) {
      try {
        return FrameworkUtil.createFilter(text(node)).toString();
      } catch (InvalidSyntaxException e) {
        throw wrong(node, "'" + text(node) + "' is no filter such as (consort.model=34470A)");
      }
    }

    MappingNode mapping(Node node, String what) {
      if (node instanceof MappingNode mapping && mapping.getAnchor() == null) {
        return mapping;
      }
      throw wrong(node, what + " must be a mapping");
    }

    private List<Node> sequence(Node node) {
      if (node instanceof SequenceNode sequence && sequence.getAnchor() == null) {
        return sequence.getValue();
      }
      throw wrong(node, "a list is expected here");
    }

    private String text(Node node) {
      if (node instanceof ScalarNode scalar && scalar.getAnchor() == null) {
        return scalar.getValue();
      }
      throw wrong(node, "a plain value is expected here");
    }

    private IllegalArgumentException wrong(Node node, String what) {
      var mark = node.getStartMark();
      return new IllegalArgumentException(
          file + ":" + (mark.getLine() + 1) + ":" + (mark.getColumn() + 1) + ": " + what);
    }

    Settings settings() {
      boolean open = listen != null && listen.kind() == Address.Kind.TCP;
      if (open && anonymous == null) {
        throw new IllegalArgumentException(
            file
                + ": remote: "
                + listen
                + " proves nothing of who connects; 'anonymous: operator' says what anybody on"
                + " this computer may do, or use unix: or tls://");
      }
      boolean tls =
          listen != null && listen.kind() == Address.Kind.TLS
              || peers.stream().anyMatch(peer -> peer.startsWith("tls:"));
      return new Settings(
          listen,
          open ? anonymous : role,
          heartbeat,
          export,
          key,
          trust,
          password,
          tls,
          new MeshPlan(peers, imports, names));
    }
  }
}
