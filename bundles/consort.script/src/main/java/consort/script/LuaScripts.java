// SPDX-License-Identifier: Apache-2.0
package consort.script;

import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.Refused;
import consort.api.Role;
import consort.api.coordinator.Coordinator;
import consort.api.coordinator.Groups;
import consort.api.coordinator.Leases;
import consort.api.script.Buffers;
import consort.api.script.ScriptRequest;
import consort.api.script.ScriptResult;
import consort.api.script.Scripts;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.luaj.vm2.LuaError;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs scripts, each on a thread of its own; its coroutines have threads of their own, too. */
@Component(service = {Scripts.class, LuaScripts.class})
public final class LuaScripts implements Scripts {

  /** The most scripts that run at once. */
  static final int MOST = 32;

  private static final Logger LOG = LoggerFactory.getLogger(LuaScripts.class);

  private final Run.Node node;
  private final Path scripts;
  private final long instructions;
  private final long memory;
  private final ScriptThreads threads = new ScriptThreads();

  private final AtomicLong count = new AtomicLong();
  private final String epoch = Long.toString(System.currentTimeMillis(), 36);
  private final Set<Running> running = ConcurrentHashMap.newKeySet();
  private final ScheduledThreadPoolExecutor watcher;
  private volatile boolean closed;

  /** Wires; nothing runs before the first script. */
  @Activate
  public LuaScripts(
      BundleContext context,
      @Reference Coordinator coordinator,
      @Reference Groups groups,
      @Reference Leases leases,
      @Reference Buffers buffers) {
    this(
        new Run.Node(coordinator, groups, leases, buffers),
        home(context).resolve("scripts"),
        Budget.INSTRUCTIONS,
        Watch.most(Runtime.getRuntime().maxMemory()));
  }

  LuaScripts(Run.Node node, Path scripts, long instructions, long memory) {
    this.node = node;
    this.scripts = scripts;
    this.instructions = instructions;
    this.memory = memory;
    this.watcher = threads.timer("script watch");
  }

  /** The folder of the node's libraries. */
  Path libraries() {
    return scripts;
  }

  /** The node's folder. */
  static Path home(BundleContext context) {
    return Path.of(Optional.ofNullable(context.getProperty("consort.home")).orElse("."));
  }

  /** A script that runs. */
  static final class Running {
    private final Run run;
    private final CompletableFuture<ScriptResult> done = new CompletableFuture<>();

    private Running(Run run) {
      this.run = run;
    }

    /** Ends it before its next instruction or call. */
    void stop(String why) {
      run.stop(why);
    }

    /** Completes when it is over; never exceptionally. */
    CompletableFuture<ScriptResult> done() {
      return done;
    }
  }

  @Override
  public ScriptResult run(ScriptRequest request, Caller caller) {
    return start(request, caller).done.join();
  }

  /**
   * Begins a script.
   *
   * @throws Refused as {@link #run}
   */
  Running start(ScriptRequest request, Caller caller) {
    caller.require(Role.OPERATOR, "a script");
    Library library = new Library(request.file(), scripts);
    Sandbox.Source source = library.source();
    return start(library, request, caller, sandbox -> sandbox.run(source));
  }

  /** What is done in a sandbox. */
  interface Task {
    void run(Sandbox sandbox);
  }

  /** Begins something else than a script in a sandbox, within the same limits. */
  Running start(Library library, ScriptRequest request, Caller caller, Task task) {
    if (closed || running.size() >= MOST) {
      throw new Refused(
          ErrorCode.BUSY, closed ? "the node ends" : running.size() + " scripts run already");
    }
    long number = count.incrementAndGet();
    String id = "s" + epoch + "-" + number;
    Budget budget = new Budget(instructions);
    Caller by = new Caller(caller.name(), caller.role(), "lua");
    Run run = new Run(id, node, request, by, library, budget);
    Running started = new Running(run);
    ThreadGroup group = threads.groupOf("script " + id);
    running.add(started);
    threads.startScript(
        group,
        "script " + library.script() + " " + number,
        () -> execute(started, task, budget, group, request));
    return started;
  }

  private void execute(
      Running started, Task task, Budget budget, ThreadGroup group, ScriptRequest request) {
    Run run = started.run;
    Future<?> watch = watch(new Watch(run, budget, group, request.limit(), memory));
    String error;
    try {
      error = carriedOut(run, task, budget);
    } finally {
      if (watch != null) {
        watch.cancel(false);
      }
      run.close();
      running.remove(started);
    }
    budget.stop("the script is over");
    group.interrupt(); // coroutines that nobody resumed any more
    Thread.interrupted(); // this one is in the group, too
    started.done.complete(run.result(error));
  }

  /** Looks after a run from now on; null when the node ends, and the run with it. */
  private Future<?> watch(Watch watch) {
    try {
      long every = Watch.EVERY.toMillis();
      return watcher.scheduleWithFixedDelay(watch, every, every, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      watch.stop("the node ends");
      return null;
    }
  }

  /** Runs it; why it ended before its end, or null. */
  private static String carriedOut(Run run, Task task, Budget budget) {
    Sandbox sandbox = null;
    try {
      sandbox = new Sandbox(budget, run);
      sandbox.set("context", new Context(run).table());
      task.run(sandbox);
      budget.check();
      return null;
    } catch (LuaError e) {
      return budget.stopped() != null
          ? ended(sandbox, budget.stopped())
          : Sandbox.message(Sandbox.failure(e));
    } catch (StackOverflowError e) {
      return run.name() + ": stack overflow";
    } catch (OutOfMemoryError e) {
      return run.name() + ": the memory of the node is used up";
    } catch (RuntimeException e) {
      LOG.error("{}", run.name(), e);
      return run.name() + ": the script failed inside the node; see data/logs";
    } catch (Error e) { // Stop, or what the engine throws in its place
      if (budget.stopped() != null) {
        return ended(sandbox, budget.stopped());
      }
      LOG.error("{}", run.name(), e);
      return run.name() + ": the script failed inside the node; see data/logs";
    }
  }

  private static String ended(Sandbox sandbox, String why) {
    String where = sandbox == null ? "" : sandbox.endedAt();
    return (where.isEmpty() ? "" : where + ": ") + "ended: " + why;
  }

  /** Ends all scripts. */
  @Deactivate
  void close() {
    closed = true;
    running.forEach(one -> one.stop("the node ends"));
    watcher.shutdown();
  }
}
