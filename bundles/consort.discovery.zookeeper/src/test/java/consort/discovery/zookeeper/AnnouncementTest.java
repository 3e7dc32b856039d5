// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

class AnnouncementTest {

  private static final String GOOD =
      new String(Endpoints.of("bench1", "DMM1").bytes(), StandardCharsets.UTF_8);

  @Test
  void whatIsWrittenIsRead() {
    Announcement announcement = Endpoints.of("bench1", "DMM1", Map.of("a", true, "b", "µ\n\"x\""));

    Announcement read = Announcement.read(announcement.bytes());

    assertThat(read).isEqualTo(announcement);
    assertThat(read.properties())
        .containsEntry("endpoint.service.id", 42L)
        .containsEntry("service.ranking", 7L)
        .containsEntry("objectClass", List.of("consort.api.Instrument"))
        .containsEntry("b", "µ\n\"x\"")
        .doesNotContainKey("not.plain");
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
  void theNameOfItsNodeIsReadableAndItsOwn() {
    assertThat(Endpoints.of("bench1", "DMM1").nodeName())
        .matches("bench1_DMM1-consort.api.Instrument-[0-9a-f]{16}")
        .isNotEqualTo(Endpoints.of("bench2", "DMM1").nodeName());
    assertThat(Announcement.segment("../a b/ü")).isEqualTo("_..-a-b--");
    assertThat(Announcement.segment("")).isEqualTo("_");
    assertThat(Announcement.segment("x".repeat(1000))).hasSize(80);
  }

  @Test
  void whatIsTooLargeIsNeitherWrittenNorRead() {
    Announcement large = Endpoints.of("bench1", "DMM1", Map.of("text", "x".repeat(70_000)));

    assertThatThrownBy(large::bytes).hasMessageContaining("at most 65536 are announced");
    assertThatThrownBy(() -> Announcement.read(new byte[65_537])).hasMessageContaining("65537");
  }

  @Test
  void whatIsNoEndpointIsRefusedWithTheReason() {
    refuses("", "");
    refuses("hello", "");
    refuses("{}", "its format is not 1");
    refuses(GOOD.replace("\"format\":1", "\"format\":2"), "its format is not 1");
    refuses("{\"format\":1,\"computer\":\"\",\"endpoint\":[]}", "no endpoint");
    refuses("{\"format\":1,\"computer\":\"\",\"endpoint\":{}}", "");
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
    assertThatThrownBy(() -> Announcement.read(text.getBytes(StandardCharsets.UTF_8)))
        .as(text.substring(0, Math.min(100, text.length())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void randomChangesOfBytesNeverDoMoreThanToBeRefused() {
    long seed = 20261121;
    Random random = new Random(seed);
    byte[] good = Endpoints.of("bench1", "DMM1").bytes();
    int read = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = good.clone();
      for (int j = random.nextInt(4); j >= 0; j--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      try {
        Announcement.read(bytes);
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
