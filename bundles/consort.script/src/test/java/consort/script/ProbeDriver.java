// SPDX-License-Identifier: Apache-2.0
package consort.script;

import consort.api.CommandInfo;
import consort.api.ErrorCode;
import consort.api.Faulted;
import consort.api.InstrumentInfo;
import consort.api.Limits;
import consort.api.NumericArray;
import consort.api.ParameterInfo;
import consort.api.ValueType;
import consort.api.driver.Driver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A driver that does what tests need, and remembers what it was asked and when. */
final class ProbeDriver implements Driver {

  /** What all instruments of a test share. */
  static final class Bench {
    final List<Done> done = new CopyOnWriteArrayList<>();
    final Map<String, CountDownLatch> gates = new ConcurrentHashMap<>();

    /** Commands of an instrument, in order. */
    List<Done> of(String instrument) {
      return done.stream().filter(d -> d.instrument.equals(instrument)).toList();
    }

    /** A gate that {@code hold} waits at until it is opened. */
    CountDownLatch gate(String instrument) {
      return gates.computeIfAbsent(instrument, name -> new CountDownLatch(1));
    }
  }

  /** A command that was carried out: its arguments, and its times by {@link System#nanoTime}. */
  record Done(
      String instrument, String command, Map<String, Object> arguments, long begin, long end) {}

  private static final ParameterInfo CHANNEL =
      new ParameterInfo("channel", ValueType.INT, "", null, List.of(), true, null, "");

  private static final InstrumentInfo INFO =
      new InstrumentInfo(
          List.of(),
          "A probe",
          List.of(
              command("idn", ValueType.STRING),
              command("measure", ValueType.DOUBLE),
              command("get_bool", ValueType.BOOLEAN),
              command("get_count", ValueType.LONG),
              command("reset", ValueType.VOID),
              command("get", ValueType.DOUBLE, CHANNEL),
              command("set", ValueType.BOOLEAN, number("voltage"), CHANNEL),
              command(
                  "set_level",
                  ValueType.VOID,
                  new ParameterInfo(
                      "level",
                      ValueType.DOUBLE,
                      "V",
                      new Limits(-10, 10),
                      List.of(),
                      false,
                      null,
                      "")),
              command(
                  "configure", ValueType.VOID, number("range"), ofType("mode", ValueType.STRING)),
              command("echo", ValueType.STRING, ofType("text", ValueType.STRING)),
              command("bytes", ValueType.BYTES, ofType("data", ValueType.BYTES)),
              command("count_to", ValueType.INT, ofType("steps", ValueType.INT)),
              command("busy", ValueType.VOID, number("milliseconds")),
              command("hold", ValueType.VOID),
              command(
                  "waveform",
                  ValueType.arrayOf(NumericArray.Type.FLOAT32),
                  ofType("samples", ValueType.INT)),
              command(
                  "acquire",
                  ValueType.recordOf(
                      List.of(
                          ofType("samples", ValueType.arrayOf(NumericArray.Type.FLOAT64)),
                          ofType("interval", ValueType.DOUBLE))),
                  ofType("samples", ValueType.INT)),
              command("sum", ValueType.DOUBLE, ofType("values", ValueType.arrayOf(null))),
              command("fail", ValueType.VOID),
              new CommandInfo(
                  "slow",
                  List.of(),
                  ValueType.DOUBLE,
                  "",
                  false,
                  true,
                  Duration.ofMillis(100),
                  "Never in time")));

  private final String name;
  private final Bench bench;
  private double level;

  ProbeDriver(String name, Bench bench) {
    this.name = name;
    this.bench = bench;
  }

  private static CommandInfo command(String name, ValueType result, ParameterInfo... parameters) {
    return new CommandInfo(name, List.of(parameters), result, "", false, false, null, "");
  }

  private static ParameterInfo number(String name) {
    return ofType(name, ValueType.DOUBLE);
  }

  private static ParameterInfo ofType(String name, ValueType type) {
    return ParameterInfo.of(name, type);
  }

  @Override
  public InstrumentInfo info() {
    return INFO;
  }

  @Override
  public Object call(String command, Map<String, Object> arguments) throws Exception {
    long begin = System.nanoTime();
    try {
      return answer(command, arguments);
    } finally {
      bench.done.add(new Done(name, command, arguments, begin, System.nanoTime()));
    }
  }

  private Object answer(String command, Map<String, Object> arguments) throws Exception {
    switch (command) {
      case "idn":
        return "Probe " + name;
      case "measure":
        return 3.14159;
      case "get_bool":
        return true;
      case "get_count":
        return 1L << 40;
      case "get":
        return arguments.containsKey("channel")
            ? ((Number) arguments.get("channel")).doubleValue()
            : level;
      case "set":
        level = (double) arguments.get("voltage");
        return true;
      case "set_level":
        level = (double) arguments.get("level");
        return null;
      case "echo":
        return arguments.get("text");
      case "bytes":
        return arguments.get("data");
      case "count_to":
        return arguments.get("steps");
      case "busy":
        busy((long) ((double) arguments.get("milliseconds") * 1e6));
        return null;
      case "hold":
        bench.gate(name).await(4, TimeUnit.SECONDS);
        return null;
      case "slow":
        busy(300_000_000);
        return 1.0;
      case "waveform":
        float[] samples = new float[(int) arguments.get("samples")];
        for (int i = 0; i < samples.length; i++) {
          samples[i] = i / 2f;
        }
        return NumericArray.of(samples);
      case "acquire":
        return Map.of(
            "samples",
            NumericArray.of(new double[(int) arguments.get("samples")]),
            "interval",
            0.5);
      case "sum":
        double sum = 0;
        for (double value : ((NumericArray) arguments.get("values")).toDoubles()) {
          sum += value;
        }
        return sum;
      case "fail":
        throw new Faulted(ErrorCode.INSTRUMENT_ERROR, -113, "Undefined header", null);
      default:
        return null;
    }
  }

  private static void busy(long nanos) {
    long end = System.nanoTime() + nanos;
    while (System.nanoTime() < end) {
      java.util.concurrent.locks.LockSupport.parkNanos(end - System.nanoTime());
    }
  }
}
