// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Three nodes in processes of their own, used together from the middle one. */
final class MeshCoordinationIT {

  private static final Pattern LEASE = Pattern.compile("\"id\":\"([0-9]+-[0-9]+)\"");
  private static final String SET = "\"verb\":\"set_voltage\",\"params\":{\"voltage\":2}";

  private static Path home(String name, String settings, String driver, String... instruments)
      throws IOException {
    Path home = Folders.home("coordination-" + name);
    Files.createDirectories(home.resolve("instruments"));
    Files.createDirectories(home.resolve("etc"));
    Files.writeString(home.resolve("etc/consort.yaml"), "node: " + name + "\n" + settings);
    for (String instrument : instruments) {
      Files.writeString(
          home.resolve("instruments").resolve(instrument + ".yaml"),
          "name: %s\ndriver: simulated.%s\nconnection: {type: Simulated}\nexport: true\n"
              .formatted(instrument, driver));
    }
    return home;
  }

  private static String call(NodeProcess node, String instrument, String more)
      throws IOException, InterruptedException {
    return node.rpc("call", "\"name\":\"" + instrument + "\"," + SET + more);
  }

  private static String take(NodeProcess node, String names, String more)
      throws IOException, InterruptedException {
    return node.rpc("lease", "\"action\":\"take\",\"names\":[" + names + "]" + more);
  }

  private static String id(String taken) {
    Matcher matcher = LEASE.matcher(taken);
    assertThat(matcher.find()).as("%s", taken).isTrue();
    return matcher.group(1);
  }

  @Test
  void leasesAndGroupsReachAcrossNodes() throws Exception {
    Path sockets = Files.createTempDirectory("mesh");
    String listen = "remote: {listen: 'unix:%s'}\n";
    Path homeA =
        home("a", listen.formatted(sockets.resolve("a.sock")), "source", "PSU_A", "PSU_A2");
    Path homeC = home("c", listen.formatted(sockets.resolve("c.sock")), "positioner", "AXIS_C");
    String peers =
        "peers: ['unix:%s', 'unix:%s']\n"
            .formatted(sockets.resolve("a.sock"), sockets.resolve("c.sock"));
    try (NodeProcess a = NodeProcess.start(homeA);
        NodeProcess c = NodeProcess.start(homeC)) {
      Path homeB = home("b", peers, "source", "PSU_B");
      try (NodeProcess b = NodeProcess.start(homeB)) {
        b.awaitList("all are here", "AXIS_C +READY .*PSU_A +READY .*PSU_B +READY .*");
        aLeaseBindsTheOwner(a, b);
        aGroupBeginsTogether(b);
        aDriverIsSwappedUnderTheCallsOfAnotherNode(a, b);
        aParticipantThatDiesEndsTheGroup(b, c);
        take(b, "\"PSU_A\",\"PSU_B\"", ",\"for\":\"1h\"");
        assertThat(call(a, "PSU_A", "")).contains("PSU_A is leased to admin@b");
        b.process().destroyForcibly().waitFor();
      }
      long begin = System.nanoTime();
      assertThat(take(a, "\"PSU_A\"", ",\"wait\":10")).contains("\"ok\":true");
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));
    }
  }

  private static void aLeaseBindsTheOwner(NodeProcess a, NodeProcess b) throws Exception {
    String id = id(take(b, "\"PSU_A\",\"PSU_B\"", ",\"purpose\":\"noise run\""));
    assertThat(b.consort("leases").out()).contains(id).contains("PSU_A, PSU_B");
    assertThat(a.consort("leases").out()).contains("admin@b").contains("noise run");
    assertThat(call(a, "PSU_A", "")).contains("PSU_A is leased to admin@b (noise run)");
    assertThat(call(b, "PSU_A", "")).contains("PSU_A is leased to");
    assertThat(call(b, "PSU_A", ",\"lease\":\"" + id + "\"")).contains("\"ok\":true");
    assertThat(call(b, "PSU_A2", ",\"lease\":\"" + id + "\""))
        .contains("the lease " + id + " does not cover PSU_A2");
    assertThat(call(b, "PSU_A2", "")).contains("\"ok\":true");

    String there = a.rpc("leases", "");
    assertThat(a.consort("lease", "break", id(there), "--reason", "it leaks").code()).isZero();
    b.await("the other half is free", () -> isFree(b, "PSU_B"));
    assertThat(call(b, "PSU_B", ",\"lease\":\"" + id + "\""))
        .contains(
            "the lease " + id + " was lost: its part at node a was broken by admin: it leaks");
  }

  private static boolean isFree(NodeProcess node, String instrument) {
    try {
      return call(node, instrument, "").contains("\"ok\":true");
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static void aGroupBeginsTogether(NodeProcess b) throws Exception {
    NodeProcess.Result result =
        b.consort(
            "parallel",
            "PSU_A.set_voltage",
            "1",
            "and",
            "PSU_B.set_voltage",
            "2",
            "and",
            "AXIS_C.move_to",
            "1",
            "then",
            "PSU_A.get_voltage",
            "--together");
    assertThat(result.err()).isEmpty();
    assertThat(result.out())
        .containsPattern("2 +PSU_A.get_voltage +1 V ")
        .containsPattern("Skew of block 1: [0-9.]+ ms");
  }

  private static void aDriverIsSwappedUnderTheCallsOfAnotherNode(NodeProcess a, NodeProcess b)
      throws Exception {
    AtomicBoolean enough = new AtomicBoolean();
    CompletableFuture<Integer> calls =
        CompletableFuture.supplyAsync(
            () -> {
              int count = 0;
              while (!enough.get()) {
                assertThat(isFree(b, "PSU_A")).isTrue();
                count++;
              }
              return count;
            });
    Path drivers = Files.createDirectories(a.home().resolve("drivers"));
    String next = "consort.driver.simulated-0.2.0.jar";
    Files.copy(Folders.distribution().resolve("demo").resolve(next), drivers.resolve(next));
    b.awaitList("the new version is used", "PSU_A +READY [^\n]* 0\\.2\\.0.*");
    enough.set(true);
    assertThat(calls.get(30, TimeUnit.SECONDS)).isPositive();
  }

  private static void aParticipantThatDiesEndsTheGroup(NodeProcess b, NodeProcess c)
      throws Exception {
    CompletableFuture<String> group =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return b.rpc(
                    "parallel",
                    "\"blocks\":[[{\"name\":\"AXIS_C\",\"verb\":\"move_to\",\"params\":"
                        + "{\"position\":90},\"deadline\":\"30s\"},{\"name\":\"PSU_A\","
                        + SET
                        + "}],[{\"name\":\"PSU_B\","
                        + SET
                        + "}]]");
              } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    b.awaitList("the axis moves", "AXIS_C +BUSY .*");
    long begin = System.nanoTime();
    c.process().destroyForcibly().waitFor();
    String reply = group.get(20, TimeUnit.SECONDS);
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
    assertThat(reply)
        .contains("\"success\":false")
        .contains("\"failed\":[\"AXIS_C\"]")
        .contains("AXIS_C left the group: ")
        .contains("PSU_B.set_voltage was not sent: AXIS_C left the group");
  }
}
