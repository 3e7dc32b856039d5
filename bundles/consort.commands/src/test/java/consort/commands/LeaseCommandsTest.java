// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.LeaseToken;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The words about leases, as the faces give them. */
class LeaseCommandsTest {

  private final FakeNode node = new FakeNode().with("DMM1");

  private static Map<String, Object> words(Map<String, ?> options, String... words) {
    Verb verb = Verb.ALL.stream().filter(v -> v.name().equals("lease")).findFirst().orElseThrow();
    return verb.parameters(List.of(words), options);
  }

  private Map<String, Object> run(Map<String, ?> options, String... words) {
    return node.commands.run("lease", words(options, words), FakeNode.ADMINISTRATOR);
  }

  @Test
  void takePassesAllThatIsSaid() {
    Map<String, Object> reply =
        run(
            Map.of(
                "--for",
                "10m",
                "--wait",
                "30s",
                "--client",
                "nb1",
                "--purpose",
                "noise run",
                "--pid",
                "77",
                "--alone",
                true),
            "take",
            "DMM1",
            "Dev1/port0");

    assertThat(node.leases.requests)
        .singleElement()
        .satisfies(
            r -> {
              assertThat(r.resources()).containsExactly("DMM1", "Dev1/port0");
              assertThat(r.ttl()).hasMinutes(10);
              assertThat(r.waitLimit()).hasSeconds(30);
              assertThat(r.client()).isEqualTo("nb1");
              assertThat(r.purpose()).isEqualTo("noise run");
              assertThat(r.pid()).isEqualTo(77);
              assertThat(r.readers()).isFalse();
            });
    assertThat(reply).containsEntry("id", "3-17").containsEntry("remaining_s", 600.0);
    assertThat(Texts.of("lease", reply))
        .isEqualTo(
            """
            Lease 3-17 on DMM1, Dev1/port0 for 10 min, client nb1
            No instrument here has the name: Dev1/port0""");
  }

  @Test
  void withoutMoreItIsAMinuteAndNoWait() {
    node.run("lease", "action", "take", "names", "DMM1", "wait", 0);

    assertThat(node.leases.requests.get(0).ttl()).hasSeconds(60);
    assertThat(node.leases.requests.get(0).waitLimit()).isZero();
    assertThat(node.leases.requests.get(0).readers()).isTrue();
  }

  @Test
  void aRefusalSaysWhoHoldsIt() {
    assertThat(run(Map.of(), "take", "TAKEN"))
        .containsEntry("error", "TAKEN is leased to anna for another 5 s")
        .containsEntry("code", "leased")
        .containsEntry("kind", "refused");
  }

  @Test
  void renewReleaseAndBreakTakeTheId() {
    assertThat(run(Map.of("--for", "2m"), "renew", "3-17")).containsEntry("ok", true);
    assertThat(run(Map.of(), "renew", "3-17")).containsEntry("ok", true);
    assertThat(Texts.of("lease", run(Map.of(), "release", "3-17")))
        .isEqualTo("Released lease 3-17");
    assertThat(Texts.of("lease", run(Map.of("--reason", "it leaks"), "break", "3-17")))
        .isEqualTo("Broke lease 3-17");
    assertThat(node.leases.done)
        .containsExactly("renew 120", "renew", "release", "break 3-17 by admin: it leaks");
    assertThat(run(Map.of(), "renew", "3-16")).containsEntry("code", "lease_over");
  }

  @Test
  void wrongWordsAreRefused() {
    assertThat(run(Map.of(), "renew", "soon").get("error").toString()).contains("no lease");
    assertThat(run(Map.of(), "steal", "DMM1").get("error").toString())
        .isEqualTo("action must be take, renew, release or break, not steal");
    assertThat(run(Map.of("--pid", "x"), "take", "DMM1")).containsEntry("code", "bad_request");
    assertThat(run(Map.of("--for", "1ms"), "take", "DMM1")).containsEntry("code", "out_of_range");
    assertThat(node.run("lease", "action", "take")).containsEntry("error", "missing names");
    assertThatThrownBy(() -> words(Map.of(), "release", "3-17", "3-18"))
        .hasMessage("unexpected '3-18'");
    assertThatThrownBy(() -> words(Map.of(), "take")).hasMessage("missing NAME|ID");
  }

  @Test
  void anObserverLooksOnly() {
    assertThat(
            node.commands.run(
                "lease", Map.of("action", "take", "names", "DMM1"), FakeNode.OBSERVER))
        .containsEntry("code", "not_allowed");
    assertThat(node.commands.run("leases", Map.of(), FakeNode.OBSERVER)).containsEntry("ok", true);
  }

  @Test
  void leasesAreATable() {
    assertThat(Texts.of("leases", node.run("leases"))).isEqualTo("Nothing is leased");
    run(Map.of("--purpose", "noise run", "--for", "500s"), "take", "DMM1", "PSU1");

    Map<String, Object> reply = node.run("leases");

    assertThat(Texts.of("leases", reply))
        .isEqualTo(
            """
            ID    STATE  NAMES       OWNER  CLIENT  LEFT        PURPOSE
            3-17  held   DMM1, PSU1  anna   nb1     8 min 20 s  noise run""");
    assertThat(Json.write(reply)).contains("\"by\":\"root\",\"reason\":\"why not\"");
  }

  @Test
  void aCallPassesItsLeaseOn() {
    node.run("call", "name", "DMM1", "verb", "measure", "lease", "3-17");
    node.run("call", "name", "DMM1", "verb", "measure");

    assertThat(node.calls.get(0).lease()).isEqualTo(new LeaseToken(3, 17));
    assertThat(node.calls.get(1).lease()).isNull();
    assertThat(node.run("call", "name", "DMM1", "verb", "measure", "lease", "x"))
        .containsEntry("code", "bad_argument");
  }
}
