// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The word about other nodes, as the faces give it. */
class NodesCommandTest {

  private final FakeNode node = new FakeNode();

  @Test
  void aNodeAloneIsToldWhatToWrite() {
    Map<String, Object> reply = node.run("nodes");

    assertThat(reply).containsEntry("ok", true).containsEntry("nodes", List.of());
    assertThat(Texts.of("nodes", reply))
        .startsWith("This node knows no others. In etc/consort.yaml, ")
        .contains("peers: ['tls://HOST:8600']")
        .contains("remote: {listen: 'tls://0.0.0.0:8600'}");
  }

  @Test
  void bothDirectionsAreATableEach() {
    node.commands.bindMesh(
        FakeMesh.listening("bench1", "tls://0.0.0.0:8600", "DMM1", "PSU1")
            .using("bench2", "tls://bench2:8600", "OSC1")
            .missing("tls://bench9:8600", "the host bench9 is not known")
            .usedBy("bench2", "10.0.0.2:41234", true, 3)
            .usedBy("desk", "", false, 0));

    assertThat(Texts.of("nodes", node.run("nodes")))
        .isEqualTo(
            """
            NODE    ADDRESS             STATE                                        INSTRUMENTS
            bench1  tls://0.0.0.0:8600  this node                                    2: DMM1, PSU1
            bench2  tls://bench2:8600   connected since 1970-01-01T00:00:00Z         1: OSC1
            -       tls://bench9:8600   not connected: the host bench9 is not known

            USED BY  FROM            PROVEN          ROLE      CALLS  SINCE                 INSTRUMENTS
            bench2   10.0.0.2:41234  by certificate  operator  3      1970-01-01T00:00:00Z  2: DMM1, PSU1
            desk     this computer   no              operator  0      1970-01-01T00:00:00Z  2: DMM1, PSU1""");
  }

  @Test
  void programsGetAllOfIt() {
    node.commands.bindMesh(
        FakeMesh.listening("bench1", "tls://0.0.0.0:8600", "DMM1")
            .usedBy("bench2", "10.0.0.2:41234", true, 3));

    assertThat(Json.write(node.run("nodes")))
        .isEqualTo(
            "{\"ok\":true,\"node\":{\"name\":\"bench1\",\"address\":\"tls://0.0.0.0:8600\","
                + "\"connected\":true,\"since\":\"1970-01-01T00:00:00Z\",\"text\":\"\","
                + "\"instruments\":[\"DMM1\"]},\"nodes\":[],\"users\":[{\"name\":\"bench2\","
                + "\"address\":\"10.0.0.2:41234\",\"proven\":true,\"role\":\"operator\","
                + "\"since\":\"1970-01-01T00:00:00Z\",\"calls\":3,"
                + "\"instruments\":[\"DMM1\",\"PSU1\"]}]}");
  }

  @Test
  void ofManyInstrumentsTheFirstAreShown() {
    String[] names = IntStream.range(0, 500).mapToObj(i -> "DMM" + i).toArray(String[]::new);
    node.commands.bindMesh(FakeMesh.deaf("bench1").using("bench2", "tls://bench2:8600", names));

    assertThat(Texts.of("nodes", node.run("nodes")))
        .contains("  500: DMM0, DMM1, DMM2, DMM3, DMM4, DMM5, …")
        .contains("bench1  -                  this node: it listens for no others")
        .doesNotContain("USED BY");
  }

  @Test
  void aNodeThatNobodyUsesSaysSo() {
    node.commands.bindMesh(FakeMesh.listening("bench1", "tls://0.0.0.0:8600"));

    assertThat(Texts.of("nodes", node.run("nodes")))
        .contains("none")
        .endsWith("\n\nNo other node uses this one");
  }

  @Test
  void anObserverMayLook() {
    assertThat(node.commands.run("nodes", Map.of(), FakeNode.OBSERVER)).containsEntry("ok", true);
  }
}
