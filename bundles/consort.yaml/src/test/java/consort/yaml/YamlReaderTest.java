// SPDX-License-Identifier: Apache-2.0
package consort.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.deploy.Finding;
import consort.yaml.Node.Kind;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class YamlReaderTest {

  private final Problems problems = new Problems("f.yaml");

  private Node read(String text) {
    return YamlReader.read(text.getBytes(StandardCharsets.UTF_8), problems);
  }

  private List<String> findings() {
    return problems.all().stream().map(Finding::toString).toList();
  }

  @Test
  void everyValueKnowsWhereItStands() {
    Node root = read("a: 1\nb:\n  - x\n  - {c/d~e: 2.5}\n");

    Node deep = root.get("b").items().get(1).get("c/d~e");
    assertThat(deep.value()).isEqualTo(2.5);
    assertThat(deep.line()).isEqualTo(4);
    assertThat(deep.column()).isEqualTo(13);
    assertThat(deep.pointer()).hasToString("/b/1/c~1d~0e");
    assertThat(root.pointer()).hasToString("");
    assertThat(root.plain()).isEqualTo(Map.of("a", 1, "b", List.of("x", Map.of("c/d~e", 2.5))));
  }

  @Test
  void quotedTextStaysText() {
    Node root = read("a: \"123\"\nb: 'true'\nc: 123\nd: true\n");

    assertThat(root.plain()).isEqualTo(Map.of("a", "123", "b", "true", "c", 123, "d", true));
    assertThat(problems.all()).isEmpty();
  }

  @Test
  void findingsAreInTheOrderOfTheFileWithTheirPointers() {
    Node root = read("a: [1, *x]\nb: no\nc: 1\nc: 2\n");
    problems.missing(root, "d", "this key is missing");
    problems.note(root.get("c"), "worth knowing");

    assertThat(findings())
        .containsExactly(
            "f.yaml:1:1: /d: this key is missing",
            "f.yaml:1:8: /a/1: the alias *x is not allowed; write the value itself",
            "f.yaml:2:4: /b: no without quotes is a boolean to some and text to others; write true or"
                + " false, or put it in quotes: \"no\"",
            "f.yaml:3:4: /c: worth knowing",
            "f.yaml:4:1: /c: this key stands here a second time; first in line 3");
    assertThat(root.get("a").items().get(1).is(Kind.BROKEN)).isTrue();
  }

  @Test
  void longKeysThatNestCostNoGigabyteOfPointers() {
    String text = ("{" + "k".repeat(1_000) + ": ").repeat(30) + "[" + "1,".repeat(200_000) + "1]";

    Node root = read(text + "}".repeat(30));

    assertThat(problems.all()).isEmpty();
    Node node = root;
    while (node.is(Kind.MAP)) {
      node = node.get("k".repeat(1_000));
    }
    assertThat(node.items().get(7).pointer().toString()).hasSizeLessThan(2_000);
  }
}
