// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import consort.security.LaboratoryKeys;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Nodes and a real ZooKeeper server. */
@Timeout(120)
class LaboratoryTest {

  private static final AtomicInteger TESTS = new AtomicInteger();

  @TempDir static Path place;
  private static Server server;

  @TempDir Path folder;
  private final String root = "/test" + TESTS.incrementAndGet();
  private final List<AutoCloseable> open = new ArrayList<>();
  private final Heard heard1 = new Heard();
  private final Heard heard2 = new Heard();

  @BeforeAll
  static void start() throws Exception {
    server = Server.start(place);
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @AfterEach
  void close() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  private Settings settings() {
    return new Settings(server.address(), root, Duration.ofSeconds(2), "", "", false);
  }

  private Laboratory node(String name, Heard heard) {
    return node(settings(), name, heard);
  }

  private Laboratory node(Settings settings, String name, Heard heard) {
    Laboratory laboratory = Laboratory.open(settings, name, "uuid-of-" + name, heard);
    open.add(laboratory);
    return laboratory;
  }

  /** A client of ZooKeeper itself, for what nodes would not do. */
  private ZooKeeper raw() throws Exception {
    CountDownLatch connected = new CountDownLatch(1);
    ZooKeeper client =
        new ZooKeeper(
            server.address(),
            10_000,
            event -> {
              if (event.getState() == Watcher.Event.KeeperState.SyncConnected) {
                connected.countDown();
              }
            });
    open.add(client);
    assertThat(connected.await(30, TimeUnit.SECONDS)).isTrue();
    return client;
  }

  private void awaits(Heard heard, String... ids) {
    await()
        .atMost(Duration.ofSeconds(40))
        .untilAsserted(() -> assertThat(heard.now.keySet()).containsExactlyInAnyOrder(ids));
  }

  private static String id(String node, String instrument) {
    return Endpoints.id(node, instrument);
  }

  @Test
  void nodesHearOfEachOtherAndNotOfThemselves() {
    Laboratory bench1 = node("bench1", heard1);
    bench1.announce(Endpoints.of("bench1", "DMM1"));
    bench1.announce(Endpoints.of("bench1", "PSU1"));
    Laboratory bench2 = node("bench2", heard2);
    bench2.announce(Endpoints.of("bench2", "DMM1"));

    awaits(heard2, id("bench1", "DMM1"), id("bench1", "PSU1"));
    awaits(heard1, id("bench2", "DMM1"));
    assertThat(heard2.now.get(id("bench1", "DMM1"))).isEqualTo(Endpoints.of("bench1", "DMM1"));

    bench1.withdraw(Endpoints.of("bench1", "DMM1"));
    awaits(heard2, id("bench1", "PSU1"));

    bench1.announce(Endpoints.of("bench1", "PSU1", Map.of("model", "E36312A")));
    await()
        .untilAsserted(
            () ->
                assertThat(heard2.now.get(id("bench1", "PSU1")).properties())
                    .containsEntry("model", "E36312A"));
    assertThat(heard2.history).hasSize(4);

    bench1.close();
    awaits(heard2);
  }

  @Test
  void aServerThatIsKilledLosesNothingThatIsKnown() throws Exception {
    Laboratory bench1 = node("bench1", heard1);
    bench1.announce(Endpoints.of("bench1", "DMM1"));
    node("bench2", heard2);
    awaits(heard2, id("bench1", "DMM1"));

    server.kill();
    // The node goes on, and what it exports meanwhile is told later.
    bench1.announce(Endpoints.of("bench1", "PSU1"));
    Heard heard3 = new Heard();
    node("bench3", heard3);
    assertThat(heard2.now).containsOnlyKeys(id("bench1", "DMM1"));
    server.start();

    awaits(heard2, id("bench1", "DMM1"), id("bench1", "PSU1"));
    awaits(heard3, id("bench1", "DMM1"), id("bench1", "PSU1"));
  }

  @Test
  void aServerThatHasForgottenEverythingIsToldAgain() throws Exception {
    Laboratory bench1 = node("bench1", heard1);
    bench1.announce(Endpoints.of("bench1", "DMM1"));
    node("bench2", heard2).announce(Endpoints.of("bench2", "DMM1"));
    awaits(heard2, id("bench1", "DMM1"));
    awaits(heard1, id("bench2", "DMM1"));

    server.kill();
    server.forget();
    server.start();
    Heard heard3 = new Heard();
    node("bench3", heard3);

    awaits(heard3, id("bench1", "DMM1"), id("bench2", "DMM1"));
    awaits(heard2, id("bench1", "DMM1"));
    awaits(heard1, id("bench2", "DMM1"));
  }

  @Test
  void aNodeWhoseSessionEndedIsAnnouncedAgain() throws Exception {
    Laboratory bench1 = node("bench1", heard1);
    bench1.announce(Endpoints.of("bench1", "DMM1"));
    node("bench2", heard2).announce(Endpoints.of("bench2", "DMM1"));
    awaits(heard2, id("bench1", "DMM1"));
    awaits(heard1, id("bench2", "DMM1"));

    bench1.expireSession();

    await()
        .atMost(Duration.ofSeconds(40))
        .untilAsserted(
            () ->
                assertThat(heard2.history)
                    .containsExactly(
                        "+" + id("bench1", "DMM1"),
                        "-" + id("bench1", "DMM1"),
                        "+" + id("bench1", "DMM1")));
    // It still hears, and what it knew was there all the time.
    assertThat(heard1.history).containsExactly("+" + id("bench2", "DMM1"));
    node("bench3", new Heard()).announce(Endpoints.of("bench3", "DMM1"));
    awaits(heard1, id("bench2", "DMM1"), id("bench3", "DMM1"));
  }

  @Test
  void aNodeThatIsKilledIsGoneAfterItsSession() throws Exception {
    node("bench2", heard2);
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Announcer.class.getName(),
                server.address(),
                root,
                "bench1")
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("announcer.out").toFile())
            .start();
    open.add(process::destroyForcibly);
    awaits(heard2, id("bench1", "DMM1"));

