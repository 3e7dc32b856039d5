// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.Caller;
import consort.api.Role;
import consort.api.script.JobStatus;
import consort.api.script.Jobs;
import consort.api.script.ScriptRequest;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** The commands that run measurements, at once or as jobs. */
final class ScriptCommands {

  private static final CommandDoc.Parameter ID =
      new CommandDoc.Parameter("job_id", "the id of the job", false);
  private static final List<CommandDoc.Parameter> SCRIPT =
      List.of(
          new CommandDoc.Parameter("script_path", "a file of Lua", false),
          new CommandDoc.Parameter("strict", "true: a failed call is a failure", true),
          new CommandDoc.Parameter("staged", "true: calls return nil", true),
          new CommandDoc.Parameter("limit", "how long it may take in all", true),
          new CommandDoc.Parameter("lease", "id of the lease to call under", true),
          ControlCommands.LOG_LEVEL);

  private final Supplier<Jobs> jobs;

  ScriptCommands(Supplier<Jobs> jobs) {
    this.jobs = jobs;
  }

  List<Command> all() {
    List<CommandDoc.Parameter> measured = new ArrayList<>(SCRIPT);
    measured.add(new CommandDoc.Parameter("json", "nothing: it is always JSON", true));
    return List.of(
        command("measure", Role.OPERATOR, measured, "Runs a measurement in Lua.", this::measure),
        command(
            "submit_measure",
            Role.OPERATOR,
            SCRIPT,
            "Makes a measurement in Lua a job.",
            (p, caller) -> submitted(jobs().measure(script(p), caller))),
        command(
            "submit_job",
            Role.OPERATOR,
            List.of(
                new CommandDoc.Parameter("job_type", "measure or sleep", false),
                new CommandDoc.Parameter("params", "what the job needs", true)),
            "Submits a job.",
            this::submit),
        command("job_status", Role.OBSERVER, List.of(ID), "How a job is doing.", this::status),
        command("job_result", Role.OBSERVER, List.of(ID), "What a job gave.", this::result),
        command(
            "job_list",
            Role.OBSERVER,
            List.of(),
            "The jobs that are kept.",
            (p, caller) ->
                Plain.map("jobs", jobs().list().stream().map(ScriptCommands::brief).toList())),
        command(
            "job_cancel",
            Role.OPERATOR,
            List.of(ID),
            "Cancels a job; a script sends nothing more.",
            this::cancel));
  }

  private static Command command(
      String name,
      Role role,
      List<CommandDoc.Parameter> parameters,
      String doc,
      Command.Action action) {
    return new Command(new CommandDoc(name, role, parameters, doc), action);
  }

  private Jobs jobs() {
    Jobs service = jobs.get();
    if (service == null) {
      throw new Wrong(
          "unavailable", "this node runs no scripts: the bundle consort.script is missing");
    }
    return service;
  }

  private static ScriptRequest script(Parameters p) {
    String path = p.text("script_path", "missing script_path");
    Duration limit = p.duration("limit");
    Path file;
    try {
      file = Path.of(path).toAbsolutePath().normalize();
    } catch (InvalidPathException e) {
      throw Wrong.request("script_path: no path: " + Parameters.shortened(path));
    }
    return ScriptRequest.of(file)
        .strict(p.flag("strict", false))
        .staged(p.flag("staged", false))
        .within(limit == null ? ScriptRequest.LONGEST : limit)
        .under(p.lease());
  }

  private Map<String, Object> measure(Parameters p, Caller caller) {
    Map<String, Object> reply = jobs().run(script(p), caller).toMap();
    reply.put("ok", reply.get("status").equals("success"));
    return reply;
  }

  private static Map<String, Object> submitted(String id) {
    return Plain.map("job_id", id);
  }

  private Map<String, Object> submit(Parameters p, Caller caller) {
    String type = p.text("job_type");
    Map<String, ?> params = p.map("params");
    switch (type) {
      case "measure":
        return submitted(
            jobs()
                .measure(
                    script(new Parameters(new CommandDoc(type, Role.OPERATOR, SCRIPT, ""), params)),
                    caller));
      case "sleep":
        return submitted(jobs().sleep(sleep(params.get("duration_ms")), caller));
      default:
        return submitted(jobs().unknown(type, caller));
    }
  }

  private static Duration sleep(Object given) {
    if (given == null) {
      return Duration.ofMillis(100);
    }
    if (given instanceof Number n && n.doubleValue() >= 0 && n.doubleValue() <= 86_400_000) {
      return Duration.ofMillis(n.longValue());
    }
    throw Wrong.request("duration_ms must be a number from 0 to 86400000");
  }

  private JobStatus job(Parameters p) {
    String id = p.text("job_id");
    Optional<JobStatus> job = jobs().status(id);
    return job.orElseThrow(() -> new Wrong("unknown_job", "job not found"));
  }

  private static Map<String, Object> brief(JobStatus job) {
    return Plain.map(
        "job_id", job.id(),
        "type", job.type(),
        "status", job.state().text(),
        "created_at", job.createdMs());
  }

  private Map<String, Object> status(Parameters p, Caller caller) {
    JobStatus job = job(p);
    Map<String, Object> reply = brief(job);
    if (job.startedMs() > 0) {
      reply.put("started_at", job.startedMs());
    }
    if (job.finishedMs() > 0) {
      reply.put("finished_at", job.finishedMs());
    }
    if (!job.error().isEmpty()) {
      reply.put("error_detail", job.error());
    }
    return reply;
  }

  private Map<String, Object> result(Parameters p, Caller caller) {
    JobStatus job = job(p);
    Optional<Map<String, Object>> result = jobs().result(job.id());
    if (job.state() == JobStatus.State.COMPLETED) {
      return Plain.map(
          "job_id",
          job.id(),
          "result",
          result.orElseThrow(() -> new Wrong("no_result", "no result available")));
    }
    Map<String, Object> reply =
        Plain.map(
            "ok",
            false,
            "error",
            "job not completed",
            "code",
            "not_completed",
            "status",
            job.state().text(),
            "error_detail",
            job.error());
    result.ifPresent(partial -> reply.put("result", partial));
    return reply;
  }

  private Map<String, Object> cancel(Parameters p, Caller caller) {
    String id = job(p).id();
    if (!jobs().cancel(id)) {
      throw new Wrong("finished", "failed to cancel job (maybe already finished)");
    }
    return Plain.map("message", "Job canceled");
  }
}
