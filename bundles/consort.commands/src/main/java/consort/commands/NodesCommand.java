// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.Role;
import consort.api.mesh.Mesh;
import consort.api.mesh.NodeStatus;
import consort.api.mesh.UserStatus;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/** The command about other nodes. */
final class NodesCommand {

  static final String ALONE =
      "This node knows no others. In etc/consort.yaml, \"peers: ['tls://HOST:8600']\" names those it"
          + " uses, and \"remote: {listen: 'tls://0.0.0.0:8600'}\" lets others use it; then start it"
          + " again";

  private final Supplier<Mesh> mesh;

  NodesCommand(Supplier<Mesh> mesh) {
    this.mesh = mesh;
  }

  List<Command> all() {
    return List.of(
        new Command(
            new CommandDoc(
                "nodes",
                Role.OBSERVER,
                List.of(),
                "This node and others: those it uses, and those that use it."),
            (p, caller) -> nodes()));
  }

  private Map<String, Object> nodes() {
    Mesh service = mesh.get();
    if (service == null) {
      return Plain.map("nodes", List.of(), "users", List.of(), "text", ALONE);
    }
    return Plain.map(
        "node", node(service.self()),
        "nodes", service.nodes().stream().map(NodesCommand::node).toList(),
        "users", service.users().stream().map(NodesCommand::user).toList());
  }

  private static Map<String, Object> node(NodeStatus n) {
    return Plain.map(
        "name", n.name(),
        "address", n.address(),
        "connected", n.connected(),
        "since", n.since().toString(),
        "text", n.text(),
        "instruments", n.instruments());
  }

  private static Map<String, Object> user(UserStatus u) {
    return Plain.map(
        "name", u.name(),
        "address", u.address(),
        "proven", u.proven(),
        "role", u.role().name().toLowerCase(Locale.ROOT),
        "since", u.since().toString(),
        "calls", u.calls(),
        "instruments", u.instruments());
  }
}
