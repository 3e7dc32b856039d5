// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;

import consort.testkit.FaultProxy;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Two nodes in processes of their own: an instrument of one is used at the other. */
final class MeshIT {

  private static Path home(String name, String settings, String... instruments) throws IOException {
    Path home = Folders.home(name);
    Files.createDirectories(home.resolve("instruments"));
    Files.createDirectories(home.resolve("etc"));
    Path defaults = Folders.distribution().resolve("lib/home/etc");
    Files.copy(defaults.resolve("logback.xml"), home.resolve("etc/logback.xml"));
    Files.writeString(home.resolve("etc/consort.yaml"), settings);
    for (String instrument : instruments) {
      Files.writeString(
          home.resolve("instruments").resolve(instrument + ".yaml"),
          "name: %s\ndriver: simulated.%s\nconnection: {type: Simulated}\nexport: true\n"
              .formatted(instrument, instrument.startsWith("DMM") ? "multimeter" : "source"));
    }
    return home;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static String listening(String name, int port) {
    return """
        node: %s
        remote:
          listen: tcp://127.0.0.1:%d
          anonymous: operator
        """
        .formatted(name, port);
  }

  private static void awaitGone(NodeProcess node, String what, String name)
      throws InterruptedException {
    node.awaitList(what, list -> list.contains("PSU1 ") && !list.contains(name));
  }

  @Test
  void anInstrumentOfAnotherNodeIsUsedAsIfItWereHere() throws Exception {
    int port = freePort();
    Path a = home("mesh-a", listening("bench_a", port), "DMM1", "PSU1");
    try (FaultProxy proxy = new FaultProxy(port);
        // The node that uses others is there first: the order of start does not matter.
        NodeProcess user =
            NodeProcess.start(
                home(
                    "mesh-b",
                    """
                    node: bench_b
                    peers: ['tcp://127.0.0.1:%d']
                    imports: {bench_a.DMM1: DMM_A}
                    """
                        .formatted(proxy.port()),
                    "PSU1"))) {
      try (NodeProcess owner = NodeProcess.start(a)) {
        user.awaitList("DMM1 of A has its name here", "DMM_A +READY .*");

        assertThat(user.consort("call", "DMM_A.measure_voltage").err()).isEmpty();
        assertThat(user.consort("call", "DMM_A.measure_nothing").err()).contains("measure_nothing");
        assertThat(user.rpc("call", "\"name\":\"DMM_A\",\"verb\":\"measure_voltage\""))
            .contains("\"ok\":true");
        Path script =
            Files.writeString(
                user.home().resolve("both.lua"),
                """
                context:lease({"DMM_A", "PSU1"})
                context:parallel(function()
                  context:call("DMM_A.measure_voltage")
                  context:call("PSU1.get_voltage")
                end)
                print(context:call("DMM_A.measure_voltage") > 3)
                """);
        NodeProcess.Result measured = user.consort("measure", script.toString());
        assertThat(measured.err()).isEmpty();
        assertThat(measured.out()).startsWith("true");
        assertThat(user.consort("why", "DMM_A").out())
            .contains("DMM_A is available, an instrument of node bench_a")
            .contains("tcp://127.0.0.1:" + proxy.port());
        // The name PSU1 is this node's own, whoever else has it.
        assertThat(user.consort("why", "PSU1").out())
            .contains("PSU1 of node bench_a is not imported: this node has one of that name")
            .contains("imports: {bench_a.PSU1: NAME}");
        assertThat(user.consort("restart", "DMM_A").err())
            .contains("DMM_A is an instrument of node bench_a; this is done there");

        assertThat(user.consort("why", "DMM_A").out())
            .contains("bench_a at tcp://127.0.0.1:" + proxy.port() + ", connected since ");
        assertThat(user.consort("nodes").out())
            .containsPattern("bench_b +- +this node: it listens for no others")
            .containsPattern("bench_a +tcp://.* +connected since .* +2: DMM1, PSU1");
        assertThat(owner.consort("nodes").out())
            .containsPattern("bench_a +tcp://127.0.0.1:" + port + " +this node +2: DMM1, PSU1")
            .containsPattern("bench_b +127.0.0.1:[0-9]+ +no +operator +0 +.* +2: DMM1, PSU1");

        // A cable that is pulled, and put in again.
        proxy.fault(FaultProxy.Fault.DROP);
        awaitGone(user, "the instrument goes with its node", "DMM_A");
        assertThat(user.consort("call", "PSU1.get_voltage").code()).isZero();
        // Both ends notice it at the same time, and either may be the first to close.
        assertThat(user.consort("nodes").out())
            .containsPattern("bench_a +tcp://.* +not connected: (no sign of life|the peer closed)");
        assertThat(user.consort("why", "DMM_A").err())
            .contains("DMM1 of node bench_a (tcp://127.0.0.1:" + proxy.port() + ") is gone");
        proxy.fault(FaultProxy.Fault.NONE);
        user.awaitList("it comes back", "DMM_A +READY .*");

        long begin = System.nanoTime();
        owner.process().destroyForcibly().waitFor();
        awaitGone(user, "a node that is killed takes it along", "DMM_A");
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
      }
      try (NodeProcess again = NodeProcess.start(a)) {
        assertThat(again.process().isAlive()).isTrue();
        user.awaitList("the node returns with it", "DMM_A +READY .*");
        assertThat(user.consort("call", "DMM_A.measure_voltage").err()).isEmpty();
        assertThat(Files.readString(user.home().resolve("data/logs/consort.log")))
            .doesNotContain(" ERROR ");
      }
    }
  }

  @Test
  void whatIsExportedAndImportedIsSaidByFilters() throws Exception {
    Path socket = Files.createTempDirectory("mesh").resolve("a.sock");
    Path a =
        home(
            "filter-a",
            "node: bench_a\nremote: {listen: 'unix:%s', export: '(consort.instrument=DMM*)'}\n"
                .formatted(socket));
    for (String name : new String[] {"DMM1", "DMM2", "PSU1"}) {
      Files.writeString(
          a.resolve("instruments/" + name + ".yaml"),
          "name: %s\ndriver: simulated.%s\nconnection: {type: Simulated}\n"
              .formatted(name, name.startsWith("DMM") ? "multimeter" : "source"));
    }
    Path b =
        home(
            "filter-b",
            "node: bench_b\npeers: ['unix:%s']\nremote: {import: '(!(consort.instrument=DMM2))'}\n"
                .formatted(socket));
    try (NodeProcess owner = NodeProcess.start(a);
        NodeProcess user = NodeProcess.start(b)) {
      owner.awaitList("all are ready", "DMM2 +READY .*PSU1 +READY .*");
      user.awaitList("what the filters let through is here", "DMM1 +READY .*");
      assertThat(user.consort("list").out()).doesNotContain("DMM2").doesNotContain("PSU1");
      assertThat(user.consort("why", "DMM2").err() + user.consort("why", "DMM2").out())
          .contains("DMM2 of node bench_a is not imported: the filter (remote: import:)");
    }
  }

  @Test
  void aPlainListenerNeedsToKnowWhatAnybodyMayDo() throws Exception {
    Path home =
        home(
            "mesh-plain",
            "node: x\nremote: {listen: 'tcp://127.0.0.1:%d'}\n".formatted(freePort()));
    NodeProcess.Result result = NodeProcess.consort(home, "run", "--port", "0");

    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err()).contains("consort.yaml:2:").contains("proves nothing of who connects");
  }
}
