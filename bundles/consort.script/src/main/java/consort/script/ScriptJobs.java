// SPDX-License-Identifier: Apache-2.0
package consort.script;

import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.InstrumentException;
import consort.api.Refused;
import consort.api.Role;
import consort.api.script.JobStatus;
import consort.api.script.JobStatus.State;
import consort.api.script.Jobs;
import consort.api.script.ScriptRequest;
import consort.api.script.ScriptResult;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/** Jobs of this node, kept in {@code data/jobs/}. */
@Component(service = Jobs.class)
public final class ScriptJobs implements Jobs {

  /** The most that are kept. */
  static final int MOST = 1000;

  /** The most that wait. */
  static final int MOST_WAITING = 500;

  /** The most measurements that overlap. */
  static final int MOST_TOGETHER = 8;

  private static final String NODE_ENDED = "the node ended before the job was over";

  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd_HHmmss", Locale.ROOT);

  private final LuaScripts scripts;
  private final JobStore store;
  private final ScriptThreads threads = new ScriptThreads();

  private final Random random = new Random();

  /** By id, in the order they came. Guarded by this, as all that follows. */
  private Map<String, Job> jobs;

  private final Deque<Job> waiting = new ArrayDeque<>();
  private int measuring;
  private boolean alone;
  private boolean closed;

  /** Wires; what was kept is read when it is first asked for. */
  @Activate
  public ScriptJobs(BundleContext context, @Reference LuaScripts scripts) {
    this(scripts, LuaScripts.home(context).resolve("data/jobs"));
  }

  ScriptJobs(LuaScripts scripts, Path folder) {
    this.scripts = scripts;
    this.store = new JobStore(folder);
  }

  /** A job: what it is to do, and how it is doing. */
  private static final class Job {
    private final ScriptRequest request;
    private final Duration time;
    private final Caller caller;
    private final CountDownLatch ended = new CountDownLatch(1);
    private JobStatus status;
    private LuaScripts.Running running;

    Job(JobStatus status, ScriptRequest request, Duration time, Caller caller) {
      this.status = status;
      this.request = request;
      this.time = time;
      this.caller = caller;
    }
  }

  @Override
  public String measure(ScriptRequest request, Caller caller) {
    caller.require(Role.OPERATOR, "a job");
    new Library(request.file(), request.file()).source(); // refuses what is no script
    return submit("measure", request, null, caller);
  }

  @Override
  public ScriptResult run(ScriptRequest request, Caller caller) {
    LuaScripts.Running running;
    synchronized (this) {
      load();
      running = scripts.start(request, caller);
      long now = System.currentTimeMillis();
      Job job =
          new Job(
              new JobStatus(newId(), "measure", State.RUNNING, caller.name(), now, now, 0, ""),
              request,
              null,
              caller);
      job.running = running;
      measuring++;
      jobs.put(job.status.id(), job);
      store.write(job.status);
      forgetOldest();
      running.done().thenAccept(result -> finish(job, result));
    }
    return running.done().join();
  }

  @Override
  public String sleep(Duration time, Caller caller) {
    if (time.isNegative() || time.compareTo(ScriptRequest.LONGEST) > 0) {
      throw new Refused(ErrorCode.OUT_OF_RANGE, "a sleep of " + time + " is outside [0, 24 h]");
    }
    return submit("sleep", null, time, caller);
  }

  @Override
  public String unknown(String type, Caller caller) {
    return submit(type.length() > 60 ? type.substring(0, 60) : type, null, null, caller);
  }

  private synchronized String submit(
      String type, ScriptRequest request, Duration time, Caller caller) {
    caller.require(Role.OPERATOR, "a job");
    load();
    if (closed || waiting.size() >= MOST_WAITING) {
      throw new Refused(
          ErrorCode.BUSY, closed ? "the node ends" : waiting.size() + " jobs wait already");
    }
    JobStatus status =
        new JobStatus(
            newId(), type, State.QUEUED, caller.name(), System.currentTimeMillis(), 0, 0, "");
    Job job = new Job(status, request, time, caller);
    jobs.put(status.id(), job);
    store.write(status);
    forgetOldest();
    waiting.add(job);
    dispatch();
    return status.id();
  }

  private String newId() {
    String id;
    do {
      id = "job_%s_%06x".formatted(LocalDateTime.now().format(STAMP), random.nextInt(1 << 24));
    } while (jobs.containsKey(id));
    return id;
  }

  private void forgetOldest() {
    var all = jobs.values().iterator();
    while (jobs.size() > MOST && all.hasNext()) {
      JobStatus status = all.next().status;
      if (status.state().isOver()) {
        all.remove();
        store.delete(status.id());
      }
    }
  }

