// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.Caller;
import consort.api.Instrument;
import consort.api.Refused;
import consort.api.Role;
import consort.api.State;
import consort.api.coordinator.Coordinator;
import consort.api.coordinator.StopResult;
import consort.api.deploy.Deployment;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/** The commands that start and stop instruments, and the node. */
final class ControlCommands {

  static final CommandDoc.Parameter LOG_LEVEL =
      new CommandDoc.Parameter(
          "log_level",
          "taken for instrument-script-server's clients; etc/logback.xml decides",
          true);
  static final CommandDoc.Parameter PLUGIN =
      new CommandDoc.Parameter("plugin", "a C plugin; refused, this build hosts none", true);
  static final CommandDoc.Parameter PLUGIN_PATH =
      new CommandDoc.Parameter("plugin_path", "the same", true);

  /** How long an instrument may take to become safe. */
  private static final Duration STOP_ALL = Duration.ofSeconds(3);

  private final Coordinator coordinator;
  private final Supplier<Deployment> deployment;
  private final Runnable stop;

  ControlCommands(Coordinator coordinator, Supplier<Deployment> deployment, Runnable stop) {
    this.coordinator = coordinator;
    this.deployment = deployment;
    this.stop = stop;
  }

  List<Command> all() {
    return List.of(
        new Command(
            new CommandDoc(
                "start",
                Role.ADMINISTRATOR,
                List.of(
                    new CommandDoc.Parameter("config_path", "an instrument file", true),
                    new CommandDoc.Parameter(
                        "name", "a stopped instrument, instead of config_path", true),
                    PLUGIN,
                    PLUGIN_PATH,
                    LOG_LEVEL),
                "Starts an instrument from a file until the node restarts, or a stopped one."),
            this::start),
        new Command(
            new CommandDoc(
                "stop",
                Role.ADMINISTRATOR,
                List.of(LookCommands.NAME),
                "Stops an instrument until it is started again or the node restarts."),
            this::stop),
        new Command(
            new CommandDoc(
                "restart",
                Role.ADMINISTRATOR,
                List.of(LookCommands.NAME),
                "Makes a new driver instance; frees an instrument in FAULT."),
            this::restart),
        new Command(
            new CommandDoc(
                "cancel",
                Role.OPERATOR,
                List.of(LookCommands.NAME, CallCommands.LEASE),
                "Cancels the running call of an instrument and those that wait."),
            this::cancel),
        new Command(
            new CommandDoc(
                "stop-all",
                Role.OPERATOR,
                List.of(
                    new CommandDoc.Parameter(
                        "deadline", "how long each may take; 3 s without it", true)),
                "Brings every instrument into its safe state, all at once."),
            this::stopAll),
        new Command(
            new CommandDoc(
                "daemon",
                Role.OBSERVER,
                List.of(
                    new CommandDoc.Parameter("action", "start, stop or status", false),
                    new CommandDoc.Parameter("block", "taken, without effect", true),
                    LOG_LEVEL),
                "The state of the node, or its end; stop needs an administrator."),
            this::daemon));
  }

  private Map<String, Object> start(Parameters p, Caller caller) {
    if (!p.has("config_path") && p.has("name")) {
      Instrument instrument = Instruments.require(coordinator, p.instrument());
      coordinator.start(instrument.name());
      return started(instrument.name());
    }
    Path file = file(p.text("config_path"));
    refusePlugin(p);
    Deployment files = Instruments.deployment(deployment);
    try {
      String name = files.read(file).name();
      coordinator.instrument(name).ifPresent(ControlCommands::refuseSecond);
      return started(files.start(file));
    } catch (Refused refused) {
      throw new Wrong(
          refused.code().text(), "failed to create instrument: " + refused.getMessage());
    }
  }

  private static void refuseSecond(Instrument there) {
    String hint =
        there.status().state() == State.STOPPED ? "; it is stopped, start it by its name" : "";
    throw Wrong.request(
        "failed to create instrument: Instrument already exists: " + there.name() + hint);
  }

  private static Map<String, Object> started(String name) {
    return Plain.map("instrument", name, "name", name);
  }

  static Path file(String path) {
    try {
      return Path.of(path).toAbsolutePath().normalize();
    } catch (InvalidPathException e) {
      throw Wrong.request("config_path: no path: " + Parameters.shortened(path));
    }
  }

  static void refusePlugin(Parameters p) {
    // A client without one may send an empty text.
    String plugin = p.textOr("plugin", "") + p.textOr("plugin_path", "");
    // The stock plugin of instrument-script-server does what our links do.
    if (!plugin.isEmpty() && !plugin.matches("(.*[/\\\\])?visa_builtin\\.(so|dll)")) {
      throw Wrong.request(
          "failed to load plugin: this build hosts no C plugins; leave it out where the instrument"
              + " file has an api_ref: "
              + Parameters.shortened(plugin));
    }
  }

  private Map<String, Object> stop(Parameters p, Caller caller) {
    String name = Instruments.require(coordinator, p.instrument()).name();
    Deployment files = deployment.get();
    if (files == null) {
      coordinator.stop(name);
    } else {
      files.stop(name);
    }
    return Plain.map("name", name);
  }

  private Map<String, Object> restart(Parameters p, Caller caller) {
    String name = Instruments.require(coordinator, p.instrument()).name();
    coordinator.restart(name);
    return Plain.map("name", name);
  }

  private Map<String, Object> cancel(Parameters p, Caller caller) {
    String name = Instruments.require(coordinator, p.instrument()).name();
    return Plain.map("name", name, "cancelled", coordinator.cancel(name, caller, p.lease()));
  }

  private Map<String, Object> stopAll(Parameters p, Caller caller) {
    Duration within = p.has("deadline") ? p.duration("deadline") : STOP_ALL;
    List<StopResult> results = coordinator.stopAll(within, caller);
    return Plain.map(
        "success",
        results.stream().noneMatch(r -> r.outcome() == StopResult.Outcome.FAILED),
        "results",
        results.stream()
            .map(
                r ->
                    Plain.map(
                        "name", r.instrument(),
                        "outcome", r.outcome().name().toLowerCase(Locale.ROOT),
                        "text", r.text()))
            .toList());
  }

  private Map<String, Object> daemon(Parameters p, Caller caller) {
    long pid = ProcessHandle.current().pid();
    return switch (p.textOr("action", "")) {
      case "status" -> Plain.map("running", true, "pid", pid, "message", "daemon running");
      case "start" -> Plain.map("running", true, "pid", pid, "message", "daemon already running");
      case "stop" -> {
        caller.require(Role.ADMINISTRATOR, "daemon stop");
        stop.run();
        yield Plain.map("pid", pid);
      }
      default -> throw Wrong.request("Unknown daemon action");
    };
  }
}
