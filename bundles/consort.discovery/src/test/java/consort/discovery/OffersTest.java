// SPDX-License-Identifier: Apache-2.0
package consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.mesh.MeshPlan;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Version;

final class OffersTest {

  private static final String WAY = "zookeeper";

  private final Set<String> own = new HashSet<>();
  private Version version = new Version(1, 0, 0);
  private final AtomicInteger asked = new AtomicInteger();
  private final Offers offers =
      new Offers(
          new Policy(
              new MeshPlan(List.of(), "", Map.of()),
              name -> {
                asked.incrementAndGet();
                return own.contains(name);
              },
              new Packages(name -> Set.of(version))));

  private static Offer offer(String node, String instrument, String model) {
    return new Offer(
        "tcp://" + node,
        "tcp://" + node + "#" + instrument,
        Map.of("consort.node", node, "consort.instrument", instrument, "consort.model", model));
  }

  private List<String> present() {
    return offers.decide().present().stream().map(Offers.Decided::id).toList();
  }

  @Test
  void aChangeAmongThousandsIsDecidedAlone() {
    for (int i = 0; i < 1000; i++) {
      offers.put(WAY, offer("a", "I" + i, "x"));
      offers.decide();
    }
    assertThat(asked.get()).as("questions for 1000 offers that come one by one").isEqualTo(2000);

    asked.set(0);
    offers.put(WAY, offer("a", "I500", "y"));
    Offers.Changes changes = offers.decide();
    assertThat(changes.past()).hasSize(1);
    assertThat(changes.present()).hasSize(1);
    offers.remove(WAY, "tcp://a#I500");
    assertThat(offers.decide().past()).hasSize(1);
    assertThat(asked.get()).isLessThan(6);

    asked.set(0);
    offers.look();
    assertThat(asked.get()).as("one question for each name").isEqualTo(999);
    assertThat(offers.decide().past()).isEmpty();
  }

  @Test
  void aNameGoesToTheNextWhenWhoHadItGoes() {
    offers.put(WAY, offer("a", "DMM1", "x"));
    offers.put(WAY, offer("b", "DMM1", "x"));
    Offers.Changes first = offers.decide();
    assertThat(first.present().get(0).decision().reason()).isEmpty();
    assertThat(first.present().get(1).decision().reason()).contains("node a has one");

    offers.remove(WAY, "tcp://a#DMM1");
    Offers.Changes second = offers.decide();
    assertThat(second.past())
        .extracting(Offers.Decided::id)
        .containsExactly("tcp://a#DMM1", "tcp://b#DMM1");
    assertThat(second.present()).hasSize(1);
    assertThat(second.present().get(0).decision().reason()).isEmpty();
  }

  @Test
  void whoWasFirstStaysFirstWhenItsPropertiesChange() {
    offers.put(WAY, offer("a", "DMM1", "x"));
    offers.put(WAY, offer("b", "DMM1", "x"));
    offers.decide();

    offers.put(WAY, offer("a", "DMM1", "y"));
    assertThat(present()).containsExactly("tcp://a#DMM1");
  }

  @Test
  void whatIsFoundInASecondWayChangesNothingUntilTheFirstLosesIt() {
    offers.put("peer", offer("a", "DMM1", "x"));
    offers.decide();
    offers.put(WAY, offer("a", "DMM1", "as ZooKeeper says it"));
    assertThat(present()).isEmpty();

    offers.remove("peer", "tcp://a#DMM1");
    assertThat(present()).containsExactly("tcp://a#DMM1");
    offers.remove("peer", "tcp://a#DMM1");
    offers.remove(WAY, "tcp://a#DMM1");
    assertThat(offers.decide().past()).hasSize(1);
    offers.remove(WAY, "tcp://a#DMM1");
    assertThat(offers.decide().past()).isEmpty();
  }

  @Test
  void whatComesAndGoesBeforeItIsDecidedAboutIsNothing() {
    offers.put(WAY, offer("a", "DMM1", "x"));
    offers.remove(WAY, "tcp://a#DMM1");

    Offers.Changes changes = offers.decide();
    assertThat(changes.past()).isEmpty();
    assertThat(changes.present()).isEmpty();
  }

  @Test
  void whatDoesNotFitIsDecidedAboutAgainWhenOtherPackagesAreHere() {
    Offer typed =
        new Offer(
            "tcp://a",
            "tcp://a#DMM1#consort.instruments.Multimeter",
            Map.of(
                "consort.node",
                "a",
                "consort.instrument",
                "DMM1",
                "objectClass",
                List.of("consort.instruments.Multimeter"),
                "endpoint.package.version.consort.instruments",
                "2.1.0"));
    offers.put(WAY, typed);
    assertThat(offers.decide().present().get(0).decision().properties()).isNull();

    offers.look();
    assertThat(present()).as("nothing has changed").isEmpty();
    version = new Version(2, 0, 0);
    offers.look();
    assertThat(offers.decide().present().get(0).decision().properties()).isNotNull();
  }
}
