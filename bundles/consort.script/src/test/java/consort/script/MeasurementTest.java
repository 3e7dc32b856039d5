// SPDX-License-Identifier: Apache-2.0
package consort.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import consort.api.Call;
import consort.api.Caller;
import consort.api.Refused;
import consort.api.Role;
import consort.api.coordinator.Lease;
import consort.api.coordinator.LeaseRequest;
import consort.api.coordinator.Leases;
import consort.api.script.Buffer;
import consort.api.script.ScriptEntry;
import consort.api.script.ScriptRequest;
import consort.api.script.ScriptResult;
import consort.commands.Json;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Scripts that measure, with the runtime's own coordinator. */
final class MeasurementTest {

  private static final Schema SCHEMA =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
          .getSchema(MeasurementTest.class.getResourceAsStream("results.schema.json"));

  private ScriptNode node;

  @BeforeEach
  void start() throws Exception {
    node = new ScriptNode();
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
  }

  /** Every result is checked against the schema, too. */
  private ScriptResult run(String text) {
    return run(ScriptRequest.of(node.script(text)));
  }

  private ScriptResult run(ScriptRequest request) {
    ScriptResult result = node.run(request);
    assertThat(SCHEMA.validate(Json.write(result.toMap()), InputFormat.JSON)).isEmpty();
    return result;
  }

  private String printed(String text) {
    ScriptResult result = run(text);
    assertThat(result.error()).isNull();
    return result.output();
  }

  @Test
  void givesBackWhatCommandsGive() {
    node.with("DMM1");

    assertThat(
            printed(
                """
                print(context:call("DMM1.MEASURE"), context:call("DMM1.IDN"))
                print(context:call("DMM1. get_bool"), context:call("DMM1.GetCount"))
                print(context:call("DMM1.RESET"), select('#', context:call("DMM1.RESET")))
                local t = context:call("DMM1.WAVEFORM", 4)
                print(#t, t[1], t[4])
                print(context:call("DMM1.SUM", {1, 2, 3.5}), context:call("DMM1.COUNT_TO", 3.0))
                print(context:call("DMM1.BYTES", "\\255\\0a") == "\\255\\0a")
                """))
        .isEqualTo("3.14159\tProbe DMM1\ntrue\t1099511627776\nnil\t1\n4\t0\t1.5\n6.5\t3\ntrue\n");
  }

  @Test
  void is11PassesTheChannel() {
    node.with("SMU");

    ScriptResult result = run("print(context:call('SMU:2.GET'))");

    assertThat(result.output()).isEqualTo("2\n");
    assertThat(result.entries().get(0).instrument()).isEqualTo("SMU:2");
    assertThat(node.bench.of("SMU").get(1).arguments()).containsEntry("channel", 2);
  }

  @Test
  void refusesAChannelThatIsNoneAndOneTheCommandDoesNotTake() {
    node.with("SMU");

    ScriptResult result =
        run(
            "print(context:call('SMU:two.GET'), context:call('SMU:1.MEASURE'), context:call('SMU'))");

    assertThat(result.output()).isEqualTo("nil\tnil\tnil\n");
    assertThat(result.entries())
        .extracting(ScriptEntry::error)
        .satisfiesExactly(
            e -> assertThat(e).contains("'two' is no channel"),
            e -> assertThat(e).contains("channel"),
            e -> assertThat(e).contains("'SMU' is not NAME.VERB"));
    assertThat(result.succeeded()).isTrue();
  }

  @Test
  void is12TakesNamedParametersFromATable() {
    node.with("DAC1");

    ScriptResult result = run("context:call('DAC1.SET', {voltage = 5.0})");

    assertThat(result.entries().get(0).params()).isEqualTo(Map.of("voltage", 5));
    assertThat(node.bench.of("DAC1").get(1).arguments()).containsEntry("voltage", 5.0);
  }

  @Test
  void is09GivesNilForARefusedValueAndSendsNothing() {
    node.with("DMM1");

    ScriptResult result = run("print(context:call('DMM1.SET_LEVEL', 11))");

    assertThat(result.output()).isEqualTo("nil\n");
    assertThat(result.entries().get(0).error()).contains("11 V is outside [-10 V, 10 V]");
    assertThat(result.entries().get(0).params()).isEqualTo(Map.of("level", 11));
    assertThat(node.bench.of("DMM1")).hasSize(1);
  }

