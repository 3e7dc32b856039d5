// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

class AnnouncementTest {

  private static final String GOOD =
      new String(page(Endpoints.of("bench1", "DMM1")), StandardCharsets.UTF_8);

  private static byte[] page(Announcement... endpoints) {
    return Page.bytes(Stream.of(endpoints).map(Announcement::bytes).toList());
  }

  @Test
  void whatIsWrittenIsRead() {
    Announcement announcement = Endpoints.of("bench1", "DMM1", Map.of("a", true, "b", "µ\n\"x\""));

    Announcement another = Endpoints.of("bench1", "PSU1");

    List<Announcement> read = Page.read(page(announcement, another));

    assertThat(read).containsExactly(announcement, another);
    assertThat(read.get(0).properties())
        .containsEntry("endpoint.service.id", 42L)
        .containsEntry("service.ranking", 7L)
        .containsEntry("objectClass", List.of("consort.api.Instrument"))
        .containsEntry("b", "µ\n\"x\"")
        .doesNotContainKey("not.plain");
  }

  @Test
  void whatTheEndpointsOfAPageHaveInCommonIsKeptOnce() {
    List<Announcement> read =
        Page.read(page(Endpoints.of("bench1", "DMM1"), Endpoints.of("bench1", "PSU1")));
    Map<String, Object> one = read.get(0).properties();
    Map<String, Object> other = read.get(1).properties();

    for (String common : List.of("endpoint.framework.uuid", "consort.node", "service.intents")) {
      assertThat(one.get(common)).isSameAs(other.get(common)).isNotNull();
    }
    assertThat(one.get("consort.instrument")).isEqualTo("DMM1");
    assertThat(other.get("consort.instrument")).isEqualTo("PSU1");
  }

  @Test
  void anEndpointThatEverybodyCanReachBelongsToNoComputer() {
    assertThat(Endpoints.of("bench1", "DMM1").computer()).isEqualTo(Computer.id()).isNotEmpty();
    assertThat(
            Announcement.of(
                    Endpoints.description(
                        "bench1", "DMM1", Map.of("endpoint.id", "tls://bench1:8600#DMM1#x")),
                    Computer.id())
                .computer())
        .isEmpty();
  }

  @Test
  void whateverANodeIsCalledItIsAPartOfAPath() {
    assertThat(Announcement.segment("../a b/ü")).isEqualTo("_..-a-b--");
    assertThat(Announcement.segment("")).isEqualTo("_");
    assertThat(Announcement.segment("x".repeat(1000))).hasSize(80);
  }

  @Test
  void whatIsTooLargeIsNeitherWrittenNorRead() {
    Announcement large = Endpoints.of("bench1", "DMM1", Map.of("text", "x".repeat(70_000)));

    assertThatThrownBy(large::bytes).hasMessageContaining("at most 65509 are announced");
    assertThatThrownBy(() -> Page.read(new byte[65_537])).hasMessageContaining("65537");
  }

  @Test
  void whatIsNoEndpointIsRefusedWithTheReason() {
    refuses("", "");
    refuses("hello", "");
    refuses("{}", "its format is not 2");
    refuses(GOOD.replace("\"format\":2", "\"format\":3"), "its format is not 2");
    refuses("{\"format\":2,\"endpoints\":{}}", "no endpoints");
    refuses("{\"format\":2,\"endpoints\":[[]]}", "no computer or no properties");
    refuses("{\"format\":2,\"endpoints\":[{\"computer\":\"\",\"endpoint\":[]}]}", "no properties");
    refuses("{\"format\":2,\"endpoints\":[{\"computer\":\"\",\"endpoint\":{}}]}", "");
    refuses(
        GOOD.replace("\"service.ranking\":7", "\"service.ranking\":{\"a\":1}"), "service.ranking");
    refuses(GOOD.replace("\"service.ranking\":7", "\"service.ranking\":1.5"), "service.ranking");
    refuses(GOOD.replace("\"service.ranking\":7", "\"service.ranking\":null"), "service.ranking");
    refuses(GOOD.replace("\"objectClass\"", "\"objectKlass\""), "");
    refuses(GOOD.replace("\"endpoint.id\"", "\"endpoint.ID\""), "");
    refuses(GOOD.replace("\"endpoint.service.id\":42", "\"endpoint.service.id\":\"x\""), "");
    refuses("[".repeat(60_000), "");
  }

  private static void refuses(String text, String reason) {
    assertThatThrownBy(() -> Page.read(text.getBytes(StandardCharsets.UTF_8)))
        .as(text.substring(0, Math.min(100, text.length())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void randomChangesOfBytesNeverDoMoreThanToBeRefused() {
    long seed = 20261121;
    Random random = new Random(seed);
    byte[] good = page(Endpoints.of("bench1", "DMM1"));
    int read = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = good.clone();
      for (int j = random.nextInt(4); j >= 0; j--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      try {
        Page.read(bytes);
        read++;
      } catch (IllegalArgumentException refused) {
        // As it should be.
      } catch (RuntimeException e) {
        Assertions.fail("seed " + seed + ", round " + i, e);
      }
    }
    assertThat(read).isBetween(1, 19_999);
  }
}
