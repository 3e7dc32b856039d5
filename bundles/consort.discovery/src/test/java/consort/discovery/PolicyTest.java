// SPDX-License-Identifier: Apache-2.0
package consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.mesh.MeshPlan;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Version;

final class PolicyTest {

  private static final Packages NOTHING = new Packages(name -> Set.of());

  private static Offer offer(String node, String instrument, String type) {
    return new Offer(
        "tcp://" + node,
        "tcp://" + node + "#" + instrument + "#" + type,
        Map.of("consort.node", node, "consort.instrument", instrument, "objectClass", type));
  }

  private static Policy policy(String filter, Map<String, String> names, String... own) {
    return new Policy(new MeshPlan(List.of(), filter, names), Set.of(own)::contains, NOTHING);
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

  private static Offer typed(String node, String version) {
    Map<String, Object> properties = new HashMap<>();
    properties.put("consort.node", node);
    properties.put("consort.instrument", "DMM1");
    properties.put("objectClass", List.of("consort.instruments.Multimeter"));
    properties.put("endpoint.package.version.consort.instruments", version);
    properties.values().removeIf(Objects::isNull);
    return new Offer("tcp://" + node, "tcp://" + node + "#DMM1#Multimeter", properties);
  }

  private static String reason(String there, Version... here) {
    Packages packages =
        new Packages(
            name -> name.equals("consort.instruments") ? List.of(here) : List.<Version>of());
    Offer offer = typed("a", there);
    return new Policy(new MeshPlan(List.of(), "", Map.of()), name -> false, packages)
        .decide(List.of(offer))
        .get(offer)
        .reason();
  }

  @Test
  void anInterfaceOfAnotherMajorVersionIsNotImported() {
    Version one = new Version(1, 2, 0);

    assertThat(reason("2.1.0", one))
        .isEqualTo(
            "DMM1 of node a is not imported as consort.instruments.Multimeter: its package has "
                + "version 2.1.0 there and 1.2.0 here; the bundle that exports "
                + "consort.instruments must be of one major version at both nodes");
    assertThat(reason("1.0.0", one)).as("an older minor version").isEmpty();
    assertThat(reason("1.9.0", one)).as("a newer minor version").isEmpty();
    assertThat(reason(null, one)).as("none is version 0").contains("version 0.0.0 there");
    assertThat(reason("two", one)).contains("'two' is no version of its package");
  }

  @Test
  void aVersionThatIsHereBesideOthersFits() {
    assertThat(reason("2.1.0", new Version(1, 2, 0), new Version(2, 0, 0))).isEmpty();
    assertThat(reason("3.0.0", new Version(2, 0, 0), new Version(1, 2, 0)))
        .contains("3.0.0 there and 1.2.0, 2.0.0 here");
    assertThat(reason("2.1.0")).as("nobody exports it here").isEmpty();
  }

  @Test
  void whatDoesNotFitHoldsNoName() {
    Offer misfit = typed("a", "2.0.0");
    Offer other = typed("b", "1.0.0");
    Policy policy =
        new Policy(
            new MeshPlan(List.of(), "", Map.of()),
            name -> false,
            new Packages(name -> List.of(new Version(1, 0, 0))));

    assertThat(policy.decide(List.of(misfit, other)).get(other).reason()).isEmpty();
  }

  @Test
  void anInterfaceWithoutAProperNameIsNotImported() {
    Offer odd =
        new Offer(
            "tcp://a",
            "tcp://a#DMM1#odd",
            Map.of("consort.instrument", "DMM1", "objectClass", List.of("a)(b=*.Odd")));

    assertThat(policy("", Map.of()).decide(List.of(odd)).get(odd).reason())
        .contains("is not imported as 'a)(b=*.Odd', which is no name of an interface");
  }
}