  @Test
  void is13GoesOnAfterAnUnknownInstrument() {
    node.with("DMM1");
    String text = "print(context:call('NOPE.GET')) print(context:call('DMM1.MEASURE'))";

    ScriptResult result = run(text);

    assertThat(result.succeeded()).isTrue();
    assertThat(result.output()).isEqualTo("nil\n3.14159\n");
    assertThat(result.entries().get(0).error())
        .startsWith("Instrument not found: ")
        .contains("NOPE");
    ScriptResult strict = run(ScriptRequest.of(node.script(text)).strict(true));
    assertThat(strict.error()).contains("Instrument not found").contains(":1: ");
    assertThat(strict.entries()).hasSize(1);
    assertThat(run("context:strict(true) pcall(context.call, context, 'NOPE.GET')").error())
        .startsWith("NOPE.GET: Instrument not found");
  }

  @Test
  void namesAnUnknownVerb() {
    node.with("DMM1");

    assertThat(run("context:call('DMM1.BOGUS')").entries().get(0).error())
        .startsWith("Unknown verb: BOGUS");
  }

  @Test
  void is14HoldsAllParticipantsOfAParallelBlockUntilTheSlowestIsDone() {
    node.with("A", "B", "C");

    ScriptResult result =
        run(
            """
            local function all() return context:parallel(function()
              context:call("A.BUSY", 50)
              context:call("B.BUSY", 100)
              context:call("C.BUSY", 200)
            end) end
            all()
            context:parallel(function()
              context:call("A.RESET") context:call("B.RESET") context:call("C.RESET")
            end)
            """);

    assertThat(result.entries()).hasSize(6).allSatisfy(e -> assertThat(e.error()).isNull());
    assertThat(result.entries())
        .extracting(e -> e.instrument() + "." + e.verb())
        .startsWith("A.BUSY", "B.BUSY", "C.BUSY", "A.RESET");
    long slowest = 0;
    long first = Long.MAX_VALUE;
    for (ProbeDriver.Done done : node.bench.done) {
      if (done.command().equals("busy")) {
        slowest = Math.max(slowest, done.end());
        first = Math.min(first, done.begin());
      }
    }
    assertThat(Duration.ofNanos(slowest - first)).isLessThan(Duration.ofMillis(260));
    for (ProbeDriver.Done done : node.bench.done) {
      if (done.command().equals("reset")) {
        assertThat(done.begin()).isGreaterThan(slowest);
      }
    }
  }

  @Test
  void holdsParticipantsAtABarrierInsideABlock() {
    node.with("A", "B");

    run(
        """
        context:parallel(function()
          context:call("A.BUSY", 60) context:call("B.RESET")
          context:barrier()
          context:call("B.MEASURE")
        end)
        """);

    assertThat(node.bench.done).extracting(ProbeDriver.Done::command).endsWith("busy", "measure");
  }

  @Test
  void is15KeepsTheOrderOfOneInstrumentInAParallelBlock() {
    node.with("A", "B");

    ScriptResult result =
        run(
            """
            local r = context:parallel(function()
              local v = context:call("A.SET", 1)
              assert(v == nil)
              context:call("A.GET")
              context:call("B.BUSY", 50)
            end)
            print(#r, r[2].value, r[3].error)
            context:call("A.MEASURE")
            """);

    assertThat(result.output()).isEqualTo("3\t1\tnil\n");
    assertThat(node.bench.of("A"))
        .extracting(ProbeDriver.Done::command)
        .containsExactly("idn", "set", "get", "measure");
    assertThat(node.bench.done).extracting(ProbeDriver.Done::command).endsWith("busy", "measure");
  }

  @Test
  void is16RefusesANestedParallelBlock() {
    node.with("A");

    ScriptResult result =
        run(
            """
            print(pcall(function()
              context:parallel(function()
                context:call("A.RESET")
                context:parallel(function() context:call("A.MEASURE") end)
              end)
            end))
            context:call("A.IDN")
            """);

    assertThat(result.output())
        .contains("false")
        .contains("Nested parallel blocks are not supported");
    assertThat(result.entries()).extracting(ScriptEntry::verb).containsExactly("IDN");
  }