  private void load() {
    if (jobs != null) {
      return;
    }
    jobs = new LinkedHashMap<>();
    for (JobStatus read : store.read()) {
      JobStatus status = read;
      if (!read.state().isOver()) {
        status = over(read, State.FAILED, NODE_ENDED);
        store.write(status);
      }
      jobs.put(status.id(), new Job(status, null, null, null));
    }
    forgetOldest();
  }

  /** Begins what may begin: in order, measurements together, all else alone. */
  private void dispatch() {
    while (!closed && !waiting.isEmpty()) {
      Job head = waiting.peek();
      boolean measures = head.request != null;
      if (alone || (measures ? measuring >= MOST_TOGETHER : measuring > 0)) {
        return;
      }
      waiting.poll();
      if (measures) {
        measuring++;
      } else {
        alone = true;
      }
      JobStatus s = head.status;
      set(
          head,
          new JobStatus(
              s.id(),
              s.type(),
              State.RUNNING,
              s.by(),
              s.createdMs(),
              System.currentTimeMillis(),
              0,
              ""));
      begin(head);
    }
  }

  private void begin(Job job) {
    if (job.request == null) {
      threads.start("job " + job.status.id(), () -> carryOut(job));
      return;
    }
    try {
      job.running = scripts.start(job.request, job.caller);
    } catch (InstrumentException e) {
      finish(job, null, e.getMessage());
      return;
    }
    job.running.done().thenAccept(result -> finish(job, result));
  }

  private void carryOut(Job job) {
    Map<String, Object> result = null;
    String error = null;
    if (job.time == null) {
      error = "unknown job type: " + job.status.type();
    } else {
      try {
        if (!job.ended.await(job.time.toNanos(), TimeUnit.NANOSECONDS)) {
          result = new LinkedHashMap<>();
          result.put("message", "slept");
          result.put("duration_ms", job.time.toMillis());
        } else {
          error = NODE_ENDED; // or it was canceled, which its state says
        }
      } catch (InterruptedException e) {
        error = NODE_ENDED;
      }
    }
    finish(job, result, error);
  }

  private void finish(Job job, ScriptResult result) {
    finish(job, result.toMap(), result.succeeded() ? null : "Script error: " + result.error());
  }

  private synchronized void finish(Job job, Map<String, Object> result, String error) {
    if (job.request != null) {
      measuring--;
    } else {
      alone = false;
    }
    if (result != null) {
      store.writeResult(job.status.id(), result);
    }
    job.running = null;
    boolean canceled = job.status.state() == State.CANCELING;
    set(
        job,
        over(
            job.status,
            canceled ? State.CANCELED : error != null ? State.FAILED : State.COMPLETED,
            canceled ? "canceled" : error == null ? "" : error));
    dispatch();
  }

  private static JobStatus over(JobStatus s, State state, String error) {
    return new JobStatus(
        s.id(),
        s.type(),
        state,
        s.by(),
        s.createdMs(),
        s.startedMs(),
        System.currentTimeMillis(),
        error);
  }

  private void set(Job job, JobStatus status) {
    job.status = status;
    store.write(status);
  }

  @Override
  public synchronized List<JobStatus> list() {
    load();
    return jobs.values().stream().map(job -> job.status).toList();
  }

  @Override
  public synchronized Optional<JobStatus> status(String id) {
    load();
    return Optional.ofNullable(jobs.get(id)).map(job -> job.status);
  }

  @Override
  public Optional<Map<String, Object>> result(String id) {
    Optional<JobStatus> status = status(id);
    // only ids that are known become names of files
    return status.filter(s -> s.state().isOver()).map(s -> store.result(s.id()));
  }

  @Override
  public synchronized boolean cancel(String id) {
    load();
    Job job = jobs.get(id);
    if (job == null || job.status.state().isOver()) {
      return false;
    }
    if (waiting.remove(job)) {
      set(job, over(job.status, State.CANCELED, "canceled"));
      dispatch();
      return true;
    }
    JobStatus s = job.status;
    set(
        job,
        new JobStatus(
            s.id(), s.type(), State.CANCELING, s.by(), s.createdMs(), s.startedMs(), 0, ""));
    job.ended.countDown();
    if (job.running != null) {
      job.running.stop("canceled");
    }
    return true;
  }

  /** Ends: what runs and waits has failed when the node is started again. */
  @Deactivate
  synchronized void close() {
    closed = true;
    waiting.clear();
    if (jobs != null) {
      jobs.values().forEach(job -> job.ended.countDown());
    }
  }
}
