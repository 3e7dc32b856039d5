// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import consort.yaml.Node;
import consort.yaml.Problems;
import consort.yaml.Schema;
import consort.yaml.YamlReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class SchemaTest {

  private static final Path FILE =
      Path.of("src/main/resources/consort/deploy/instrument.schema.json");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Schema OURS = new InstrumentFile().schema();
  private static final com.networknt.schema.Schema THEIRS = theirs();

  private static com.networknt.schema.Schema theirs() {
    try {
      return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
          .getSchema(Files.readString(FILE));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void agree(Node node) {
    Problems problems = new Problems("f");
    OURS.check(node, problems);
    JsonNode json = JSON.valueToTree(node.plain());

    assertThat(problems.failed())
        .as(() -> json + "\nours " + problems.all() + "\ntheirs " + THEIRS.validate(json))
        .isEqualTo(!THEIRS.validate(json).isEmpty());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("consort.deploy.BadFiles#all")
  void agreesWithAFullValidatorOnBadFiles(String what, String text, List<String> findings) {
    Problems problems = new Problems("f");
    Node node = YamlReader.read(text, problems);
    // what was refused when it was read has no value to judge; NaN is no JSON, and a line feed
    // after the text that a pattern matches escapes the other validator
    if (!problems.failed() && !text.contains(".nan") && !text.contains("\\n")) {
      agree(node);
    }
  }

  @Test
  void agreesWithAFullValidatorOnRandomFiles() {
    long seed = 20_260_101;
    Random random = new Random(seed);
    int good = 0;
    for (int i = 0; i < 5_000; i++) {
      Node node = node(file(random));
      agree(node);
      good += THEIRS.validate(JSON.<JsonNode>valueToTree(node.plain())).isEmpty() ? 1 : 0;
    }
    assertThat(good).as("both kinds occur (seed %d)", seed).isBetween(500, 4_500);
  }

  /** A file of good values, in which a few are exchanged. */
  private static Map<String, Object> file(Random random) {
    Map<String, Object> file = new LinkedHashMap<>();
    file.put("name", "DMM1");
    file.put(random.nextInt(10) == 0 ? "api_ref" : "driver", "acme.dmm");
    maybe(random, file, "connection", "X", Map.of("type", "None"), connection(random));
    maybe(random, file, "settings", Map.of("a", List.of(1, 2.5, "x")), Map.of());
    maybe(random, file, "startup", Map.of("init_commands", List.of("*CLS"), "delay_ms", 5));
    maybe(random, file, "reconnect", true, false, Map.of("first", "1s", "cap", "2.5min"));
    maybe(
        random,
        file,
        "requires",
        List.of(Map.of("instrument", "CRYO", "state", "STOPPED")),
        List.of(Map.of("instrument", "CRYO", "state", "BUSY")),
        List.of(Map.of("state", "READY"), 5));
    maybe(random, file, "health", Map.of("interval", "10s"), Map.of(), true);
    maybe(random, file, "deadline", "30s", "1 h");
    maybe(random, file, "version", "1", "1.2", "1.2.3.rc-1");
    maybe(random, file, "isolation", "none", "process");
    maybe(random, file, "export", true, false);
    maybe(random, file, "labels", Map.of("room", "B214"), Map.of());
    maybe(
        random,
        file,
        "io_config",
        Map.of("in", Map.of("type", "float", "role", "setting", "scale", 0.5)),
        Map.of("in", Map.of("type", "float")),
        Map.of("1n", Map.of("type", "float", "role", "input")));
    if (random.nextInt(2) == 0) {
      List<String> keys = new ArrayList<>(new TreeSet<>(OURS.keys()));
      String key = keys.get(random.nextInt(keys.size()));
      file.put(key.contains(".") ? key.substring(0, key.indexOf('.')) : key, any(random, 2));
    }
    if (random.nextInt(10) == 0) {
      file.remove(random.nextBoolean() ? "name" : "driver");
    }
    if (random.nextInt(10) == 0) {
      file.put("nme", 1);
    }
    return file;
  }

  private static Map<String, Object> connection(Random random) {
    Map<String, Object> connection = new LinkedHashMap<>();
    maybe(random, connection, "type", "VISA", "Custom", "Simulated", "Serial");
    maybe(random, connection, "address", "X", "Y", "");
    maybe(random, connection, "baudrate", 9600, 1, 0);
    maybe(random, connection, "stop_bits", 1, 1.5, 2, 2.5);
    maybe(random, connection, "parity", "even", "evn");
    maybe(random, connection, "termination", "\r\n", "1234567");
    maybe(random, connection, "custom", Map.of("a", 1));
    return connection;
  }

  private static void maybe(Random random, Map<String, Object> map, String key, Object... values) {
    if (random.nextInt(3) == 0) {
      map.put(key, values[random.nextInt(values.length)]);
    }
  }

  private static Object any(Random random, int depth) {
    return switch (random.nextInt(depth == 0 ? 5 : 7)) {
      case 0 -> "text";
      case 1 -> random.nextInt(20) - 5;
      case 2 -> random.nextInt() + 0.5;
      case 3 -> random.nextBoolean();
      case 4 -> "";
      case 5 -> List.of(any(random, depth - 1), any(random, depth - 1));
      default -> {
        List<String> keys = new ArrayList<>(OURS.keys());
        String key = keys.get(random.nextInt(keys.size()));
        yield Map.of(key.substring(key.lastIndexOf('.') + 1), any(random, depth - 1));
      }
    };
  }

  private static Node node(Object value) {
    try {
      Problems problems = new Problems("f");
      Node node = YamlReader.read(JSON.writeValueAsString(value), problems);
      assertThat(problems.all()).isEmpty();
      return node;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void theSchemaIsAValidSchema() throws IOException {
    JsonNode schema = JSON.readTree(FILE.toFile());
    var meta =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(
                com.networknt.schema.SchemaLocation.of(
                    "https://json-schema.org/draft/2020-12/schema"));

    assertThat(meta.validate(schema)).isEmpty();
  }

  @Test
  void theDocumentHasTheSameKeysAsTheSchema() throws IOException {
    String document = Files.readString(Path.of("../../docs/reference/instrument-file.md"));

    assertThat(
            Pattern.compile("(?m)^\\| `([^`]+)` \\|")
                .matcher(document)
                .results()
                .map(m -> m.group(1)))
        .containsExactlyInAnyOrderElementsOf(OURS.keys());
  }

  @Test
  void theExamplesOfTheDocumentAreGood() throws IOException {
    String document = Files.readString(Path.of("../../docs/reference/instrument-file.md"));
    List<String> examples =
        Pattern.compile("(?s)```yaml\n(.*?)```")
            .matcher(document)
            .results()
            .map(m -> m.group(1))
            .toList();

    assertThat(examples).isNotEmpty();
    for (String example : examples) {
      Problems problems = new Problems("f");
      OURS.check(YamlReader.read(example, problems), problems);
      assertThat(problems.all()).as(example).isEmpty();
    }
  }
}