  @Test
  void marksAParallelBlockWhoseParticipantFails() {
    node.with("A", "B");

    ScriptResult result =
        run(
            """
            local r = context:parallel(function()
              context:call("A.FAIL") context:call("B.MEASURE") context:call("NOPE.GET")
            end)
            print(r[1].error.kind, r[1].error.number, r[2].value, r[3].error.code, #r)
            print(context:last_error().verb)
            context:parallel(function() end)
            """);

    assertThat(result.succeeded()).isTrue();
    assertThat(result.degraded()).isTrue();
    assertThat(result.output()).isEqualTo("faulted\t-113\t3.14159\tunknown_instrument\t3\nFAIL\n");
    assertThat(result.toMap()).containsEntry("degraded", true);
  }

  @Test
  void dropsAParallelBlockThatRaisesAnError() {
    node.with("A");

    assertThat(run("context:parallel(function() context:call('A.RESET') error('no') end)").error())
        .endsWith(":1: no");
    assertThat(node.bench.of("A")).hasSize(1);
  }

  @Test
  void triesACallAndGivesItsErrorAsAValue() {
    node.with("A");

    assertThat(
            printed(
                """
                local v, e = context:try("A.MEASURE")
                print(v, e)
                v, e = context:try("A.FAIL")
                print(v, e.kind, e.number, e.instrument, e.code, tostring(e) == e.message)
                print(context:last_error().number)
                context:call("A.MEASURE")
                print(context:last_error())
                """))
        .isEqualTo("3.14159\tnil\nnil\tfaulted\t-113\tA\tinstrument_error\ttrue\n-113\nnil\n");
  }

  @Test
  void is19EndsACallAtItsTimeOut() throws Exception {
    node.with("A");
    long timeouts = node.coordinator().require("A").status().counts().timedOut();

    ScriptResult result = run("print(context:call('A.SLOW'))");

    assertThat(result.output()).isEqualTo("nil\n");
    assertThat(result.entries().get(0).error()).startsWith("Command timeout");
    assertThat(result.entries().get(0).durationMs()).isBetween(90.0, 250.0);
    assertThat(node.coordinator().require("A").status().counts().timedOut())
        .isEqualTo(timeouts + 1);
    assertThat(run("print(context:call('A.IDN'))").output()).isEqualTo("Probe A\n");
  }

  @Test
  void is20PassesLongTextAndKeepsLongArraysAsBuffers() {
    node.with("A");

    ScriptResult result =
        run(
            """
            local s = ("x"):rep(100000)
            print(context:call("A.ECHO", s) == s)
            print(context:call("A.WAVEFORM", 1000000))
            local b = context:buffer()
            print(b.element_count, b.data_type, b:get(3), b:get(1000001), #b:values(10, 5))
            print(context:buffer(b.id).element_count, context:buffer("none"))
            """);

    assertThat(result.output()).isEqualTo("true\nnil\n1000000\tfloat32\t1\tnil\t5\n1000000\tnil\n");
    ScriptEntry entry = result.entries().get(1);
    assertThat(entry.type()).isEqualTo("buffer");
    Buffer buffer = node.buffers.get(entry.buffer().id(), ScriptNode.OPERATOR);
    assertThat(buffer.data().size()).isEqualTo(1_000_000);
    assertThat(buffer.data().toBytes(ByteOrder.LITTLE_ENDIAN)).hasSize(4_000_000);
    assertThatThrownBy(
            () -> node.buffers.get(buffer.id(), new Caller("other", Role.OPERATOR, "test")))
        .isInstanceOf(Refused.class);
  }

