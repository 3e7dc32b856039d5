// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Three nodes on computers of their own, so that a cable that is cut is meant literally: {@code
 * bench_a} has the instruments, {@code bench_b} and {@code bench_c} use them, and the clock of the
 * last is seven hours ahead. Needs root, {@code ip}, {@code tc} and {@code faketime}.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class NamespacesIT {

  /** Two of 400 ms are promised; and half as much again for a noisy machine. */
  private static final Duration TWO_HEARTBEATS = Duration.ofMillis(800 + 400);

  private static final Duration AHEAD = Duration.ofHours(7);
  private static final int PORT = 8600;
  private static final String MOVE =
      "\"name\":\"AXIS\",\"verb\":\"move_to\",\"params\":{\"position\":%d},\"deadline\":\"%s\"";
  private static final String COUNT = "\"name\":\"COUNTER\",\"verb\":\"count\",\"deadline\":\"5s\"";
  private static final Pattern VALUE = Pattern.compile("\"value\":([0-9.]+)");
  private static final Pattern LEASE = Pattern.compile("\"id\":\"([0-9]+-[0-9]+)\"");

  private static final List<AutoCloseable> MADE = new CopyOnWriteArrayList<>();
  private static final List<CompletableFuture<?>> STARTING = new ArrayList<>();
  private static String missing;
  private static Namespaces lab;
  private static NodeProcess nodeA;
  private static NodeProcess nodeB;
  private static NodeProcess nodeC;
  private static Inside a;
  private static Inside b;
  private static Inside c;

  @BeforeAll
  static void buildTheLaboratory() throws Exception {
    missing = Namespaces.missing();
    if (!missing.isEmpty()) {
      System.err.println("SKIPPED: NamespacesIT, whose cables are cut literally: " + missing);
      return;
    }
    lab = new Namespaces("a", "b", "c");
    MADE.add(lab);
    Path homeA = home("a", "remote: {listen: 'tls://%s:%d'}\n".formatted(lab.address("a"), PORT));
    Folders.export(homeA, "COUNTER", "counter");
    Folders.export(homeA, "AXIS", "simulated.positioner");
    Folders.export(homeA, "PSU", "simulated.source");
    Path drivers = Files.createDirectories(homeA.resolve("drivers"));
    Path simulated = Application.jars("drivers", "consort.driver.simulated").get(0);
    Files.copy(simulated, drivers.resolve(simulated.getFileName()));
    Files.write(drivers.resolve("counter.jar"), Jars.driver("counter", "1.0.0", "").bytes());
    String peer = "peers: ['tls://%s:%d']\n".formatted(lab.address("a"), PORT);
    Path homeB = home("b", peer);
    Path homeC = home("c", peer);
    keys(homeA, "init");
    CompletableFuture<NodeProcess> owner = starting(start(homeA, lab.on("a")));
    CompletableFuture<NodeProcess> user =
        starting(key(homeA, homeB).thenCompose(done -> start(homeB, lab.on("b"))));
    UnaryOperator<ProcessBuilder> ahead = lab.on("c", "+" + AHEAD.toHours() + "h");
    CompletableFuture<NodeProcess> other =
        starting(key(homeA, homeC).thenCompose(done -> start(homeC, ahead)));
    nodeA = owner.join();
    nodeB = user.join();
    nodeC = other.join();
    a = inside(nodeA, "a");
    b = inside(nodeB, "b");
    c = inside(nodeC, "c");
    await("all instruments are at B", () -> ready(b) == 3);
    await("and at C", () -> ready(c) == 3);
  }

  /** Here and not before all, so that those that are skipped are counted. */
  @BeforeEach
  void canBeDoneHere() {
    assumeTrue(missing.isEmpty(), missing);
  }

  @AfterAll
  static void takeItDown() throws Exception {
    STARTING.forEach(start -> start.exceptionally(failed -> null).join());
    Exception failed = null;
    // What was made first is what the others stand on.
    for (int i = MADE.size() - 1; i >= 0; i--) {
      try {
        MADE.get(i).close();
      } catch (Exception e) {
        failed = e;
      }
    }
    if (failed != null) {
      throw failed;
    }
  }

  private static <T extends AutoCloseable> T made(T what) {
    MADE.add(what);
    return what;
  }

  private static Path home(String name, String settings) throws IOException {
    return Folders.home("namespaces-" + name, "node: bench_" + name + "\n" + settings);
  }

  private static void keys(Path home, String... words) {
    List<String> all = new ArrayList<>(List.of("keys"));
    all.addAll(List.of(words));
    try {
      NodeProcess.Result result = NodeProcess.consort(home, all.toArray(String[]::new));
      assertThat(result.code()).as("%s: %s", all, result.err()).isZero();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Makes a key where the authority is, and carries it to the other home. */
  private static CompletableFuture<Void> key(Path authority, Path home) {
    String node = "bench_" + home.getFileName().toString().replaceAll(".*-", "");
    return CompletableFuture.runAsync(
        () -> {
          keys(authority, "issue", node);
          keys(home, "trust", authority.resolve("data/keys/issued/" + node + ".pem").toString());
        });
  }

  private static CompletableFuture<NodeProcess> start(
      Path home, UnaryOperator<ProcessBuilder> place) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return made(NodeProcess.start(home, place));
          } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
          }
        });
  }

  private static <T> CompletableFuture<T> starting(CompletableFuture<T> node) {
    STARTING.add(node);
    return node;
  }

  private static Inside inside(NodeProcess node, String computer) throws IOException {
    return made(new Inside(node, lab.on(computer)));
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    Application.await(what, condition);
  }

  private static long ready(Inside node) {
    return Pattern.compile("\"state\":\"READY\"").matcher(node.rpc("list", "")).results().count();
  }

  private static boolean hasNone(Inside node) {
    return node.rpc("list", "").contains("\"instruments\":[]");
  }

  /** Whether the node says of another that it is connected, as one that it uses or that uses it. */
  private static boolean isConnected(Inside node, String other) {
    String nodes = node.rpc("nodes", "");
    int users = nodes.indexOf("\"users\"");
    return nodes.substring(users).contains("\"name\":\"" + other + "\"")
        || nodes
            .substring(0, users)
            .matches("(?s).*\"name\":\"" + other + "\",[^}]*\"connected\":true.*");
  }

  private static Duration since(long begin) {
    return Duration.ofNanos(System.nanoTime() - begin);
  }

  /** How long after an instant an answer comes. */
  private static CompletableFuture<Duration> after(long begin, CompletableFuture<String> answer) {
    return answer.thenApply(any -> since(begin));
  }

  private static String found(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    assertThat(matcher.find()).as("%s", text).isTrue();
    return matcher.group(1);
  }

  private static String take(String more) {
    return "\"action\":\"take\",\"names\":[\"PSU\"]," + more;
  }

  private static void release(Inside node, String taken) {
    String id = found(LEASE, taken);
    assertThat(node.rpc("lease", "\"action\":\"release\",\"id\":\"" + id + "\""))
        .contains("\"ok\":true");
  }

  @Test
  @Order(1)
  void aCableThatIsCutIsNoticedAtBothEndsAndPutBackAllIsAsBefore() throws Exception {
    assertThat(b.rpc("lease", take("\"for\":\"1h\""))).contains("\"ok\":true");
    CompletableFuture<String> move = b.send("call", MOVE.formatted(40, "30s"));
    await("the axis moves", () -> a.rpc("status", "\"name\":\"AXIS\"").contains("\"BUSY\""));
    CompletableFuture<String> taken = a.send("lease", take("\"for\":\"1h\",\"wait\":20"));
    long begin = System.nanoTime();
    lab.cut("b");
    CompletableFuture<Duration> failed = after(begin, move);
    CompletableFuture<Duration> freed = after(begin, taken);

    assertThat(failed.join()).isLessThan(TWO_HEARTBEATS);
    assertThat(move.join()).contains("\"timed_out\"").contains("its effect is unknown");
    // Its lease ends where it held, and goes to who waits.
    assertThat(freed.join()).isLessThan(TWO_HEARTBEATS);
    assertThat(taken.join()).contains("\"ok\":true");
    await("the imports go", () -> hasNone(b));
    assertThat(b.rpc("call", COUNT)).contains("COUNTER of node bench_a").contains("is gone");
    assertThat(c.rpc("call", COUNT)).as("whose cable is whole").contains("\"ok\":true");
    release(a, taken.join());

    lab.mend("b");
    await("they come back", () -> ready(b) == 3);
    assertThat(b.rpc("call", COUNT)).contains("\"ok\":true");
    // The call was not ended by the cut, nor done again.
    assertThat(b.rpc("call", "\"name\":\"AXIS\",\"verb\":\"get_position\""))
        .contains("\"value\":40");
    assertThat(a.rpc("status", "\"name\":\"AXIS\"")).contains("\"commands_sent\":2");
  }

  @Test
  @Order(2)
  void whoIsNotHeardOrDoesNotHearIsNoticedAtBothEnds() throws Exception {
    for (String[] way : new String[][] {{"b", "a"}, {"a", "b"}}) {
      long begin = System.nanoTime();
      lab.mute(way[0], way[1]);
      await("the user notices", () -> !isConnected(b, "bench_a"));
      Duration user = since(begin);
      await("the owner notices", () -> !isConnected(a, "bench_b"));
      Duration owner = since(begin);

      assertThat(user).isLessThan(TWO_HEARTBEATS);
      assertThat(owner).isLessThan(TWO_HEARTBEATS);
      assertThat(isConnected(a, "bench_c")).as("another one").isTrue();
      lab.unmute(way[0], way[1]);
      await("it comes back", () -> ready(b) == 3);
      assertThat(b.rpc("call", COUNT)).contains("\"ok\":true");
    }
  }

  @Test
  @Order(3)
  void onASlowLineThatLosesAndReordersPacketsNothingIsDoneTwice() throws Exception {
    int before = count(a);
    lab.spoil("b");
    Set<Integer> answers = new HashSet<>();
    int answered = 0;
    int unknown = 0;
    try {
      for (int round = 0; round < 40; round++) {
        List<CompletableFuture<String>> calls = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          calls.add(b.send("call", COUNT));
        }
        for (CompletableFuture<String> call : calls) {
          String reply = call.join();
          if (reply.contains("\"ok\":true")) {
            answered++;
            answers.add((int) Double.parseDouble(found(VALUE, reply)));
          } else {
            assertThat(reply).containsAnyOf("\"timed_out\"", "\"no_link\"", "is gone");
            unknown += reply.contains("\"timed_out\"") ? 1 : 0;
          }
        }
      }
      assertThat(lab.lost("b")).isPositive();
    } finally {
      lab.repair("b");
    }
    assertThat(answers).as("each answer is of another call").hasSize(answered);
    assertThat(answered).isGreaterThan(100);
    assertThat(count(a) - before - 1).isBetween(answered, answered + unknown);
    await("all is as before", () -> ready(b) == 3);
  }

  private static int count(Inside node) {
    return (int) Double.parseDouble(found(VALUE, node.rpc("call", COUNT)));
  }

  @Test
  @Order(4)
  void aClockThatIsHoursAheadMakesNoDifference() throws Exception {
    Instant there =
        Instant.parse(found(Pattern.compile("\"since\":\"([^\"]+)"), c.rpc("nodes", "")));
    assertThat(there).as("its clock").isAfter(Instant.now().plus(AHEAD.minusHours(1)));
    Path seen = nodeC.home().resolve("watch.out");
    Process watch =
        lab.on("c")
            .apply(NodeProcess.command(nodeC.home(), "watch", "AXIS", "--json"))
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true)
            .redirectOutput(seen.toFile())
            .start();
    try {
      await("the watch begins", () -> read(seen).contains("\"initial\""));
      assertThat(c.rpc("call", COUNT)).contains("\"ok\":true");

      long begin = System.nanoTime();
      assertThat(c.rpc("call", MOVE.formatted(100, "300ms"))).contains("\"timed_out\"");
      assertThat(since(begin)).isBetween(Duration.ofMillis(290), Duration.ofMillis(1500));

      begin = System.nanoTime();
      String taken = c.rpc("lease", take("\"for\":\"1s\""));
      assertThat(taken).contains("\"ok\":true");
      CompletableFuture<String> next = a.send("lease", take("\"for\":\"1h\",\"wait\":20"));
      CompletableFuture<Duration> waited = after(begin, next);
      assertThat(waited.join()).isBetween(Duration.ofMillis(900), Duration.ofMillis(3000));
      assertThat(
              c.rpc(
                  "call",
                  "\"name\":\"PSU\",\"verb\":\"get_voltage\",\"lease\":\""
                      + found(LEASE, taken)
                      + "\""))
          .contains("\"lease_over\"");
      release(a, next.join());
      // One that lasts is not over because it is later there.
      taken = c.rpc("lease", take("\"for\":\"1h\""));
      assertThat(a.rpc("call", "\"name\":\"PSU\",\"verb\":\"set_voltage\",\"args\":[1]"))
          .contains("PSU is leased to admin@bench_c");
      release(c, taken);

      Instant restarted = Instant.now();
      assertThat(a.rpc("restart", "\"name\":\"AXIS\"")).contains("\"ok\":true");
      Pattern ready =
          Pattern.compile("(?m)^(?!.*\"initial\").*\"state\":\"READY\".*\"time\":\"([^\"]+)");
      await("it is told of the restart", () -> ready.matcher(read(seen)).find());
      // Events carry the time of the node where it happened.
      assertThat(Instant.parse(found(ready, read(seen))))
          .isBetween(restarted.minusSeconds(1), Instant.now());
    } finally {
      watch.descendants().forEach(ProcessHandle::destroyForcibly);
      watch.destroyForcibly();
      watch.onExit().join();
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }

  @Test
  @Order(5)
  void whoVanishesWithoutAWordIsNoticedByThoseWhoUseItAndByThoseItUses() throws Exception {
    assertThat(b.rpc("lease", take("\"for\":\"1h\""))).contains("\"ok\":true");
    CompletableFuture<String> taken = a.send("lease", take("\"for\":\"1h\",\"wait\":20"));
    long begin = System.nanoTime();
    vanish("b", nodeB, b);
    Duration user = after(begin, taken).join();
    assertThat(user).isLessThan(TWO_HEARTBEATS);
    assertThat(taken.join()).contains("\"ok\":true");
    assertThat(isConnected(a, "bench_b")).isFalse();

    CompletableFuture<String> move = c.send("call", MOVE.formatted(100, "30s"));
    await("the axis moves", () -> a.rpc("status", "\"name\":\"AXIS\"").contains("\"BUSY\""));
    begin = System.nanoTime();
    vanish("a", nodeA, a);
    Duration owner = after(begin, move).join();
    assertThat(owner).isLessThan(TWO_HEARTBEATS);
    assertThat(move.join()).contains("\"timed_out\"").contains("its effect is unknown");
    await("the imports go", () -> hasNone(c));
  }

  /** Neither end of a connection hears of the end of the other. */
  private static void vanish(String computer, NodeProcess node, Inside inside) throws Exception {
    lab.cut(computer);
    node.close();
    inside.close();
    lab.remove(computer);
  }
}
