// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Exclusive use on a whole node, by people and by programs. */
final class LeaseIT {

  private static final Pattern ID = Pattern.compile("Lease ([0-9]+-[0-9]+) on ");

  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void twoGroupsShareARack() throws Exception {
    try (NodeProcess node = start("leases")) {
      NodeProcess.Result taken =
          node.consort(
              "lease",
              "take",
              "PSU1",
              "cryostat",
              "--for",
              "10m",
              "--client",
              "nb1",
              "--purpose",
              "noise run");
      String id = id(taken);
      assertThat(taken.out()).contains("No instrument here has the name: cryostat");

      assertThat(node.consort("call", "PSU1.set_voltage", "2").err())
          .matches("PSU1 is leased to \\S+, client nb1 \\(noise run\\) for another .*\\R");
      assertThat(node.consort("call", "PSU1.get_voltage").code()).isZero();
      assertThat(node.consort("call", "PSU1.set_voltage", "2", "--lease", id).err()).isEmpty();
      assertThat(node.consort("why", "PSU1").out()).contains("leased to").contains("noise run");
      assertThat(node.consort("leases").out()).contains(id).contains("PSU1, cryostat");
      assertThat(node.consort("lease", "take", "PSU1").code()).isEqualTo(1);

      assertThat(node.consort("lease", "break", id, "--reason", "it leaks").code()).isZero();
      assertThat(node.consort("call", "PSU1.set_voltage", "2", "--lease", id).err())
          .matches("the lease " + id + " was broken by \\S+: it leaks\\R");
      assertThat(node.consort("call", "PSU1.set_voltage", "3").code()).isZero();
    }
  }

  @Test
  void aLeaseEndsWithinASecondOfItsHolder() throws Exception {
    try (NodeProcess node = start("holder")) {
      Process holder = new ProcessBuilder("sleep", "600").start();
      try {
        node.rpc("lease", "\"action\":\"take\",\"names\":[\"PSU1\"],\"pid\":" + holder.pid());
        holder.destroyForcibly().waitFor();
        long begin = System.nanoTime();
        String next = node.rpc("lease", "\"action\":\"take\",\"names\":[\"PSU1\"],\"wait\":10");
        assertThat(next).contains("\"ok\":true");
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));
      } finally {
        holder.destroyForcibly();
      }
    }
  }

  @Test
  void aLeaseIsResumedAfterTheNodeWasKilled() throws Exception {
    Path home;
    String before;
    try (NodeProcess node = start("resume")) {
      home = node.home();
      String[] take = {"lease", "take", "PSU1", "--for", "1h", "--client", "nb1"};
      before = id(node.consort(take));
      Path table = home.resolve("data/leases/table");
      node.await("the table is saved", () -> Files.exists(table));
      node.process().destroyForcibly().waitFor();
    }
    try (NodeProcess node = NodeProcess.start(home)) {
      ready(node);
      assertThat(node.consort("call", "PSU1.set_voltage", "2").err()).contains("is leased to");
      assertThat(node.consort("call", "PSU1.set_voltage", "2", "--lease", before).err())
          .contains("is from before a restart; taking it again as client nb1 resumes it");
      String again = id(node.consort("lease", "take", "PSU1", "--client", "nb1"));
      assertThat(again).isNotEqualTo(before);
      assertThat(node.consort("call", "PSU1.set_voltage", "2", "--lease", again).err()).isEmpty();
    }
  }

  @Test
  void whoeverWatchesSeesWhatBecomesOfALease() throws Exception {
    try (NodeProcess node = start("news")) {
      Path seen = node.home().resolve("watch.out");
      Process watch =
          NodeProcess.command(node.home(), "watch", "PSU1")
              .redirectErrorStream(true)
              .redirectOutput(seen.toFile())
              .start();
      BlockingQueue<String> events = new LinkedBlockingQueue<>();
      Thread reader = new Thread(() -> read(node, events), "events");
      reader.setDaemon(true);
      reader.start();
      try {
        node.await("people watch", () -> lines(seen).anyMatch(l -> l.contains("READY")));
        assertThat(events.poll(20, TimeUnit.SECONDS)).contains("\"initial\":true");
        String id = id(node.consort("lease", "take", "PSU1", "cryostat", "--purpose", "noise run"));
        node.consort("lease", "renew", id, "--for", "10m");
        node.consort("cancel", "PSU1");
        node.consort("lease", "release", id);

        String lease = "lease " + id + " of \\S+ \\(noise run\\) on PSU1, cryostat was ";
        node.await(
            "the release is told", () -> lines(seen).anyMatch(l -> l.contains("lease released")));
        assertThat(lines(seen))
            .anyMatch(
                l -> l.matches("\\S+ +PSU1, cryostat +lease taken +" + lease + "taken for 1 min"))
            .anyMatch(l -> l.matches("\\S+ +PSU1, cryostat +lease renewed +" + lease + ".* 10 min"))
            .anyMatch(l -> l.matches("\\S+ +PSU1 +call cancelled +.* cancelled calls: 0"))
            .anyMatch(
                l -> l.matches("\\S+ +PSU1, cryostat +lease released +" + lease + "released"));

        assertThat(events.poll(20, TimeUnit.SECONDS))
            .contains("\"topic\":\"consort/lease/TAKEN\"")
            .contains("\"instruments\":[\"PSU1\",\"cryostat\"]")
            .contains("\"lease\":\"" + id + "\"")
            .contains("\"remaining_s\":");
        assertThat(events.poll(20, TimeUnit.SECONDS)).contains("consort/lease/RENEWED");
        assertThat(events.poll(20, TimeUnit.SECONDS)).contains("consort/call/CANCELLED");
        assertThat(events.poll(20, TimeUnit.SECONDS)).contains("consort/lease/RELEASED");
      } finally {
        watch.descendants().forEach(ProcessHandle::destroyForcibly);
        watch.destroyForcibly();
        watch.onExit().join();
      }
    }
  }

  /** Reads {@code GET /api/events} until the node ends. */
  private void read(NodeProcess node, BlockingQueue<String> events) {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.port() + "/api/events"))
              .header("Authorization", "Bearer " + node.token())
              .build();
      http.send(request, HttpResponse.BodyHandlers.ofLines())
          .body()
          .filter(line -> line.startsWith("data: "))
          .forEach(events::add);
    } catch (IOException | InterruptedException | UncheckedIOException e) {
      // the node has ended
    }
  }

  private static Stream<String> lines(Path file) {
    try {
      return Files.readString(file).lines();
    } catch (IOException e) {
      return Stream.of();
    }
  }

  private static NodeProcess start(String name) throws Exception {
    Path home = Folders.home(name);
    Files.createDirectories(home.resolve("instruments"));
    Files.writeString(
        home.resolve("instruments/PSU1.yaml"),
        "name: PSU1\ndriver: simulated.source\nconnection: {type: Simulated}\n");
    NodeProcess node = NodeProcess.start(home);
    try {
      ready(node);
    } catch (Exception | AssertionError e) {
      node.close();
      throw e;
    }
    return node;
  }

  private static void ready(NodeProcess node) throws InterruptedException {
    node.awaitList("PSU1 is ready", "PSU1 +READY .*");
  }

  private static String id(NodeProcess.Result taken) {
    Matcher matcher = ID.matcher(taken.out());
    assertThat(matcher.find()).as("%s", taken).isTrue();
    return matcher.group(1);
  }
}
