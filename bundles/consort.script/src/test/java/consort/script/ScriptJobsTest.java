// SPDX-License-Identifier: Apache-2.0
package consort.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import consort.api.Caller;
import consort.api.Role;
import consort.api.script.JobStatus;
import consort.api.script.JobStatus.State;
import consort.api.script.ScriptRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Jobs, with the runtime's own coordinator. */
final class ScriptJobsTest {

  private ScriptNode node;
  private ScriptJobs jobs;

  @BeforeEach
  void start() throws Exception {
    node = new ScriptNode().with("A");
    jobs = open();
  }

  @AfterEach
  void stop() throws Exception {
    jobs.close();
    node.close();
  }

  private ScriptJobs open() {
    return new ScriptJobs(node.scripts(), node.home.resolve("data/jobs"));
  }

  private String measure(String text) {
    return jobs.measure(ScriptRequest.of(node.script(text)), ScriptNode.OPERATOR);
  }

  private State state(String id) {
    return jobs.status(id).orElseThrow().state();
  }

  private JobStatus over(String id) {
    await().pollInterval(Duration.ofMillis(2)).until(() -> state(id).isOver());
    return jobs.status(id).orElseThrow();
  }

  @Test
  void is21CarriesOutAMeasurement() {
    String id = measure("context:call('A.HOLD') context:call('A.MEASURE')");

    assertThat(id).matches("job_\\d{8}_\\d{6}_[0-9a-f]{6}");
    await().until(() -> state(id) == State.RUNNING);
    assertThat(jobs.result(id)).isEmpty();
    node.bench.gate("A").countDown();
    JobStatus status = over(id);
    assertThat(status.state()).isEqualTo(State.COMPLETED);
    assertThat(status.createdMs()).isPositive().isLessThanOrEqualTo(status.startedMs());
    assertThat(status.startedMs()).isLessThanOrEqualTo(status.finishedMs());
    Map<String, Object> result = jobs.result(id).orElseThrow();
    assertThat(result).containsEntry("status", "success");
    assertThat((List<?>) result.get("results")).hasSize(2);
  }

  @Test
  void is21CarriesOutFiftyInARow() {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      ids.add(measure("context:call('A.COUNT_TO', " + i + ")"));
    }

