// SPDX-License-Identifier: Apache-2.0
package consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.mesh.MeshPlan;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class PolicyTest {

  private static Offer offer(String node, String instrument, String type) {
    return new Offer(
        "tcp://" + node,
        "tcp://" + node + "#" + instrument + "#" + type,
        Map.of("consort.node", node, "consort.instrument", instrument, "objectClass", type));
  }

  private static Policy policy(String filter, Map<String, String> names, String... own) {
    return new Policy(new MeshPlan(List.of(), filter, names), Set.of(own)::contains);
  }

  @Test
  void allEndpointsOfAnInstrumentAreImportedTogether() {
    Offer dynamic = offer("a", "DMM1", "Instrument");
    Offer typed = offer("a", "DMM1", "Multimeter");

    assertThat(policy("", Map.of()).decide(List.of(dynamic, typed)).values())
        .allSatisfy(
            decision -> {
              assertThat(decision.reason()).isEmpty();
              assertThat(decision.properties()).containsEntry("consort.instrument", "DMM1");
            });
  }

  @Test
  void thisNodesOwnNamesComeFirst() {
    Offer taken = offer("a", "DMM1", "Instrument");

    Policy.Decision decision = policy("", Map.of(), "DMM1").decide(List.of(taken)).get(taken);

    assertThat(decision.properties()).isNull();
    assertThat(decision.reason())
        .isEqualTo(
            "DMM1 of node a is not imported: this node has one of that name; "
                + "'imports: {a.DMM1: NAME}' in etc/consort.yaml gives it another");
  }

  @Test
  void whoCameFirstHasTheNameUntilItGoes() {
    Offer first = offer("a", "DMM1", "Instrument");
    Offer second = offer("b", "DMM1", "Instrument");
    Policy policy = policy("", Map.of());

    assertThat(policy.decide(List.of(first, second)).get(second).reason())
        .contains("node a has one of that name");
    assertThat(policy.decide(List.of(second)).get(second).reason()).isEmpty();
  }

  @Test
  void anotherNameIsGivenByTheConfiguration() {
    Offer renamed = offer("a", "DMM1", "Instrument");

    Policy.Decision decision =
        policy("", Map.of("a.DMM1", "DMM9"), "DMM1").decide(List.of(renamed)).get(renamed);

    assertThat(decision.name()).isEqualTo("DMM9");
    assertThat(decision.properties()).containsEntry("consort.instrument", "DMM9");
  }

  @Test
  void theFilterLeavesOut() {
    Offer out = offer("a", "DMM1", "Instrument");
    Offer in = offer("b", "DMM2", "Instrument");

    Map<Offer, Policy.Decision> decisions =
        policy("(consort.node=b)", Map.of()).decide(List.of(out, in));

    assertThat(decisions.get(out).reason()).contains("the filter (remote: import:) leaves it out");
    assertThat(decisions.get(in).properties()).isNotNull();
  }
}
