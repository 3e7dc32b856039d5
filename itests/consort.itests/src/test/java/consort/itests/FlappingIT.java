// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;

import consort.testkit.FaultProxy;
import consort.testkit.Footprint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/**
 * A node that goes and returns again and again leaves nothing behind at one that uses it. The wire
 * alone is tested so in {@code consort.remote}; here it is all that a node makes of it: services,
 * proxies, notes, leases, events.
 */
final class FlappingIT {

  private static final int TIMES = 10;

  private static final String PSU_A = "\"name\":\"PSU_A\"";
  private static final String PSU_B = "\"name\":\"PSU_B\"";
  private static final String LEASE = "\"action\":\"take\",\"names\":[\"PSU_A\"],\"for\":\"1s\"";
  private static final String NOT_IMPORTED = "PSU_B of node a is not imported";

  /** What it does not hear of for two of its heartbeats is gone for it. */
  private static final String USER =
      "node: b\nremote: {heartbeat: 100ms}\npeers: ['tcp://127.0.0.1:%d']\n";

  /**
   * What a node may hold on to of another. Not all of Consort's: the last leases that are over are
   * remembered by their tokens.
   */
  private static final String[] CLASSES = {
    "consort.coordinator.",
    "consort.discovery.",
    "consort.remote.",
    "consort.commands.",
    "consort.api.mesh.",
    "consort.api.typed.",
    "org.apache.aries.rsa.",
    "org.osgi.service.remoteserviceadmin.",
    "org.apache.felix.framework.ServiceRegistrationImpl",
    "sun.nio.ch.SocketChannelImpl"
  };

  private static void await(
      NodeProcess user, String what, String command, String params, Predicate<String> wanted)
      throws InterruptedException {
    user.await(
        what,
        () -> {
          try {
            return wanted.test(user.rpc(command, params));
          } catch (IOException e) {
            throw new AssertionError(e);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
          }
        });
  }

  private static void use(NodeProcess user) throws Exception {
    await(user, "it is described", "info", PSU_A, reply -> reply.contains("set_voltage"));
    // This node has a PSU_B of its own, and notes of the other one that it is not imported.
    await(user, "another is not imported", "why", PSU_B, reply -> reply.contains(NOT_IMPORTED));
  }

  /** Lets it start the threads that tell of events: as many as were ever busy at once stay. */
  private static void warmUp(NodeProcess node) throws Exception {
    for (int i = 0; i < 12; i++) {
      String taken = node.rpc("lease", "\"action\":\"take\",\"names\":[\"NOTHING\"]");
      String id = taken.replaceAll(".*\"id\":\"([^\"]+)\".*", "$1");
      assertThat(node.rpc("lease", "\"action\":\"release\",\"id\":\"" + id + "\""))
          .contains("\"ok\":true");
    }
  }

  private static void goAndReturn(FaultProxy proxy, NodeProcess user) throws Exception {
    use(user);
    // A machine may be so slow that the node is taken for dead, and has to return once more.
    await(user, "it is leased", "lease", LEASE, reply -> reply.contains("\"ok\":true"));
    proxy.refuse(true);
    proxy.cut();
    await(user, "it is gone", "list", "", reply -> !reply.contains("PSU_A"));
    assertThat(user.rpc("why", PSU_A)).contains("PSU_A of node a").contains("is gone");
    proxy.refuse(false);
  }

  @Test
  void aNodeThatGoesAndReturnsLeavesNothingBehind() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    Path homeA =
        Folders.home(
            "flapping-a",
            "node: a\nremote: {listen: 'tcp://127.0.0.1:%d', anonymous: operator}\n"
                .formatted(port));
    Folders.export(homeA, "PSU_A", "simulated.source");
    Folders.export(homeA, "PSU_B", "simulated.source");
    try (FaultProxy proxy = new FaultProxy(port)) {
      Path homeB = Folders.home("flapping-b", USER.formatted(proxy.port()));
      Folders.export(homeB, "PSU_B", "simulated.source");
      try (NodeProcess user = NodeProcess.start(homeB)) {
        Footprint before;
        try (NodeProcess owner = NodeProcess.start(homeA)) {
          for (NodeProcess node : List.of(owner, user)) {
            warmUp(node);
          }
          goAndReturn(proxy, user);
          goAndReturn(proxy, user);
          use(user);
          before = Footprint.of(user.process().toHandle(), CLASSES);
          Footprint ownerBefore = Footprint.of(owner.process().toHandle(), CLASSES);
          for (int time = 0; time < TIMES; time++) {
            goAndReturn(proxy, user);
          }
          use(user);
          assertThat(
                  Footprint.of(owner.process().toHandle(), CLASSES).grownSince(ownerBefore, TIMES))
              .as("at the one that is used")
              .isEmpty();
          owner.process().destroyForcibly().waitFor();
        }
        await(user, "it is gone with its node", "list", "", reply -> !reply.contains("PSU_A"));
        try (NodeProcess again = NodeProcess.start(homeA)) {
          use(user);
          assertThat(again.process().isAlive()).isTrue();
          assertThat(Footprint.of(user.process().toHandle(), CLASSES).grownSince(before, TIMES))
              .as("at the one that uses it")
              .isEmpty();
        }
      }
    }
  }
}
