// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Call;
import consort.api.LeaseToken;
import consort.api.coordinator.Group;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Groups as a request carries them, and as words. */
class GroupCommandTest {

  private final FakeNode node = new FakeNode().with("PSU1").with("PSU2").with("DMM1");

  private static Map<String, Object> step(String name, String verb, Object... more) {
    Map<String, Object> step = Plain.map("name", name, "verb", verb);
    step.putAll(Plain.map(more));
    return step;
  }

  private static Verb verb() {
    return Verb.ALL.stream().filter(v -> v.name().equals("parallel")).findFirst().orElseThrow();
  }

  private static Map<String, Object> words(String... words) {
    return verb().parameters(List.of(words), Map.of());
  }

  @SuppressWarnings("unchecked")
  private static List<Map<String, Object>> steps(Map<String, Object> reply, int block) {
    return (List<Map<String, Object>>)
        ((Map<?, ?>) ((List<?>) reply.get("blocks")).get(block)).get("steps");
  }

  @Test
  void oneBlockHasAReplyForEachStepWithItsTimes() {
    Map<String, Object> reply =
        node.run(
            "parallel",
            "steps",
            List.of(
                step("PSU1", "set_voltage", "params", Map.of("voltage", 3.3)),
                step("DMM1", "measure")));

    assertThat(reply)
        .containsEntry("ok", true)
        .containsEntry("success", true)
        .containsEntry("degraded", false)
        .containsEntry("failed", List.of())
        .containsEntry("error_message", "");
    assertThat(steps(reply, 0).get(0))
        .containsEntry("name", "PSU1")
        .containsEntry("verb", "set_voltage")
        .containsEntry("ok", true)
        .containsEntry("start_ms", 0.0)
        .containsEntry("end_ms", 2.0);
    assertThat(steps(reply, 0).get(1)).containsEntry("value", 3.25).containsEntry("unit", "V");
    assertThat(node.groups.last.together()).isFalse();
    assertThat(node.groups.last.timeout()).isEqualTo(Group.TIMEOUT);
  }

  @Test
  void whatIsSaidOfTheGroupHoldsForStepsThatSayNothing() {
    node.run(
        "parallel",
        "blocks",
        List.of(
            List.of(step("PSU1", "measure", "deadline", 1, "lease", "3-1")),
            List.of(step("DMM1", "measure"))),
        "together",
        true,
        "policy",
        "continue",
        "timeout",
        "2s",
        "deadline",
        "500ms",
        "lease",
        "3-2");

    Group group = node.groups.last;
    assertThat(group.together()).isTrue();
    assertThat(group.policy()).isEqualTo(Group.Policy.CONTINUE);
    assertThat(group.timeout()).isEqualTo(Duration.ofSeconds(2));
    Call first = group.blocks().get(0).get(0).call();
    assertThat(first.deadline()).isEqualTo(Duration.ofSeconds(1));
    assertThat(first.lease()).isEqualTo(new LeaseToken(3, 1));
    assertThat(first.caller()).isEqualTo(FakeNode.ADMINISTRATOR);
    Call second = group.blocks().get(1).get(0).call();
    assertThat(second.deadline()).isEqualTo(Duration.ofMillis(500));
    assertThat(second.lease()).isEqualTo(new LeaseToken(3, 2));
  }

  @Test
  void aFailureIsNamedAndWhatWasNotSentSaysSo() {
    Map<String, Object> reply =
        node.run(
            "parallel",
            "blocks",
            List.of(
                List.of(step("PSU1", "hang"), step("PSU2", "measure")),
                List.of(step("DMM1", "measure"))));

    assertThat(reply)
        .containsEntry("ok", true)
        .containsEntry("success", false)
        .containsEntry("failed", List.of("PSU1"))
        .containsEntry("error_message", "PSU1 left the group: PSU1.hang: no answer within 5 s");
    assertThat(steps(reply, 0).get(0))
        .containsEntry("ok", false)
        .containsEntry("code", "timed_out")
        .containsEntry("kind", "timed_out")
        .doesNotContainKey("start_ms");
    assertThat(steps(reply, 1).get(0)).containsEntry("code", "barrier_broken");
    assertThat(Texts.succeeded(reply)).isFalse();
    assertThat(Texts.of("parallel", reply).lines())
        .containsExactly(
            "BLOCK  STEP          RESULT                                   START  END",
            "1      PSU1.hang     failed: PSU1.hang: no answer within 5 s",
            "1      PSU2.measure  not sent",
            "2      DMM1.measure  not sent",
            "PSU1 left the group: PSU1.hang: no answer within 5 s");
  }

