// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.Caller;
import consort.api.NumericArray;
import consort.api.script.Buffer;
import consort.api.script.JobStatus;
import consort.api.script.Jobs;
import consort.api.script.ScriptEntry;
import consort.api.script.ScriptRequest;
import consort.api.script.ScriptResult;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ScriptCommandsTest {

  private static final Buffer BUFFER =
      new Buffer("buf_1", NumericArray.of(new float[10_000]), "float32", Instant.EPOCH);

  private final FakeNode node = new FakeNode();
  private final Map<String, JobStatus> known = new LinkedHashMap<>();
  private final List<String> done = new ArrayList<>();
  private ScriptResult result = result(null);
  private ScriptRequest asked;

  private static ScriptResult result(String error) {
    return new ScriptResult(
        "scan.lua",
        error,
        "hello\n",
        List.of(
            entry(0, "DAC1:1", "SET", Map.of("voltage", 5), "bool", true, null, null),
            entry(1, "DMM1", "MEASURE", Map.of(), "double", 3.5, null, null),
            entry(2, "DMM1", "RESET", Map.of(), "void", null, null, null),
            entry(3, "DMM1", "COUNT", Map.of(), "int64", 7L, null, null),
            entry(4, "Scope1", "CAPTURE", Map.of(), "buffer", null, BUFFER, null),
            entry(5, "DMM1", "SET", Map.of("a", "x"), "void", null, null, "no such thing")),
        0,
        List.of(),
        false,
        1.5);
  }

  private static ScriptEntry entry(
      int index,
      String instrument,
      String verb,
      Map<String, Object> params,
      String type,
      Object value,
      Buffer buffer,
      String error) {
    return new ScriptEntry(
        index,
        instrument,
        verb,
        params,
        1_700_000_000_000L,
        type,
        value,
        buffer,
        Map.of(),
        error,
        1,
        "s");
  }

  @BeforeEach
  void bind() {
    node.commands.jobs(
        () ->
            new Jobs() {
              @Override
              public String measure(ScriptRequest request, Caller caller) {
                asked = request;
                return "job_1";
              }

              @Override
              public ScriptResult run(ScriptRequest request, Caller caller) {
                asked = request;
                return result;
              }

              @Override
              public String sleep(Duration time, Caller caller) {
                done.add("sleep " + time);
                return "job_2";
              }

              @Override
              public String unknown(String type, Caller caller) {
                done.add("unknown " + type);
                return "job_3";
              }

              @Override
              public List<JobStatus> list() {
                return List.copyOf(known.values());
              }

              @Override
              public Optional<JobStatus> status(String id) {
                return Optional.ofNullable(known.get(id));
              }

              @Override
              public Optional<Map<String, Object>> result(String id) {
                return known.get(id).state() == JobStatus.State.QUEUED
                    ? Optional.empty()
                    : Optional.of(Map.of("status", "success"));
              }

              @Override
              public boolean cancel(String id) {
                return !known.get(id).state().isOver();
              }
            });
  }

  private void job(String id, JobStatus.State state, String error) {
    known.put(id, new JobStatus(id, "measure", state, "anna", 1000, 0, 0, error));
  }

  @Test
  void measuresAndShowsTheDocumentedLines() {
    Map<String, Object> reply = node.run("measure", "script_path", "/x/scan.lua", "limit", "2s");

    assertThat(reply).containsEntry("ok", true).containsEntry("status", "success");
    assertThat(asked.file()).isEqualTo(Path.of("/x/scan.lua"));
    assertThat(asked.limit()).isEqualTo(Duration.ofSeconds(2));
    assertThat(Texts.of("measure", reply))
        .isEqualTo(
            """
            hello
            Running measurement...
            Measurement complete

            === Script Results ===
            [0] DAC1:1.SET(5.0) -> [bool] true
            [1] DMM1.MEASURE() -> [double] 3.5
            [2] DMM1.RESET() -> [void]
            [3] DMM1.COUNT() -> [int64] 7
            [4] Scope1.CAPTURE() -> [buffer] buf_1 (10000 elements, float32)
            [5] DMM1.SET(x) -> [error] no such thing
            ======================""");
    assertThat(Texts.document("measure", reply)).doesNotContainKey("ok").containsKey("results");
  }

  @Test
  void showsWhatAScriptDidBeforeItFailed() {
    result = result("scan.lua:3: boom");

    Map<String, Object> reply = node.run("measure", "script_path", "scan.lua");

    assertThat(reply).containsEntry("ok", false).containsEntry("status", "error");
    assertThat(Texts.succeeded(reply)).isFalse();
    assertThat(Texts.error(reply)).isEqualTo("scan.lua:3: boom");
    assertThat(Texts.beforeError("measure", reply))
        .startsWith("hello\n")
        .contains("[0] DAC1:1.SET(5.0)")
        .doesNotContain("Measurement complete");
  }

  @Test
  void saysWhatIsMissing() {
    assertThat(node.run("measure")).containsEntry("error", "missing script_path");
    assertThat(node.run("submit_measure")).containsEntry("error", "missing script_path");
    assertThat(node.run("submit_job")).containsEntry("error", "missing job_type");
    assertThat(node.run("submit_job", "job_type", "measure"))
        .containsEntry("error", "missing script_path");
    for (String command : List.of("job_status", "job_result", "job_cancel")) {
      assertThat(node.run(command)).containsEntry("error", "missing job_id");
      assertThat(node.run(command, "job_id", "x")).containsEntry("error", "job not found");
    }
    node.commands.jobs(() -> null);
    assertThat(node.run("job_list").get("error").toString()).contains("runs no scripts");
  }

  @Test
  void submitsJobs() {
    assertThat(node.run("submit_measure", "script_path", "a.lua", "staged", true))
        .containsEntry("ok", true)
        .containsEntry("job_id", "job_1");
    assertThat(asked.staged()).isTrue();
    assertThat(node.run("submit_job", "job_type", "sleep")).containsEntry("job_id", "job_2");
    node.run("submit_job", "job_type", "sleep", "params", Map.of("duration_ms", 5));
    assertThat(node.run("submit_job", "job_type", "dance")).containsEntry("job_id", "job_3");
    assertThat(done).containsExactly("sleep PT0.1S", "sleep PT0.005S", "unknown dance");
    assertThat(
            node.run("submit_job", "job_type", "sleep", "params", Map.of("duration_ms", -1))
                .get("error"))
        .isEqualTo("duration_ms must be a number from 0 to 86400000");
  }

  @Test
  void tellsOfJobsInTheDocumentedShapes() {
    job("a", JobStatus.State.COMPLETED, "");
    job("b", JobStatus.State.QUEUED, "");
    job("c", JobStatus.State.FAILED, "Script error: boom");

    assertThat(node.run("job_status", "job_id", "a"))
        .isEqualTo(
            Plain.map(
                "ok",
                true,
                "job_id",
                "a",
                "type",
                "measure",
                "status",
                "completed",
                "created_at",
                1000L));
    assertThat(node.run("job_result", "job_id", "a"))
        .isEqualTo(Plain.map("ok", true, "job_id", "a", "result", Map.of("status", "success")));
    assertThat(node.run("job_result", "job_id", "b"))
        .containsEntry("ok", false)
        .containsEntry("error", "job not completed")
        .containsEntry("status", "queued");
    assertThat(node.run("job_result", "job_id", "c"))
        .containsEntry("error", "job not completed")
        .containsEntry("error_detail", "Script error: boom");
    assertThat((List<?>) node.run("job_list").get("jobs")).hasSize(3);
    assertThat(node.run("job_cancel", "job_id", "b")).containsEntry("message", "Job canceled");
    assertThat(node.run("job_cancel", "job_id", "a"))
        .containsEntry("error", "failed to cancel job (maybe already finished)");
  }

  @Test
  void aMeasurementNeedsAnOperator() {
    assertThat(node.commands.run("measure", Map.of("script_path", "a.lua"), FakeNode.OBSERVER))
        .containsEntry("code", "not_allowed");
  }
}
