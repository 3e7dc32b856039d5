// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.Role;
import consort.api.mesh.Mesh;
import consort.api.mesh.MeshPlan;
import consort.api.mesh.NodeStatus;
import consort.api.mesh.PeerListener;
import consort.api.mesh.UserStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A mesh of which only the statuses are there. */
final class FakeMesh implements Mesh {

  private final NodeStatus self;
  private final List<NodeStatus> nodes = new ArrayList<>();
  private final List<UserStatus> users = new ArrayList<>();

  private FakeMesh(NodeStatus self) {
    this.self = self;
  }

  static FakeMesh listening(String name, String address, String... instruments) {
    return new FakeMesh(
        new NodeStatus(name, address, true, Instant.EPOCH, "", List.of(instruments)));
  }

  static FakeMesh deaf(String name) {
    return new FakeMesh(
        new NodeStatus(name, "", false, Instant.EPOCH, "it listens for no others", List.of()));
  }

  FakeMesh using(String name, String address, String... instruments) {
    nodes.add(new NodeStatus(name, address, true, Instant.EPOCH, "", List.of(instruments)));
    return this;
  }

  FakeMesh missing(String address, String why) {
    nodes.add(new NodeStatus("", address, false, Instant.EPOCH, why, List.of()));
    return this;
  }

  FakeMesh usedBy(String name, String from, boolean proven, int calls) {
    users.add(
        new UserStatus(
            name, from, proven, Role.OPERATOR, Instant.EPOCH, calls, List.of("DMM1", "PSU1")));
    return this;
  }

  @Override
  public MeshPlan plan() {
    return new MeshPlan(List.of(), "", Map.of());
  }

  @Override
  public NodeStatus self() {
    return self;
  }

  @Override
  public List<NodeStatus> nodes() {
    return nodes;
  }

  @Override
  public List<UserStatus> users() {
    return users;
  }

  @Override
  public Peer connect(String address, PeerListener listener) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<String> notes(String instrument) {
    return List.of();
  }

  @Override
  public void note(String instrument, String about, String text) {
    throw new UnsupportedOperationException();
  }
}
