// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The table as a whole; that the guard follows it is shown by {@link GuardModelTest}. */
class GuardTableTest {

  private static final Path DOCUMENT = Path.of("../../docs/explanations/the-guards-table.md");

  @Test
  void isTheOneInTheDocuments() throws IOException {
    String document = Files.readString(DOCUMENT);
    assertThat(document)
        .as("docs/explanations/the-guards-table.md, which has to contain:%n%s", markdown())
        .contains(markdown());
  }

  @Test
  void everyPhaseButTheLastCanBeLeftAndEveryPhaseButTheFirstCanBeEntered() {
    Set<Phase> left = GuardTable.rows().keySet();
    assertThat(left)
        .containsExactlyInAnyOrderElementsOf(EnumSet.complementOf(EnumSet.of(Phase.CLOSED)));
    Set<Phase> entered =
        GuardTable.rows().entrySet().stream()
            .flatMap(
                row ->
                    row.getValue().stream().map(event -> GuardTable.of(row.getKey(), event).to()))
            .collect(Collectors.toSet());
    assertThat(entered).containsAll(EnumSet.allOf(Phase.class));
  }

  @Test
  void whateverADriverMayHoldForEverHasALimit() {
    for (Phase phase : EnumSet.of(Phase.STARTING, Phase.BUSY, Phase.WAITING)) {
      assertThat(GuardTable.of(phase, Event.TIMEOUT)).as("TIMEOUT in " + phase).isNotNull();
    }
    for (Phase phase :
        EnumSet.of(
            Phase.LATE_START, Phase.OVERDUE, Phase.LATE_STAGE, Phase.RESYNC, Phase.CLOSING)) {
      assertThat(GuardTable.of(phase, Event.GRACE_OVER).actions())
          .as("GRACE_OVER in " + phase)
          .contains(Action.ABANDON);
    }
  }

  private static String markdown() {
    StringBuilder out = new StringBuilder("| in | on | to | doing |\n|---|---|---|---|\n");
    for (Phase phase : Phase.values()) {
      for (Event event : Event.values()) {
        GuardTable.Transition row = GuardTable.of(phase, event);
        if (row != null) {
          String actions =
              row.actions().stream().map(GuardTableTest::words).collect(Collectors.joining(", "));
          out.append("| ").append(words(phase)).append(" | ").append(words(event)).append(" | ");
          out.append(words(row.to())).append(" | ").append(actions).append(" |\n");
        }
      }
    }
    return out.toString();
  }

  private static String words(Enum<?> constant) {
    String text = constant.name().replace('_', ' ');
    return constant instanceof Phase
        ? text
        : text.toLowerCase(Locale.ROOT).replaceFirst("^do ", "");
  }
}