    ids.forEach(id -> assertThat(over(id).state()).isEqualTo(State.COMPLETED));
    assertThat(jobs.list()).extracting(JobStatus::id).containsExactlyElementsOf(ids);
    assertThat(node.bench.of("A")).hasSize(51);
  }

  @Test
  void is22CancelsAJobThatWaits() {
    String sleeping = jobs.sleep(Duration.ofSeconds(60), ScriptNode.OPERATOR);
    String waiting = measure("context:call('A.MEASURE')");

    assertThat(state(waiting)).isEqualTo(State.QUEUED);
    assertThat(jobs.cancel(waiting)).isTrue();
    assertThat(state(waiting)).isEqualTo(State.CANCELED);
    assertThat(jobs.cancel(waiting)).isFalse();
    assertThat(jobs.cancel(sleeping)).isTrue();
    assertThat(over(sleeping).state()).isEqualTo(State.CANCELED);
    assertThat(node.bench.of("A")).hasSize(1);
  }

  @Test
  void is22CancelsAJobThatRunsBeforeItsNextCommand() {
    String id = measure("pcall(context.call, context, 'A.HOLD') context:call('A.MEASURE')");
    await().until(() -> state(id) == State.RUNNING);
    await().until(() -> node.coordinator().require("A").status().state().name().equals("BUSY"));

    assertThat(jobs.cancel(id)).isTrue();
    assertThat(state(id)).isEqualTo(State.CANCELING);
    node.bench.gate("A").countDown();

    JobStatus status = over(id);
    assertThat(status.state()).isEqualTo(State.CANCELED);
    assertThat(status.error()).isEqualTo("canceled");
    assertThat(node.bench.of("A"))
        .extracting(ProbeDriver.Done::command)
        .containsExactly("idn", "hold");
  }

  @Test
  void cancelsAScriptThatPauses() {
    String id = measure("context:sleep(3600)");
    await().until(() -> state(id) == State.RUNNING);

    jobs.cancel(id);

    assertThat(over(id).state()).isEqualTo(State.CANCELED);
  }

  @Test
  void is23AnswersWhileAMeasurementRuns() {
    measure("context:call('A.HOLD')");

    long begin = System.nanoTime();
    for (int i = 0; i < 20; i++) {
      jobs.list();
    }
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));
    node.bench.gate("A").countDown();
  }

  @Test
  void letsMeasurementsOverlapAndOthersRunAlone() {
    node.with("B");
    String held = measure("context:call('A.HOLD')");
    String other = measure("context:call('B.MEASURE')");
    assertThat(over(other).state()).isEqualTo(State.COMPLETED);
    String sleeping = jobs.sleep(Duration.ofMillis(1), ScriptNode.OPERATOR);
    String last = measure("context:call('B.MEASURE')");

    assertThat(state(held)).isEqualTo(State.RUNNING);
    assertThat(state(sleeping)).isEqualTo(State.QUEUED);
    assertThat(state(last)).isEqualTo(State.QUEUED);
    node.bench.gate("A").countDown();
    assertThat(over(sleeping).state()).isEqualTo(State.COMPLETED);
    assertThat(jobs.result(sleeping).orElseThrow())
        .containsEntry("message", "slept")
        .containsEntry("duration_ms", 1);
    assertThat(over(last).startedMs())
        .isGreaterThanOrEqualTo(jobs.status(sleeping).orElseThrow().finishedMs());
  }

  @Test
  void failsWithTheScript() {
    String id = measure("context:call('A.MEASURE') error('boom')");

    JobStatus status = over(id);
    assertThat(status.state()).isEqualTo(State.FAILED);
    assertThat(status.error()).matches("Script error: script\\d+\\.lua:1: boom");
    assertThat(jobs.result(id).orElseThrow()).containsEntry("status", "error");
  }

  @Test
  void failsWhenItDoesNotKnowTheType() {
    String id = jobs.unknown("dance", ScriptNode.OPERATOR);

    assertThat(over(id).state()).isEqualTo(State.FAILED);
    assertThat(over(id).error()).isEqualTo("unknown job type: dance");
  }

  @Test
  void survivesARestartAndSaysThatWhatRanHasFailed() {
    String done = measure("context:call('A.MEASURE')");
    assertThat(over(done).state()).isEqualTo(State.COMPLETED);
    String running = jobs.sleep(Duration.ofSeconds(60), ScriptNode.OPERATOR);
    await().until(() -> state(running) == State.RUNNING);
    String waiting = measure("context:call('A.MEASURE')");

    ScriptJobs again = open(); // the node was killed: nobody closed anything

    assertThat(again.list()).extracting(JobStatus::id).containsExactly(done, running, waiting);
    assertThat(again.status(done).orElseThrow().state()).isEqualTo(State.COMPLETED);
    assertThat(again.result(done).orElseThrow()).containsEntry("status", "success");
    for (String lost : List.of(running, waiting)) {
      assertThat(again.status(lost).orElseThrow())
          .satisfies(
              status -> {
                assertThat(status.state()).isEqualTo(State.FAILED);
                assertThat(status.error()).contains("the node ended");
              });
    }
  }

  @Test
  void leavesFilesAloneThatAreNoJobs() throws Exception {
    Path folder = Files.createDirectories(node.home.resolve("data/jobs"));
    Files.writeString(folder.resolve("x.json"), "{\"id\":");
    Files.writeString(folder.resolve("y.json"), "{\"id\":3}");

    assertThat(jobs.list()).isEmpty();
    assertThat(folder.resolve("x.json")).exists();
  }

  @Test
  void forgetsTheOldest() throws Exception {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < ScriptJobs.MOST + 20; i++) {
      ids.add(jobs.unknown("dance", ScriptNode.OPERATOR));
      over(ids.get(i));
    }

    assertThat(jobs.list()).hasSize(ScriptJobs.MOST);
    assertThat(jobs.status(ids.get(0))).isEmpty();
    try (Stream<Path> files = Files.list(node.home.resolve("data/jobs"))) {
      assertThat(files.count()).isEqualTo(ScriptJobs.MOST);
    }
  }

  @Test
  void refusesWhatIsNoScriptAndWhoMayNot() {
    assertThatThrownBy(
            () -> jobs.measure(ScriptRequest.of(Path.of("/nowhere.lua")), ScriptNode.OPERATOR))
        .hasMessageContaining("there is no script");
    assertThatThrownBy(() -> jobs.sleep(Duration.ZERO, new Caller("guest", Role.OBSERVER, "test")))
        .hasMessageContaining("OPERATOR");
    assertThat(jobs.status("../../etc/passwd")).isEmpty();
    assertThat(jobs.result("../../etc/passwd")).isEmpty();
    assertThat(jobs.cancel("nothing")).isFalse();
  }
}
