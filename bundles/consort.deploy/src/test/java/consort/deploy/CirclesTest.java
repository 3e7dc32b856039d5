// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.State;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.Requirement;
import consort.api.driver.Connection;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class CirclesTest {

  private final Map<String, InstrumentSpec> all = new HashMap<>();

  private void put(String name, String... requires) {
    all.put(
        name,
        InstrumentSpec.of(name, "d", Connection.NONE)
            .requiring(
                Arrays.stream(requires)
                    .map(other -> new Requirement(other, State.READY))
                    .toArray(Requirement[]::new)));
  }

  @Test
  void findsTheShortestWayRound() {
    put("A", "B", "C");
    put("B", "C");
    put("C", "A");
    put("D", "A");

    assertThat(Circles.of("A", all)).containsExactly("A", "C", "A");
    assertThat(Circles.of("B", all)).containsExactly("B", "C", "A", "B");
    assertThat(Circles.of("D", all)).as("it only leads to one").isEmpty();
  }

  @Test
  void aChainIsNoCircle() {
    put("A", "B");
    put("B", "ELSEWHERE");

    assertThat(Circles.of("A", all)).isEmpty();
  }
}
