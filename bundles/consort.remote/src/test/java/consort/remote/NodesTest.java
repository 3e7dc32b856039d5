// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.Call;
import consort.api.Instrument;
import consort.api.Role;
import consort.api.ValueType;
import consort.api.mesh.NodeStatus;
import consort.api.mesh.UserStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is told of the nodes that are used, and of those that use this one. */
final class NodesTest {

  private final CountDownLatch release = new CountDownLatch(1);
  private final FakeInstrument fake = new FakeInstrument("DMM1");
  private Side a;
  private Side b;

  @BeforeEach
  void makeSides() throws IOException {
    fake.with("hold", ValueType.VOID, List.of(), arguments -> await());
    a = new Side("a");
    b = new Side("b");
    a.export(fake, Instrument.class);
  }

  @AfterEach
  void end() {
    release.countDown();
    b.close();
    a.close();
    fake.close();
  }

  private Object await() {
    try {
      release.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return null;
  }

  @Test
  void aNodeThatWasFoundIsForgottenWhenItIsAwayAndNothingOfItIsImported() throws IOException {
    Address address = a.listen("tcp://127.0.0.1:0");
    PeerClient client = b.peers.client(address);
    b.peers.imported(address, 1);
    b.peers.imported(address, 1);
    Side.await("it is connected", client::connected);

    b.peers.imported(address, -1);
    a.deafen();
    Side.await("it is not connected", () -> !client.connected());
    a.relisten(address, Side.ALL);
    Side.await("one import is enough to connect it again", client::connected);

    b.peers.imported(address, -1);
    assertThat(client.connected()).isTrue();
    a.deafen();
    Side.await("it is forgotten", () -> b.peers.nodes().isEmpty());
    assertThat(b.peers.client(address)).isNotSameAs(client);
  }

  @Test
  void aNodeThatIsImportedAgainWhileItIsConnectedIsKept() throws IOException {
    Address address = a.listen("tcp://127.0.0.1:0");
    PeerClient client = b.peers.client(address);
    b.peers.imported(address, 1);
    Side.await("it is connected", client::connected);
    b.peers.imported(address, -1);
    b.peers.imported(address, 1);
    a.deafen();
    Side.await("it is not connected", () -> !client.connected());
    a.relisten(address, Side.ALL);
    Side.await("it is connected again", client::connected);
  }

  @Test
  void whoUsesANodeIsToldWithItsCallsAsLongAsItIsConnected() throws IOException {
    Instant before = Instant.now();
    Address address =
        a.listen("tcp://127.0.0.1:0", new Permissions(new Permission(Role.OBSERVER), Map.of()));
    PeerClient client = b.use(address);
    Side.await("b is connected", client::connected);
    b.instrument(address, "DMM1").send(Call.of("hold"));
    Side.await("its call is under way", () -> a.peers.users().get(0).calls() == 1);

    UserStatus user = a.peers.users().get(0);
    assertThat(user.name()).isEqualTo("b");
    assertThat(user.address()).matches("127\\.0\\.0\\.1:[0-9]+");
    assertThat(user.proven()).isFalse();
    assertThat(user.role()).isEqualTo(Role.OBSERVER);
    assertThat(user.since()).isBetween(before, Instant.now());
    assertThat(user.instruments()).containsExactly("DMM1");

    release.countDown();
    Side.await("the call is over", () -> a.peers.users().get(0).calls() == 0);
    client.close();
    Side.await("b is gone", () -> a.peers.users().isEmpty());
  }

  @Test
  void whoComesThroughASocketFileHasNoAddress(@TempDir Path folder) throws IOException {
    PeerClient client = b.use(a.listen("unix:" + folder.resolve("a.sock")));
    Side.await("b is connected", client::connected);

    assertThat(a.peers.users()).extracting(UserStatus::address).containsExactly("");
  }

  @Test
  void aUsedNodeIsToldWithItsInstrumentsOrWhyItIsNotConnected() throws IOException {
    Address address = a.listen("tcp://127.0.0.1:0");
    b.use(address);
    Side.await("a is connected", () -> status().connected());
    assertThat(status().name()).isEqualTo("a");
    assertThat(status().text()).isEmpty();
    assertThat(status().instruments()).containsExactly("DMM1");

    a.deafen();
    Side.await("a is away", () -> !status().connected());
    assertThat(status().text()).isNotEmpty();
    assertThat(status().instruments()).isEmpty();
  }

  @Test
  void whatWentWithItsNodeIsRememberedUntilTheNodeReturns() throws IOException {
    Address address = a.listen("tcp://127.0.0.1:0");
    b.use(address);
    Side.await("it is offered", () -> !b.offered.isEmpty());
    assertThat(b.peers.notes("DMM1")).isEmpty();

    a.deafen();
    Side.await("it is gone", b.offered::isEmpty);
    assertThat(b.peers.notes("DMM1"))
        .singleElement()
        .asString()
        .startsWith(
            "DMM1 of node a (" + address + ") is gone with its node, which is not connected");

    a.relisten(address, Side.ALL);
    Side.await("it is back", () -> !b.offered.isEmpty());
    Side.await("nothing is left to say", () -> b.peers.notes("DMM1").isEmpty());
  }

  private NodeStatus status() {
    return b.peers.nodes().get(0);
  }
}
