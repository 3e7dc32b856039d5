// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.CallCounts;
import consort.api.CommandInfo;
import consort.api.Instrument;
import consort.api.InstrumentInfo;
import consort.api.InstrumentStatus;
import consort.api.ParameterInfo;
import consort.api.Reason;
import consort.api.Role;
import consort.api.State;
import consort.api.ValueType;
import consort.api.coordinator.Coordinator;
import consort.api.coordinator.Diagnosis;
import consort.api.deploy.Deployment;
import consort.api.deploy.DriverFile;
import consort.api.link.LinkService;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The commands that only look. */
final class LookCommands {

  static final CommandDoc.Parameter NAME =
      new CommandDoc.Parameter("name", "name of an instrument", false);

  private final Coordinator coordinator;
  private final Supplier<Deployment> deployment;
  private final Supplier<LinkService> links;

  LookCommands(
      Coordinator coordinator, Supplier<Deployment> deployment, Supplier<LinkService> links) {
    this.coordinator = coordinator;
    this.deployment = deployment;
    this.links = links;
  }

  List<Command> all() {
    return List.of(
        look("list", "All instruments and their states.", List.of(), p -> list()),
        look("status", "State and call counts of an instrument.", List.of(NAME), this::status),
        look("info", "The commands of an instrument.", List.of(NAME), this::info),
        look("why", "Why an instrument is, or is not, available.", List.of(NAME), this::why),
        look(
            "trace", "The newest bytes on the links of an instrument.", List.of(NAME), this::trace),
        look("drivers", "The installed drivers and who uses them.", List.of(), p -> drivers()),
        look(
            "findings",
            "What is wrong with the files in drivers/ and instruments/.",
            List.of(),
            p -> findings()));
  }

  private interface Look {
    Map<String, Object> at(Parameters parameters);
  }

  private static Command look(
      String name, String doc, List<CommandDoc.Parameter> parameters, Look look) {
    return new Command(
        new CommandDoc(name, Role.OBSERVER, parameters, doc), (p, caller) -> look.at(p));
  }

  private Map<String, Object> list() {
    List<InstrumentStatus> all =
        coordinator.instruments().stream().map(Instrument::status).toList();
    return Plain.map(
        "instruments", all.stream().map(InstrumentStatus::name).toList(),
        "details", all.stream().map(LookCommands::details).toList());
  }

  private static Map<String, Object> details(InstrumentStatus s) {
    return Plain.map(
        "name", s.name(),
        "alive", isAlive(s),
        "state", s.state().name(),
        "reason", s.reason() == Reason.NONE ? "" : s.reason().text(),
        "text", s.text(),
        "since", s.since().toString(),
        "driver", s.driver(),
        "version", s.driverVersion(),
        "identity", s.identity().toString(),
        "connection", s.connection(),
        "waiting", s.waiting(),
        "stuck_threads", s.stuckThreads(),
        "labels", s.labels());
  }

  /** The state of an instrument as an event: how it is when a watch begins. */
  static Map<String, Object> initial(InstrumentStatus s) {
    return Plain.map(
        "topic", "consort/instrument/" + s.state(),
        "initial", true,
        "instrument", s.name(),
        "state", s.state().name(),
        "reason", s.reason() == Reason.NONE ? "" : s.reason().text(),
        "text", s.text(),
        "driver", s.driver(),
        "version", s.driverVersion(),
        "time", s.since().toString(),
        "timestamp", s.since().toEpochMilli());
  }

  private static boolean isAlive(InstrumentStatus s) {
    return s.state() != State.STOPPED && s.state() != State.OFFLINE && s.state() != State.FAULT;
  }

  private Map<String, Object> status(Parameters p) {
    InstrumentStatus s = Instruments.require(coordinator, p.instrument()).status();
    CallCounts counts = s.counts();
    Map<String, Object> reply =
        Plain.map(
            "name",
            s.name(),
            "alive",
            isAlive(s),
            "stats",
            Plain.map(
                "commands_sent", counts.sent(),
                "commands_completed", counts.completed(),
                "commands_failed", counts.failed(),
                "commands_timeout", counts.timedOut()));
    reply.putAll(details(s));
    return reply;
  }

