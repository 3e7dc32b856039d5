// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import consort.yaml.Node;
import consort.yaml.Problems;
import consort.yaml.YamlReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Our reading of the schema against a full validator. */
final class ApiSchemaTest {

  private static final Path FILE =
      Path.of("src/main/resources/consort/declarative/api-definition.schema.json");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final SchemaRegistry REGISTRY =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
  private static final Schema THEIRS = theirs();

  private static Schema theirs() {
    try {
      return REGISTRY.getSchema(Files.readString(FILE));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void theSchemaIsAValidSchema() throws IOException {
    Schema meta =
        REGISTRY.getSchema(SchemaLocation.of("https://json-schema.org/draft/2020-12/schema"));

    assertThat(meta.validate(JSON.readTree(FILE.toFile()))).isEmpty();
  }

  @Test
  void agreesWithAFullValidatorOnRandomlySpoiltDefinitions() throws IOException {
    long seed = 20_261_121;
    Random random = new Random(seed);
    Object good = yaml(Definitions.DMM + EXTRAS).plain();
    int valid = 0;
    for (int i = 0; i < 4_000; i++) {
      Object spoilt = spoil(good, random, new int[] {random.nextInt(100)});
      Node node = yaml(JSON.writeValueAsString(spoilt));
      Problems problems = new Problems("f");
      new DefinitionReader().schema().check(node, problems);
      JsonNode json = JSON.valueToTree(node.plain());
      assertThat(problems.failed())
          .as(() -> json + "\nours " + problems.all() + "\ntheirs " + THEIRS.validate(json))
          .isEqualTo(!THEIRS.validate(json).isEmpty());
      valid += problems.failed() ? 0 : 1;
    }
    assertThat(valid).as("both kinds occur (seed %d)", seed).isBetween(100, 3_900);
  }

  private static final String EXTRAS =
      """
        G: {template: "A {ch}", channel_group: g, params: {x: {type: bool, required: false}}, query: true,
            deadline: 1s, reads: true, responses: [a, b]}
      channel_groups:
        - {name: g, count: 2, channel_parameter: {name: ch, type: int, min: 1, max: 2},
           io_types: [{suffix: s, type: float, role: output, unit: V}]}
      initialization: ["*CLS"]
      identity: {query: "*IDN?", pattern: "Acme.*"}
      errors: {query: "ERR?", none: "0"}
      examples:
        - {command: SET_LEVEL, arguments: {level: 5}, sent: VOLT 5}
        - {sent: "*IDN?", reply: "Acme,1", result: [1, 2]}
      """;

  private static Node yaml(String text) {
    Problems problems = new Problems("f");
    Node node = YamlReader.read(text, problems);
    assertThat(problems.all()).isEmpty();
    return node;
  }

  /** A copy in which the value with this number is another, or gone, or beside an unknown one. */
  private static Object spoil(Object value, Random random, int[] countdown) {
    if (countdown[0]-- == 0) {
      return any(random);
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> out = new LinkedHashMap<>();
      map.forEach(
          (key, inner) -> {
            int before = countdown[0];
            Object copy = spoil(inner, random, countdown);
            boolean hit = before >= 0 && countdown[0] < 0;
            if (!hit || random.nextInt(3) > 0) {
              out.put(hit && random.nextInt(4) == 0 ? key + "x" : key.toString(), copy);
            }
          });
      return out;
    }
    if (value instanceof List<?> list) {
      List<Object> out = new ArrayList<>();
      list.forEach(inner -> out.add(spoil(inner, random, countdown)));
      return out;
    }
    return value;
  }

  private static Object any(Random random) {
    return Stream.of(
            "text",
            "",
            "1.0.0",
            "VISA",
            "float",
            "input",
            3,
            -1,
            2.5,
            true,
            List.of(),
            Map.of(),
            List.of("a", 1),
            Map.of("type", "int", "name", "x"),
            "array<int>",
            "block",
            "5 ms")
        .skip(random.nextInt(17))
        .findFirst()
        .orElseThrow();
  }

  private static final Path DOCUMENT = Path.of("../../docs/reference/api-definition.md");

  @Test
  void theDocumentHasTheSameKeysAsTheSchema() throws IOException {
    assertThat(
            Pattern.compile("(?m)^\\| `([^`]+)` \\|")
                .matcher(section(Files.readString(DOCUMENT), "## Keys"))
                .results()
                .map(m -> m.group(1)))
        .containsExactlyInAnyOrderElementsOf(new DefinitionReader().schema().keys());
  }

  private static String section(String document, String title) {
    int begin = document.indexOf(title);
    return document.substring(begin, document.indexOf("\n## ", begin + 1));
  }

  @Test
  void theExamplesOfTheDocumentAreGood() throws IOException {
    List<String> examples =
        Pattern.compile("(?s)```yaml\n(.*?)```")
            .matcher(Files.readString(DOCUMENT))
            .results()
            .map(m -> m.group(1))
            .toList();

    assertThat(examples).isNotEmpty();
    examples.forEach(example -> assertThat(Definitions.findings(example)).isEmpty());
  }
}
