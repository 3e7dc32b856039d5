// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.Call;
import consort.api.CallCounts;
import consort.api.Caller;
import consort.api.CommandInfo;
import consort.api.ErrorCode;
import consort.api.Instrument;
import consort.api.InstrumentException;
import consort.api.InstrumentInfo;
import consort.api.InstrumentStatus;
import consort.api.LeaseToken;
import consort.api.Limits;
import consort.api.NumericArray;
import consort.api.ParameterInfo;
import consort.api.Reason;
import consort.api.Refused;
import consort.api.Result;
import consort.api.Role;
import consort.api.State;
import consort.api.TimedOut;
import consort.api.Unreachable;
import consort.api.ValueType;
import consort.api.Values;
import consort.api.coordinator.Coordinator;
import consort.api.coordinator.Diagnosis;
import consort.api.coordinator.DriverStatus;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.StopResult;
import consort.api.coordinator.SwapOutcome;
import consort.api.coordinator.SwapStatus;
import consort.api.coordinator.TemporaryInstrument;
import consort.api.deploy.Deployment;
import consort.api.deploy.DriverFile;
import consort.api.deploy.Finding;
import consort.api.driver.Connection;
import consort.api.driver.Identity;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A node in memory: what the commands see of the coordinator and of the deployment. */
final class FakeNode implements Coordinator, Deployment {

  static final Caller ADMINISTRATOR = new Caller("admin", Role.ADMINISTRATOR, "http");
  static final Caller OBSERVER = new Caller("guest", Role.OBSERVER, "http");

  final Map<String, FakeInstrument> instruments = new TreeMap<>();
  final List<String> done = new ArrayList<>();
  final List<Call> calls = new ArrayList<>();
  List<StopResult> stopped = List.of();
  final List<Finding> findings = new ArrayList<>();
  final List<SwapStatus> swapping = new ArrayList<>();
  final List<SwapOutcome> outcomes = new ArrayList<>();
  DriverFile driverFile;
  int looks;
  Runnable onLook = () -> {};
  final FakeLeases leases = new FakeLeases();
  final FakeGroups groups = new FakeGroups(this);
  final NodeCommands commands = home(Path.of("."));

  final NodeCommands home(Path home) {
    NodeCommands made = new NodeCommands(this, leases, groups, () -> done.add("node stop"), home);
    made.bindDeployment(this);
    return made;
  }

  FakeNode with(String name) {
    instruments.put(name, new FakeInstrument(name));
    return this;
  }

  Map<String, Object> run(String command, Object... parameters) {
    return commands.run(command, Plain.map(parameters), ADMINISTRATOR);
  }

  @Override
  public List<Instrument> instruments() {
    return List.copyOf(instruments.values());
  }

  @Override
  public Optional<Instrument> instrument(String name) {
    return Optional.ofNullable(instruments.get(name));
  }

  @Override
  public Instrument require(String name) {
    return instrument(name)
        .orElseThrow(
            () ->
                new Refused(
                    ErrorCode.UNKNOWN_INSTRUMENT,
                    name + "; there are " + String.join(", ", instruments.keySet())));
  }

  @Override
  public void put(InstrumentSpec spec) {
    with(spec.name());
  }

  @Override
  public void remove(String name) {
    instruments.remove(name);
  }

  @Override
  public void stop(String name) {
    done.add("stop " + name);
  }

  @Override
  public void start(String name) {
    done.add("start " + name);
  }

  private static String under(LeaseToken lease) {
    return lease == null ? "" : " under " + lease;
  }

  @Override
  public int cancel(String name, Caller by, LeaseToken lease) {
    done.add("cancel " + name + " by " + by.name() + under(lease));
    return 2;
  }

  @Override
  public void restart(String name) {
    done.add("restart " + name);
  }

  @Override
  public TemporaryInstrument open(InstrumentSpec spec) {
    if (spec.driver().equals("missing")) {
      throw new Unreachable(ErrorCode.NO_DRIVER, "no driver missing is installed");
    }
    return new FakeInstrument(spec.name());
  }

  @Override
  public String ask(
      String name, String text, Boolean answer, Duration deadline, Caller by, LeaseToken lease) {
    by.require(Role.ADMINISTRATOR, "ask");
    done.add("ask " + name + " " + text + " " + answer + " " + deadline + under(lease));
    return text.endsWith("?") ? "Acme\u001b" : "";
  }

  @Override
  public List<StopResult> stopAll(Duration within, Caller by) {
    done.add("stop all within " + within + " by " + by.name());
    return stopped;
  }

  @Override
  public List<DriverStatus> drivers() {
    return List.of(
        new DriverStatus("fake.dmm", "1.2.0", "fake.bundle", 7, List.of("DMM1", "DMM2")));
  }

  @Override
  public boolean settled() {
    return true;
  }

  @Override
  public void offer(long bundle, Collection<String> only) {
    done.add("offer " + bundle);
  }