  @Test
  void keepsTheFieldsOfARecordAndItsLongArrays() {
    node.with("A");

    ScriptResult result =
        run(
            """
            local r = context:call("A.ACQUIRE", 3)
            print(r.interval, #r.samples)
            r = context:call("A.ACQUIRE", 5000)
            print(r.interval, r.samples.element_count, r.samples:get(1))
            """);

    assertThat(result.output()).isEqualTo("0.5\t3\n0.5\t5000\t0\n");
    assertThat(result.entries().get(0).type()).isEqualTo("string");
    assertThat(result.entries().get(0).fields())
        .containsEntry("interval", 0.5)
        .containsEntry("samples", List.of(0.0, 0.0, 0.0));
    assertThat(result.entries().get(1).type()).isEqualTo("buffer");
    assertThat(result.entries().get(1).fields())
        .containsEntry("interval", 0.5)
        .containsEntry("samples", result.entries().get(1).buffer());
  }

  @Test
  void releasesABufferWithTheLeaseItWasMadeUnder() throws Exception {
    node.with("A");
    Lease lease = node.service(Leases.class).take(LeaseRequest.of("A"), ScriptNode.OPERATOR);

    ScriptResult result =
        run(ScriptRequest.of(node.script("context:call('A.WAVEFORM', 2000)")).under(lease.token()));

    String id = result.entries().get(0).buffer().id();
    assertThat(node.buffers.get(id, ScriptNode.OPERATOR).data().size()).isEqualTo(2000);
    lease.close();
    assertThatThrownBy(() -> node.buffers.get(id, ScriptNode.OPERATOR))
        .hasMessageContaining("there is no buffer");
    assertThat(node.buffers.used()).isZero();
  }

  @Test
  void is25GivesResultsThatValidate() {
    node.with("A", "SMU");
    long before = System.currentTimeMillis();

    ScriptResult result =
        run(
            """
            context:call("A.MEASURE") context:call("A.RESET") context:call("A.GET_BOOL")
            context:call("A.GET_COUNT") context:call("A.IDN") context:call("A.WAVEFORM", 3)
            context:call("A.WAVEFORM", 3000) context:call("SMU:2.SET", {voltage = 1.5})
            context:call("A.FAIL") context:call("A.SET_LEVEL", 0/0) context:call("A.BYTES", "\\1\\255")
            context:record("gain", 2.5) context:record("list", {1, 2}) context:log("done")
            """);

    assertThat(result.entries())
        .extracting(ScriptEntry::type)
        .containsExactly(
            "double", "void", "bool", "int64", "string", "array", "buffer", "bool", "void", "void",
            "array");
    assertThat(result.entries())
        .extracting(ScriptEntry::executedAtMs)
        .allSatisfy(at -> assertThat(at).isBetween(before, System.currentTimeMillis()));
    assertThat(result.entries()).extracting(ScriptEntry::index).isSorted();
    assertThat(result.records()).hasSize(2);
    assertThat(result.toMap())
        .containsEntry("status", "success")
        .containsEntry("script", "script1.lua");
  }

  @Test
  void is28LosesNothingAndKeepsTheOrderOfTwentyThousandCalls() {
    String[] names = new String[20];
    for (int i = 0; i < names.length; i++) {
      names[i] = "I" + i;
    }
    node.with(names);

    ScriptResult result =
        run(
            """
            for n = 1, 10 do
              context:parallel(function()
                for k = 1, 100 do
                  for i = 0, 19 do context:call("I" .. i .. ".COUNT_TO", (n - 1) * 100 + k) end
                end
              end)
            end
            """);

    assertThat(result.error()).isNull();
    assertThat(result.entries()).hasSize(20_000).allSatisfy(e -> assertThat(e.error()).isNull());
    Map<String, List<Object>> seen = new TreeMap<>();
    for (ProbeDriver.Done done : node.bench.done) {
      if (done.command().equals("count_to")) {
        seen.computeIfAbsent(done.instrument(), n -> new ArrayList<>())
            .add(done.arguments().get("steps"));
      }
    }
    assertThat(seen).hasSize(20);
    seen.values()
        .forEach(
            steps -> {
              assertThat(steps).hasSize(1000);
              for (int i = 0; i < 1000; i++) {
                assertThat(steps.get(i)).isEqualTo(i + 1);
              }
            });
  }

  @Test
  void refusesAFractionForAnInteger() {
    node.with("A");

    assertThat(run("context:call('A.COUNT_TO', 3.5)").entries().get(0).error()).contains("3.5");
  }