  private Map<String, Object> why(Parameters p) {
    String name = Instruments.require(coordinator, p.instrument()).name();
    Diagnosis diagnosis = coordinator.why(name);
    return Plain.map(
        "name",
        name,
        "summary",
        diagnosis.summary(),
        "facts",
        diagnosis.facts().stream()
            .map(f -> Plain.map("label", f.label(), "text", f.text()))
            .toList());
  }

  private Map<String, Object> trace(Parameters p) {
    String name = Instruments.require(coordinator, p.instrument()).name();
    LinkService service = links.get();
    return Plain.map(
        "name",
        name,
        "entries",
        service == null
            ? List.of()
            : service.trace(name).stream()
                .map(
                    e ->
                        Plain.map(
                            "at", e.at().toString(),
                            "link", e.link(),
                            "direction", e.direction().name().toLowerCase(Locale.ROOT),
                            "text", e.text(),
                            "size", e.size()))
                .toList());
  }

  private Map<String, Object> drivers() {
    Deployment service = deployment.get();
    List<DriverFile> files = service == null ? List.of() : service.driverFiles();
    return Plain.map(
        "drivers",
        coordinator.drivers().stream()
            .map(
                d ->
                    Plain.map(
                        "name", d.name(),
                        "version", d.version(),
                        "bundle", d.bundle(),
                        "bundle_id", d.bundleId(),
                        "file", file(files, d.bundleId()),
                        "instruments", d.instruments()))
            .toList());
  }

  /** The file, or files of the same bytes, that a bundle was installed from; empty for none. */
  private static String file(List<DriverFile> files, long bundle) {
    return files.stream()
        .filter(file -> file.bundle() == bundle)
        .map(DriverFile::file)
        .sorted()
        .collect(Collectors.joining(", "));
  }

  private Map<String, Object> findings() {
    return Plain.map(
        "findings",
        Instruments.deployment(deployment).findings().stream()
            .map(
                f ->
                    Plain.map(
                        "file", f.file(),
                        "line", f.line(),
                        "column", f.column(),
                        "pointer", f.pointer(),
                        "error", f.error(),
                        "message", f.message()))
            .toList());
  }

  private Map<String, Object> info(Parameters p) {
    Instrument instrument = Instruments.require(coordinator, p.instrument());
    InstrumentInfo info = instrument.info();
    return Plain.map(
        "name", instrument.name(),
        "types", info.types(),
        "doc", info.doc(),
        "commands", info.commands().stream().map(LookCommands::command).toList());
  }

  private static Map<String, Object> command(CommandInfo c) {
    return Plain.map(
        "name", c.name(),
        "signature", c.signature(),
        "doc", c.doc(),
        "parameters", c.parameters().stream().map(LookCommands::parameter).toList(),
        "result", c.result().toString(),
        "unit", c.unit(),
        "urgent", c.urgent(),
        "reads", c.reads());
  }

  private static Map<String, Object> parameter(ParameterInfo p) {
    Map<String, Object> out =
        Plain.map(
            "name", p.name(),
            "type", p.type().toString(),
            "unit", p.unit(),
            "optional", p.optional() || p.defaultValue() != null,
            "doc", p.doc());
    if (p.limits() != null) {
      out.put("min", Plain.of(p.limits().min()));
      out.put("max", Plain.of(p.limits().max()));
    }
    if (!p.options().isEmpty()) {
      out.put("options", p.options().stream().map(Plain::of).toList());
    } else if (p.type().kind() == ValueType.Kind.ENUM) {
      out.put("options", p.type().options());
    }
    if (p.defaultValue() != null) {
      out.put("default", Plain.of(p.defaultValue()));
    }
    return out;
  }
}
