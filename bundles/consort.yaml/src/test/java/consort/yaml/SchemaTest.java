// SPDX-License-Identifier: Apache-2.0
package consort.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.deploy.Finding;
import org.junit.jupiter.api.Test;

/** What is refused in a schema; that it judges as a full validator does is shown with our own. */
final class SchemaTest {

  @Test
  void aKeywordThatWouldNotBeCheckedIsRefused() {
    assertThatThrownBy(() -> Schema.of("{\"properties\": {\"a\": {\"multipleOf\": 2}}}"))
        .hasMessage("the keyword multipleOf is not known");
    assertThatThrownBy(() -> Schema.of("{\"oneOf\": [{\"type\": \"string\"}]}"))
        .hasMessage("oneOf chooses between required keys only");
  }

  @Test
  void aFindingPointsToWhatItIsAbout() {
    Schema schema =
        Schema.of(
            """
            {"type": "object", "required": ["name"], "additionalProperties": false, "properties":
            {"name": {"type": "string"}, "list": {"type": "array", "items": {"type": "integer"}}}}
            """);
    Problems problems = new Problems("f");

    schema.check(YamlReader.read("list: [1, a]\nlst: 2\n", problems), problems);

    assertThat(problems.all())
        .containsExactly(
            new Finding("f", 1, 1, "/name", true, "this key is missing"),
            new Finding("f", 1, 11, "/list/1", true, "'a' is text, not an integer"),
            new Finding("f", 2, 1, "/lst", true, "unknown key 'lst'; did you mean 'list'?"));
  }
}
