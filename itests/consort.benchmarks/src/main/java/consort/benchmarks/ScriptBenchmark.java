// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import static consort.benchmarks.Measure.print;

import consort.api.Caller;
import consort.api.Instrument;
import consort.api.coordinator.InstrumentSpec;
import consort.api.driver.Connection;
import consort.api.script.Jobs;
import consort.api.script.ScriptRequest;
import consort.api.script.ScriptResult;
import consort.api.script.Scripts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/** What Lua costs on top of a guarded call. */
final class ScriptBenchmark {

  private ScriptBenchmark() {}

  static void run(Node node) throws IOException {
    node.driver("scripted", setup -> new GuardBenchmark.ProbeDriver());
    for (String name : new String[] {"LUA1", "LUA2", "LUA3"}) {
      node.coordinator().put(InstrumentSpec.of(name, "scripted", Connection.NONE));
      node.coordinator().require(name).call("nothing", 1.0);
    }
    Instrument one = node.coordinator().require("LUA1");
    Scripts scripts = node.service(Scripts.class);
    ScriptRequest calls = script("for i = 1, 1000 do context:call('LUA1.nothing', 1.5) end");
    ScriptRequest blocks =
        script(
            "for i = 1, 300 do context:parallel(function() context:call('LUA1.nothing', 1.5)"
                + " context:call('LUA2.nothing', 1.5) context:call('LUA3.nothing', 1.5) end) end");
    ScriptRequest single = script("context:call('LUA1.nothing', 1.5)");
    Measure.compare(
        "a script with 1000 context:call",
        10,
        () -> succeeded(scripts.run(calls, Caller.SERVICE)),
        "1000 guarded calls",
        () -> times(1000, one));
    print("%-44s", "    (to beat: 61 000 µs, of instrument-script-server)");
    Measure.compare(
        "a script with 300 context:parallel over 3",
        10,
        () -> succeeded(scripts.run(blocks, Caller.SERVICE)),
        "300 guarded calls",
        () -> times(300, one));
    print("%-44s", "    (to beat: 34 500 µs, without a barrier)");
    Jobs jobs = node.service(Jobs.class);
    Measure.compare(
        "submit_measure of one call to its result",
        30,
        () -> carriedOut(jobs, single),
        "a guarded call",
        () -> times(1, one));
  }

  private static ScriptRequest script(String text) throws IOException {
    Path file = Files.createTempFile("consort-benchmark", ".lua");
    file.toFile().deleteOnExit();
    return ScriptRequest.of(Files.writeString(file, text));
  }

  private static void times(int count, Instrument instrument) {
    for (int i = 0; i < count; i++) {
      instrument.call("nothing", 1.5);
    }
  }

  private static void succeeded(ScriptResult result) {
    if (!result.succeeded() || result.entries().stream().anyMatch(e -> e.error() != null)) {
      throw new IllegalStateException(result.toMap().toString());
    }
  }

  private static void carriedOut(Jobs jobs, ScriptRequest request) {
    String id = jobs.measure(request, Caller.SERVICE);
    while (!jobs.status(id).orElseThrow().state().isOver()) {
      LockSupport.parkNanos(20_000);
    }
    if (jobs.result(id).isEmpty()) {
      throw new IllegalStateException("the job gave no result");
    }
  }
}