  @Test
  void holdsALeaseUntilItIsReleasedOrTheScriptEnds() throws Exception {
    node.with("A", "B");
    Leases leases = node.service(Leases.class);

    assertThat(
            printed(
                """
                local lease = context:lease("A", "B", {ttl = 5, purpose = "a scan"})
                print(context:call("A.SET", 1), context:call("B.SET", 2))
                lease:release()
                print(context:lease({"A"}, function() return context:call("A.SET", 3) end))
                context:lease("A")
                """))
        .isEqualTo("true\ttrue\ntrue\n");
    assertThat(leases.list()).isEmpty();
    try (Lease other = leases.take(LeaseRequest.of("B"))) {
      assertThat(other.resources()).contains("B");
      ScriptResult refused =
          run("print(context:call('B.SET', 1)) print(pcall(context.lease, context, 'B'))");
      assertThat(refused.entries().get(0).error()).contains("lease");
      assertThat(refused.output()).contains("false");
    }
  }

  @Test
  void callsUnderTheLeaseOfWhoAsks() throws Exception {
    node.with("A");
    try (Lease lease = node.service(Leases.class).take(LeaseRequest.of("A"), ScriptNode.OPERATOR)) {
      String text = "print(context:call('A.SET', 1))";

      assertThat(run(ScriptRequest.of(node.script(text)).under(lease.token())).output())
          .isEqualTo("true\n");
      assertThat(run(text).output()).isEqualTo("nil\n");
    }
  }

  @Test
  void stagedCallsAreMadeAndGiveNil() {
    node.with("A");

    ScriptResult result =
        run(ScriptRequest.of(node.script("print(context:call('A.MEASURE'))")).staged(true));

    assertThat(result.output()).isEqualTo("nil\n");
    assertThat(result.entries().get(0).value()).isEqualTo(3.14159);
  }

  @Test
  void tellsWhatAnInstrumentCanDo() {
    node.with("A");

    assertThat(
            printed(
                "local i = context:info('A') print(i.name, i.state, i.commands.set_level)"
                    + " print(context:info('NOPE'))"))
        .isEqualTo("A\tREADY\tset_level(level: double [V] -10..10)\nnil\n");
  }

  @Test
  void saysHowToCallTheContext() {
    assertThat(run("context.call('A.GET')").error())
        .contains("write context:call(…), with a colon");
    assertThat(run("context:call('A.GET', print)").error()).contains("a function cannot be sent");
    assertThat(run("local t = {} t[1] = t context:call('A.GET', t)").error())
        .contains("more than 8 deep");
  }

  @Test
  void refusesWhatIsNoScript() {
    assertThatThrownBy(() -> run(ScriptRequest.of(Path.of("/nowhere/x.lua"))))
        .hasMessageContaining("there is no script /nowhere/x.lua");
    Path longer = node.script("--" + "x".repeat(1 << 20));
    assertThatThrownBy(() -> run(ScriptRequest.of(longer)))
        .hasMessageContaining("longer than 1 MiB");
    assertThatThrownBy(() -> run(ScriptRequest.of(node.script("\033Lua"))))
        .hasMessageContaining("compiled Lua");
    assertThatThrownBy(
            () ->
                node.scripts()
                    .run(
                        ScriptRequest.of(node.script("")),
                        new Caller("guest", Role.OBSERVER, "test")))
        .hasMessageContaining("needs the role OPERATOR");
  }

  @Test
  void takesAMarkAndALineForTheShellInFront() {
    assertThat(printed("#!/usr/bin/lua\nprint(1)")).isEqualTo("1\n");
    assertThat(printed("\uFEFFprint(2)")).isEqualTo("2\n");
  }

  @Test
  void callsOnBehalfOfWhoAsks() {
    node.with("A");
    Call call = Call.of("set", 1.0).by(ScriptNode.OPERATOR);

    assertThat(node.coordinator().require("A").call(call).value()).isEqualTo(true);
    assertThat(run("context:call('A.SET', 1)").entries().get(0).correlation()).contains("/0");
  }
}