  @Override
  public List<SwapStatus> swapping() {
    return List.copyOf(swapping);
  }

  @Override
  public List<SwapOutcome> swaps(String name) {
    return outcomes.stream().filter(o -> o.instrument().equals(name)).toList();
  }

  @Override
  public DriverFile swap(Path jar, String only) {
    done.add("swap " + jar.getFileName() + " " + only);
    return new DriverFile("drivers/" + jar.getFileName(), "d1", "2.0.0", -1, false, "");
  }

  @Override
  public Optional<DriverFile> driver(String digest) {
    looks++;
    onLook.run();
    return Optional.ofNullable(driverFile);
  }

  @Override
  public List<DriverFile> driverFiles() {
    return List.of(new DriverFile("drivers/fake.jar", "d1", "1.2.0", 7, true, ""));
  }

  @Override
  public Diagnosis why(String name) {
    return new Diagnosis(
        name,
        name + " is ready",
        List.of(new Diagnosis.Fact("driver", "fake.dmm"), new Diagnosis.Fact("link", "none")));
  }

  @Override
  public InstrumentSpec read(Path file) {
    String name = file.getFileName().toString().replace(".yaml", "");
    if (name.equals("bad")) {
      throw new Refused(ErrorCode.BAD_REQUEST, file.getFileName() + ":3:1: unknown key 'colour'");
    }
    return InstrumentSpec.of(name, name.equals("NODRIVER") ? "missing" : "fake", Connection.NONE);
  }

  @Override
  public TemporaryInstrument open(Path file) {
    return open(read(file));
  }

  @Override
  public List<Finding> check(Path file) {
    return findings;
  }

  @Override
  public String start(Path file) {
    String name = read(file).name();
    with(name);
    return name;
  }

  @Override
  public List<Finding> findings() {
    return findings;
  }

  /** An instrument that echoes. */
  final class FakeInstrument implements TemporaryInstrument {

    private final String name;
    State state = State.READY;
    Reason reason = Reason.NONE;
    boolean closed;

    FakeInstrument(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public InstrumentInfo info() {
      return new InstrumentInfo(
          List.of("Multimeter"),
          "A meter in memory.",
          List.of(
              command("measure", ValueType.DOUBLE, "V"),
              command("identify", ValueType.STRING, ""),
              command("hang", ValueType.VOID, ""),
              command("waveform", ValueType.arrayOf(null), "V", number("points", ValueType.INT)),
              command("not_a_number", ValueType.DOUBLE, ""),
              command("echo", ValueType.BYTES, "", number("data", ValueType.BYTES)),
              command(
                  "set_voltage",
                  ValueType.VOID,
                  "",
                  new ParameterInfo(
                      "voltage",
                      ValueType.DOUBLE,
                      "V",
                      new Limits(-10, 10),
                      List.of(),
                      false,
                      null,
                      ""))));
    }

    private static CommandInfo command(
        String name, ValueType result, String unit, ParameterInfo... parameters) {
      return new CommandInfo(
          name, List.of(parameters), result, unit, false, false, null, "Does " + name + ".");
    }

    private static ParameterInfo number(String name, ValueType type) {
      return ParameterInfo.of(name, type);
    }

    @Override
    public InstrumentStatus status() {
      return new InstrumentStatus(
          name,
          state,
          reason,
          reason == Reason.NONE ? "" : "in words",
          Instant.EPOCH,
          "fake.dmm",
          "1.2.0",
          new Identity("Acme", "M1", "42", ""),
          "TCPIP::host::5025::SOCKET",
          0,
          0,
          new CallCounts(150, 140, 10, 3),
          List.of());
    }

    @Override
    public Result call(Call call) {
      calls.add(call);
      CommandInfo command =
          info()
              .command(call.command())
              .orElseThrow(
                  () ->
                      new Refused(
                          ErrorCode.UNKNOWN_COMMAND, name + " has no command " + call.command()));
      Map<String, Object> bound = Values.bind(command, call.positional(), call.named());
      Object value =
          switch (command.name()) {
            case "measure" -> 3.25;
            case "identify" -> "Acme\u001b[31m";
            case "waveform" -> NumericArray.of(new double[(Integer) bound.get("points")]);
            case "not_a_number" -> Double.NaN;
            case "echo" -> bound.get("data");
            case "hang" ->
                throw new TimedOut(name + ".hang: no answer within 5 s")
                    .at(new consort.api.Origin(name, "hang", "TCPIP::host::5025::SOCKET", "X", ""));
            default -> null;
          };
      return new Result(value, command, 0, Duration.ofMillis(2).toNanos());
    }

    @Override
    public CompletionStage<Result> send(Call call) {
      try {
        return CompletableFuture.completedStage(call(call));
      } catch (InstrumentException e) {
        return CompletableFuture.failedStage(e);
      }
    }

    @Override
    public <T> T as(Class<T> type) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
      closed = true;
      done.add("close " + name);
    }
  }
}