    process.destroyForcibly();
    long begin = System.nanoTime();
    awaits(heard2);

    // Its session is 2 s; the rest is for a busy machine.
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
  }

  @Test
  void aNodeThatRestartsQuicklyReplacesWhatItLeft() throws Exception {
    ZooKeeper former = raw();
    Announcement before = Endpoints.of("bench1", "DMM1", Map.of("endpoint.framework.uuid", "old"));
    create(former, root, new byte[0], CreateMode.PERSISTENT);
    create(former, root + "/bench1", new byte[0], CreateMode.PERSISTENT);
    create(former, root + "/bench1/old-0", page(before), CreateMode.EPHEMERAL);
    node("bench2", heard2);
    awaits(heard2, id("bench1", "DMM1"));

    Laboratory bench1 = node("bench1", heard1);
    bench1.announce(Endpoints.of("bench1", "DMM1"));

    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () ->
                assertThat(heard2.now.get(id("bench1", "DMM1")))
                    .isEqualTo(Endpoints.of("bench1", "DMM1")));
    // Who comes meanwhile hears of the new one, though both are there.
    Heard heard3 = new Heard();
    node("bench3", heard3).announce(Endpoints.of("bench3", "DMM1"));
    awaits(heard2, id("bench1", "DMM1"), id("bench3", "DMM1"));
    awaits(heard3, id("bench1", "DMM1"));
    await()
        .untilAsserted(
            () ->
                assertThat(heard3.now.get(id("bench1", "DMM1")))
                    .isEqualTo(Endpoints.of("bench1", "DMM1")));
    // The end of the session of before takes nothing along.
    former.close();
    node("bench4", new Heard()).announce(Endpoints.of("bench4", "DMM1"));
    awaits(heard2, id("bench1", "DMM1"), id("bench3", "DMM1"), id("bench4", "DMM1"));
    assertThat(heard2.history).hasSize(4).doesNotContain("-" + id("bench1", "DMM1"));
  }

  private static byte[] page(Announcement endpoint) {
    return Page.bytes(List.of(endpoint.bytes()));
  }

  private String page(String node, int number) {
    return root + "/" + node + "/uuid-of-" + node + "-" + number;
  }

  @Test
  void manyEndpointsAreFewNodesOfZooKeeperAndAChangeIsOneWrite() throws Exception {
    Laboratory bench1 = node("bench1", heard1);
    node("bench2", heard2);
    for (int i = 0; i < 1000; i++) {
      bench1.announce(Endpoints.of("bench1", "I" + i));
    }
    await()
        .atMost(Duration.ofSeconds(40))
        .untilAsserted(() -> assertThat(heard2.now).hasSize(1000));
    int pages = raw().getChildren(root + "/bench1", false).size();
    assertThat(pages).isLessThan(30);
    assertThat(heard2.history).as("each is told once").hasSize(1000);
    long before = bench1.writes();
    assertThat(before).as("writes for " + pages + " pages").isLessThan(150);

    bench1.withdraw(Endpoints.of("bench1", "I500"));
    await().untilAsserted(() -> assertThat(heard2.now).hasSize(999));
    bench1.announce(Endpoints.of("bench1", "I500"));
    await().untilAsserted(() -> assertThat(heard2.now).hasSize(1000));
    assertThat(bench1.writes() - before).isEqualTo(2);
    assertThat(heard2.history).hasSize(1002);
  }

  private static void create(ZooKeeper client, String path, byte[] data, CreateMode mode)
      throws Exception {
    client.create(path, data, ZooDefs.Ids.OPEN_ACL_UNSAFE, mode);
  }

  @Test
  void whatOthersWroteWronglyHurtsNobody() throws Exception {
    ZooKeeper vandal = raw();
    node("bench2", heard2);
    Laboratory bench1 = node("bench1", heard1);
    bench1.announce(Endpoints.of("bench1", "DMM1"));
    awaits(heard2, id("bench1", "DMM1"));

    create(vandal, root + "/x", new byte[0], CreateMode.PERSISTENT);
    create(vandal, root + "/x/empty", new byte[0], CreateMode.PERSISTENT);
    create(vandal, root + "/x/null", null, CreateMode.PERSISTENT);
    create(vandal, root + "/x/large", new byte[1_048_000], CreateMode.PERSISTENT);
    create(
        vandal, root + "/x/text", "hello".getBytes(StandardCharsets.UTF_8), CreateMode.PERSISTENT);
    create(
        vandal,
        root + "/x/deep",
        "[".repeat(60_000).getBytes(StandardCharsets.UTF_8),
        CreateMode.PERSISTENT);
    create(vandal, root + "/x/empty/deeper", page(Endpoints.of("x", "Y")), CreateMode.PERSISTENT);
    create(vandal, root + "/shallow", page(Endpoints.of("x", "Z")), CreateMode.PERSISTENT);
    create(
        vandal,
        root + "/x/elsewhere",
        page(new Announcement("another computer", Endpoints.of("x", "Q").properties())),
        CreateMode.PERSISTENT);
    bench1.announce(Endpoints.of("bench1", "PSU1"));

    awaits(heard2, id("bench1", "DMM1"), id("bench1", "PSU1"));
    Heard heard3 = new Heard();
    node("bench3", heard3);
    awaits(heard3, id("bench1", "DMM1"), id("bench1", "PSU1"));

    vandal.delete(page("bench1", 0), -1);
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () ->
                assertThat(heard2.history)
                    .endsWith(
                        "-" + id("bench1", "DMM1"),
                        "-" + id("bench1", "PSU1"),
                        "+" + id("bench1", "DMM1"),
                        "+" + id("bench1", "PSU1")));
  }

  @Test
  void withAUserNobodyElseReadsOrWrites() throws Exception {
    Settings secret =
        new Settings(server.address(), root, Duration.ofSeconds(2), "lab", "geheim", false);
    Laboratory bench1 = node(secret, "bench1", heard1);
    bench1.announce(Endpoints.of("bench1", "DMM1"));
    node(secret, "bench2", heard2);
    awaits(heard2, id("bench1", "DMM1"));
    Heard stranger = new Heard();
    node("bench3", stranger).announce(Endpoints.of("bench3", "DMM1"));

    ZooKeeper raw = raw();
    String path = page("bench1", 0);
    Assertions.assertThatThrownBy(() -> raw.getData(path, false, null))
        .isInstanceOf(KeeperException.NoAuthException.class);
    Assertions.assertThatThrownBy(() -> create(raw, root + "/x", null, CreateMode.PERSISTENT))
        .isInstanceOf(KeeperException.NoAuthException.class);
    raw.addAuthInfo("digest", "lab:geheim".getBytes(StandardCharsets.UTF_8));
    assertThat(raw.getData(path, false, null)).isNotEmpty();
    assertThat(stranger.now).isEmpty();
    assertThat(heard2.now).containsOnlyKeys(id("bench1", "DMM1"));
  }

  @Test
  void withKeysNodesAndServerKnowEachOther() throws Exception {
    LaboratoryKeys keys = new LaboratoryKeys(folder.resolve("bench1"), "bench1");
    keys.init(false);
    Path zk = keys.issue("localhost", 30, false).file();
    Path bench2 = keys.issue("bench2", 30, false).file();
    Path trust = folder.resolve("bench1/data/keys/ca.pem");
    Path own = folder.resolve("bench1/data/keys/node.pem");
    LaboratoryKeys others = new LaboratoryKeys(folder.resolve("stranger"), "stranger");
    others.init(false);
    try (Server secure = Server.startSecure(folder.resolve("secure"), zk, trust)) {
      String address = secure.address().replace("127.0.0.1", "localhost");
      Settings settings = new Settings(address, root, Duration.ofSeconds(4), "", "", true);
      try (Laboratory one =
              new Laboratory(
                  settings, "bench1", "uuid-of-bench1", new Ensemble.Tls(own, trust), heard1);
          Laboratory two =
              new Laboratory(
                  settings, "bench2", "uuid-of-bench2", new Ensemble.Tls(bench2, trust), heard2);
          Laboratory stranger =
              new Laboratory(
                  settings,
                  "stranger",
                  "uuid-of-stranger",
                  new Ensemble.Tls(folder.resolve("stranger/data/keys/node.pem"), trust),
                  new Heard())) {
        one.start();
        one.announce(Endpoints.of("bench1", "DMM1"));
        stranger.start();
        stranger.announce(Endpoints.of("stranger", "DMM1"));
        awaits(heard1);
        two.start();
        two.announce(Endpoints.of("bench2", "DMM1"));

        awaits(heard2, id("bench1", "DMM1"));
        awaits(heard1, id("bench2", "DMM1"));
      }
      assertThat(Files.readString(folder.resolve("secure/server.out"))).contains("SSL");
    }
  }
}
