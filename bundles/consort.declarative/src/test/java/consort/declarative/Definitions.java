// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** Definitions for tests. */
final class Definitions {

  /** What every definition begins with; the rest of a test goes below it. */
  static final String HEAD =
      """
      api_version: "1.0.0"
      instrument: {vendor: Acme, model: D1, identifier: DMM_API}
      protocol: {type: VISA}
      """;

  /** The pair of instrument-script-server's documents. */
  static final String DMM =
      HEAD
          + """
          io:
            - {name: level, type: float, role: input, unit: V}
            - {name: reading, type: float, role: output, unit: V}
          commands:
            IDN: {template: "*IDN?", parameters: [], outputs: []}
            SET_LEVEL: {template: "VOLT {level}", parameters: [{io: level, min: -10, max: 10}], outputs: []}
            MEASURE: {template: "MEAS?", parameters: [], outputs: [reading]}
          """;

  private Definitions() {}

  static DefinitionReader.Reading read(String text) {
    return new DefinitionReader().read("d.yaml", text.getBytes(StandardCharsets.UTF_8));
  }

  /** The findings, errors and notes, as people see them. */
  static List<String> findings(String text) {
    return read(text).findings().stream().map(f -> f.toString()).toList();
  }

  static Definition good(String text) {
    DefinitionReader.Reading reading = read(text);
    assertThat(reading.definition()).as(() -> reading.findings().toString()).isNotNull();
    return reading.definition();
  }
}
