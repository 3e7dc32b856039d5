// SPDX-License-Identifier: Apache-2.0
package consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import consort.api.TimedOut;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ScriptedLinkTest {

  private final ScriptedLink link = new ScriptedLink();

  @Test
  void playsTheTranscript() {
    link.expect("VOLT 3.300").expect("VOLT?", "+3.3E+00").expect("OUTP?", "1");

    link.tell("VOLT %.3f", 3.3);

    assertThat(link.askDouble("VOLT?")).isEqualTo(3.3);
    assertThat(link.askBoolean("OUTP?")).isTrue();
    link.assertFinished();
  }

  @Test
  void saysWhatWasExpectedInsteadOfWhatWasSent() {
    link.expect("VOLT 3");

    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> link.tell("VOLT 4"))
        .withMessage("line 1: expected \"VOLT 3\", but sent was \"VOLT 4\"");
  }

  @Test
  void saysWhatIsMissingAtTheEnd() {
    link.expect("*RST");

    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(link::assertFinished)
        .withMessage("after 0 lines, still expected: \"*RST\"");
  }

  @Test
  void noticesAnAnswerThatNobodyReads() {
    link.expect("VOLT?", "3");

    link.tell("VOLT?");

    assertThatExceptionOfType(AssertionError.class).isThrownBy(link::assertFinished);
  }

  @Test
  void failsWhereTheTranscriptSaysSo() {
    link.expect("VOLT?", new TimedOut("no answer"));

    assertThatExceptionOfType(TimedOut.class).isThrownBy(() -> link.ask("VOLT?"));
  }

  @Test
  void standsBehindASetup() {
    assertThat(link.setup(Map.of("nplc", 1.0)).textLink("\n")).isSameAs(link);
  }
}