  @Test
  void aWrongRequestSaysWhichStepAndSendsNothing() {
    List<Object> good = List.of(step("PSU1", "measure"));
    assertThat(node.run("parallel")).containsEntry("error", "either steps or blocks must be given");
    assertThat(node.run("parallel", "steps", good, "blocks", List.of(good)))
        .containsEntry("error", "either steps or blocks must be given");
    assertThat(node.run("parallel", "steps", List.of()))
        .containsEntry("error", "block 1 is not a list of steps");
    assertThat(node.run("parallel", "blocks", List.of()))
        .containsEntry("error", "there is no step");
    assertThat(node.run("parallel", "blocks", List.of(good, 7)))
        .containsEntry("error", "block 2 is not a list of steps");
    assertThat(node.run("parallel", "steps", List.of("PSU1.measure")))
        .containsEntry("error", "step 1 of block 1: it is not an object with name and verb");
    assertThat(node.run("parallel", "blocks", List.of(good, List.of(step("NONE", "measure")))))
        .containsEntry("code", "unknown_instrument")
        .extractingByKey("error")
        .asString()
        .startsWith("step 1 of block 2: instrument not found: NONE");
    assertThat(node.run("parallel", "steps", List.of(step("PSU1", "measure", "nmae", 1))))
        .extractingByKey("error")
        .asString()
        .startsWith("step 1 of block 1: unknown parameter 'nmae'; a step has name, verb, params");
    assertThat(node.run("parallel", "steps", List.of(step("PSU1", "measure", "lease", "x"))))
        .extractingByKey("error")
        .asString()
        .startsWith("step 1 of block 1: ");
    assertThat(node.run("parallel", "steps", good, "policy", "hope"))
        .containsEntry("error", "policy must be abort or continue, not hope");
    assertThat(node.run("parallel", "steps", good, "timeout", "2h"))
        .containsEntry("error", "timeout: participants are waited for at most 1 h");
    assertThat(node.run("parallel", "steps", Collections.nCopies(257, step("PSU1", "measure"))))
        .containsEntry("error", "a group has at most 256 steps");
    assertThat(node.groups.last).isNull();
    assertThat(node.commands.run("parallel", Map.of("steps", good), FakeNode.OBSERVER))
        .containsEntry("code", "not_allowed");
  }

  @Test
  void wordsAreStepsWithAndAndBlocksWithThen() {
    assertThat(
            words(
                "PSU1.set_voltage",
                "3.3",
                "and",
                "PSU2.set_voltage",
                "voltage=5",
                "then",
                "DMM1.measure"))
        .isEqualTo(
            Map.of(
                "blocks",
                List.of(
                    List.of(
                        Map.of("name", "PSU1", "verb", "set_voltage", "text_args", List.of("3.3")),
                        Map.of(
                            "name", "PSU2", "verb", "set_voltage", "text", Map.of("voltage", "5"))),
                    List.of(Map.of("name", "DMM1", "verb", "measure")))));
    assertThat(node.commands.run("parallel", words("PSU1.measure"), FakeNode.ADMINISTRATOR))
        .containsEntry("success", true);
    for (String[] wrong :
        new String[][] {{"and"}, {"A.b", "and"}, {"A.b", "then", "and", "C.d"}, {"A.b", "then"}}) {
      assertThatThrownBy(() -> words(wrong)).hasMessageStartingWith("missing NAME.VERB");
    }
    assertThatThrownBy(() -> words("A.b", "and", "C")).hasMessageContaining("'C' is not NAME.VERB");
  }
}
