// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.Call;
import consort.api.Caller;
import consort.api.Instrument;
import consort.api.InstrumentException;
import consort.api.Result;
import consort.api.Role;
import consort.api.Values;
import consort.api.coordinator.Coordinator;
import consort.api.coordinator.TemporaryInstrument;
import consort.api.deploy.Deployment;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The commands that send something to an instrument. */
final class CallCommands {

  private static final CommandDoc.Parameter VERB =
      new CommandDoc.Parameter("verb", "the command of the instrument", false);
  private static final List<CommandDoc.Parameter> ARGUMENTS =
      List.of(
          new CommandDoc.Parameter("params", "arguments by name, as JSON values", true),
          new CommandDoc.Parameter("args", "arguments by position, as JSON values", true),
          new CommandDoc.Parameter("text", "arguments by name, as text to be read", true),
          new CommandDoc.Parameter("text_args", "arguments by position, as text", true),
          new CommandDoc.Parameter("deadline", "seconds, or text such as 500ms", true));

  static final CommandDoc.Parameter LEASE =
      new CommandDoc.Parameter("lease", "id of the lease to call under", true);

  /** What a call is made of. */
  static final List<CommandDoc.Parameter> CALL =
      concat(concat(List.of(LookCommands.NAME, VERB), ARGUMENTS), List.of(LEASE));

  private final Coordinator coordinator;
  private final Supplier<Deployment> deployment;

  CallCommands(Coordinator coordinator, Supplier<Deployment> deployment) {
    this.coordinator = coordinator;
    this.deployment = deployment;
  }

  List<Command> all() {
    return List.of(
        new Command(
            new CommandDoc("call", Role.OBSERVER, CALL, "Calls a command of an instrument."),
            this::call),
        new Command(
            new CommandDoc(
                "ask",
                Role.ADMINISTRATOR,
                List.of(
                    LookCommands.NAME,
                    new CommandDoc.Parameter("text", "a line, without its terminator", false),
                    new CommandDoc.Parameter(
                        "answer",
                        "true or false; without it, an answer is awaited to a question mark",
                        true),
                    new CommandDoc.Parameter("deadline", "seconds, or text such as 500ms", true),
                    LEASE),
                "Sends raw text over the link of an instrument, past its driver."),
            this::ask),
        new Command(
            new CommandDoc(
                "test",
                Role.ADMINISTRATOR,
                concat(
                    List.of(
                        new CommandDoc.Parameter("config_path", "an instrument file", false), VERB),
                    concat(
                        ARGUMENTS,
                        List.of(
                            ControlCommands.PLUGIN,
                            ControlCommands.PLUGIN_PATH,
                            ControlCommands.LOG_LEVEL))),
                "Makes the instrument of a file for one command; no running one is touched."),
            this::test));
  }

  private static <T> List<T> concat(List<T> a, List<T> b) {
    return java.util.stream.Stream.concat(a.stream(), b.stream()).toList();
  }

  private Map<String, Object> call(Parameters p, Caller caller) {
    String name = p.instrument();
    String verb = p.text("verb");
    Instrument instrument = Instruments.require(coordinator, name);
    Result result = instrument.call(request(instrument, verb, p, caller).under(p.lease()));
    return reply(result);
  }

  /** What a command of an instrument gave. */
  static Map<String, Object> reply(Result result) {
    return Plain.map(
        "value", Plain.of(result.value()),
        "type", result.command().result().toString(),
        "unit", result.command().unit(),
        "text", Plain.cut(result.text()),
        "took_ms", result.took().toNanos() / 1e6);
  }

  private Map<String, Object> ask(Parameters p, Caller caller) {
    String name = Instruments.require(coordinator, p.instrument()).name();
    String text = p.text("text");
    String answer =
        coordinator.ask(name, text, p.flag("answer"), p.duration("deadline"), caller, p.lease());
    return Plain.map("name", name, "answer", answer);
  }

  private Map<String, Object> test(Parameters p, Caller caller) {
    String missing = "missing config_path or verb";
    String path = p.text("config_path", missing);
    String verb = p.text("verb", missing);
    ControlCommands.refusePlugin(p);
    TemporaryInstrument opened;
    try {
      opened = Instruments.deployment(deployment).open(ControlCommands.file(path));
    } catch (InstrumentException e) {
      throw new Wrong(e.code().text(), "failed to create instrument: " + e.getMessage());
    }
    try (opened) {
      Result result = opened.call(request(opened, verb, p, caller));
      Map<String, Object> reply =
          Plain.map(
              "success",
              true,
              "error_message",
              "",
              "text_response",
              Values.text(result.value()),
              "text",
              result.text(),
              "name",
              opened.name(),
              "verb",
              verb);
      if (result.value() != null) {
        reply.put("return_value", Plain.of(result.value()));
      }
      reply.put(
          "result", result.value() == null ? Plain.cut(result.text()) : reply.get("return_value"));
      return reply;
    } catch (InstrumentException e) {
      Map<String, Object> reply =
          Plain.map(
              "success",
              false,
              "error_message",
              Errors.ofCommand(e),
              "text_response",
              "",
              "name",
              opened.name(),
              "verb",
              verb,
              "result",
              null);
      reply.putAll(Errors.details(e));
      return reply;
    }
  }

  private static Call request(Instrument instrument, String verb, Parameters p, Caller caller) {
    Arguments arguments = Arguments.of(instrument, verb, p);
    return new Call(
        verb, arguments.positional(), arguments.named(), p.duration("deadline"), caller, "");
  }
}
