// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {

  @Test
  void readsWhatItWrites() {
    Map<String, Object> map =
        Plain.map(
            "text",
            "a\"\u001b\n€",
            "int",
            1,
            "long",
            1L << 40,
            "double",
            0.1,
            "no",
            false,
            "none",
            null,
            "list",
            List.of(1, Map.of("x", 2.5)));

    assertThat(Json.read(Json.write(map).getBytes(StandardCharsets.UTF_8))).isEqualTo(map);
    assertThat(Json.read(Json.pretty(map).getBytes(StandardCharsets.UTF_8))).isEqualTo(map);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "1",
        "\"x\"",
        "null",
        "{\"a\":1}{}",
        "{\"a\":1} x",
        "{\"a\":1,\"a\":2}",
        "{'a':1}",
        "{a:1}",
        "{\"a\":NaN}",
        "{\"a\":1e999}",
        "{\"a\":01}",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{\"a\":\"\u0001\"}",
        "{/* */}",
        "{\"a\":tru}"
      })
  void refusesWhatIsNoJsonObject(String text) {
    assertThatThrownBy(() -> Json.read(text.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("com.fasterxml");
  }

  @Test
  void refusesBrokenUtf8AndBottomlessNesting() {
    assertThatThrownBy(() -> Json.read(new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'}))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> Json.read(("{\"a\":" + "[".repeat(100_000)).getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void takesUtf8Alone() {
    byte[] overlong = "{\"a\":\"??\"}".getBytes(StandardCharsets.UTF_8);
    overlong[6] = (byte) 0xc1;
    overlong[7] = (byte) 0xa9;
    for (byte[] text : List.of(overlong, "{}".getBytes(StandardCharsets.UTF_16BE))) {
      assertThatThrownBy(() -> Json.read(text)).isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> Json.read(overlong)).hasMessage("this is not UTF-8 text");
    assertThat(Json.read("\uFEFF{}".getBytes(StandardCharsets.UTF_8))).isEmpty();
  }

  @Test
  void refusesHalfACharacterAndTakesAWholeOne() {
    assertThatThrownBy(() -> Json.read("{\"a\":\"x\\ud83d\"}".getBytes(StandardCharsets.UTF_8)))
        .hasMessage("a text has half a character (line 1, column 6)");
    assertThat(Json.read("{\"a\":\"\\ud83d\\ude00\"}".getBytes(StandardCharsets.UTF_8)))
        .containsEntry("a", "\uD83D\uDE00");
  }
}
