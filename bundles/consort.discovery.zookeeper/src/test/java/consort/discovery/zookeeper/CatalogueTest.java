// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CatalogueTest {

  private static final String DMM1 = Endpoints.id("bench1", "DMM1");
  private static final String PSU1 = Endpoints.id("bench1", "PSU1");
  private static final String TG1 = Endpoints.id("bench1", "TG1");

  private final Heard heard = new Heard();
  private final Catalogue catalogue = new Catalogue(heard, 3);

  private static Announcement endpoint(String name) {
    return Endpoints.of("bench1", name);
  }

  @Test
  void ofAPageThatIsWrittenAgainOnlyWhatIsDifferentIsTold() {
    catalogue.put("/a", 1, List.of(endpoint("DMM1"), endpoint("PSU1")));
    catalogue.put("/a", 2, List.of(endpoint("PSU1"), endpoint("TG1")));

    assertThat(heard.history).containsExactly("+" + DMM1, "+" + PSU1, "-" + DMM1, "+" + TG1);
    catalogue.remove("/a");
    catalogue.remove("/a");
    assertThat(heard.history).endsWith("-" + PSU1, "-" + TG1).hasSize(6);
  }

  @Test
  void ofTwoPagesTheOneThatWasWrittenLastCountsInWhateverOrderTheyAreRead() {
    Announcement before = Endpoints.of("bench1", "DMM1", Map.of("model", "old"));
    Announcement now = Endpoints.of("bench1", "DMM1", Map.of("model", "new"));
    catalogue.put("/new", 8, List.of(now));
    catalogue.put("/old", 7, List.of(before));
    assertThat(heard.now).containsOnly(Map.entry(DMM1, now));
    assertThat(heard.history).hasSize(1);

    catalogue.remove("/old");
    assertThat(heard.history).as("its end takes nothing along").hasSize(1);

    catalogue.put("/older", 3, List.of(before));
    catalogue.remove("/new");
    assertThat(heard.now).containsOnly(Map.entry(DMM1, before));
    catalogue.remove("/older");
    assertThat(heard.now).isEmpty();
  }

  @Test
  void moreThanThereIsRoomForIsNotKept() {
    assertThat(catalogue.put("/a", 1, List.of(endpoint("DMM1"), endpoint("PSU1")))).isTrue();
    assertThat(catalogue.put("/b", 2, List.of(endpoint("TG1"), endpoint("TG2")))).isFalse();
    assertThat(heard.now).containsOnlyKeys(DMM1, PSU1, TG1);

    catalogue.remove("/a");
    assertThat(catalogue.put("/b", 3, List.of(endpoint("TG1"), endpoint("TG2")))).isTrue();
    assertThat(heard.now).containsOnlyKeys(TG1, Endpoints.id("bench1", "TG2"));
  }
}
