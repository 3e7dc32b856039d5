// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PagesTest {

  private final Pages pages = new Pages();

  private void put(Announcement endpoint) {
    pages.put(endpoint.id(), endpoint.bytes());
  }

  private List<Announcement> all() {
    List<Announcement> all = new ArrayList<>();
    for (int number : pages.numbers()) {
      all.addAll(Page.read(pages.content(number).orElseThrow()));
    }
    return all;
  }

  @Test
  void aChangeTouchesThePageOfItsEndpointAlone() {
    for (int i = 0; i < 1000; i++) {
      put(Endpoints.of("bench1", "I" + i));
    }
    assertThat(pages.changed()).isEqualTo(pages.numbers()).hasSizeBetween(2, 30);
    assertThat(pages.changed()).isEmpty();

    put(Endpoints.of("bench1", "I0", Map.of("model", "34470A")));
    assertThat(pages.changed()).hasSize(1);
    pages.remove(Endpoints.id("bench1", "I500"));
    assertThat(pages.changed()).hasSize(1);
    put(Endpoints.of("bench1", "another"));
    assertThat(pages.changed()).as("there is room where one went").hasSize(1);
    assertThat(all()).hasSize(1000);
  }

  @Test
  void aLargeEndpointHasAPageOfItsOwn() {
    put(Endpoints.of("bench1", "DMM1"));
    put(Endpoints.of("bench1", "PSU1"));
    assertThat(pages.numbers()).containsExactly(0);

    put(Endpoints.of("bench1", "DMM1", Map.of("text", "x".repeat(60_000))));
    assertThat(pages.changed()).containsExactlyInAnyOrder(0, 1);
    assertThat(Page.read(pages.content(0).orElseThrow()))
        .containsExactly(Endpoints.of("bench1", "PSU1"));

    pages.remove(Endpoints.id("bench1", "DMM1"));
    assertThat(pages.changed()).containsExactly(1);
    assertThat(pages.content(1)).isEmpty();
    assertThat(pages.numbers()).containsExactly(0);
  }

  @Test
  void whateverComesAndGoesEachStandsOnOnePageAndNoPageIsTooLarge() {
    Random random = new Random(20261127);
    Map<String, Announcement> expected = new TreeMap<>();
    for (int i = 0; i < 5000; i++) {
      String name = "I" + random.nextInt(200);
      if (random.nextBoolean()) {
        String text = "x".repeat(random.nextInt(random.nextInt(10) == 0 ? 60_000 : 1000));
        Announcement endpoint = Endpoints.of("bench1", name, Map.of("text", text));
        put(endpoint);
        expected.put(endpoint.id(), endpoint);
      } else {
        pages.remove(Endpoints.id("bench1", name));
        expected.remove(Endpoints.id("bench1", name));
      }
      for (int number : pages.changed()) {
        pages
            .content(number)
            .ifPresent(content -> assertThat(content.length).isLessThanOrEqualTo(Page.LARGEST));
      }
    }
    assertThat(all()).containsExactlyInAnyOrderElementsOf(expected.values());
  }
}
