// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.Caller;
import consort.api.Role;
import consort.api.coordinator.Coordinator;
import consort.api.deploy.Deployment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Takes a driver jar into use, and tells how the instruments move to it. */
final class SwapCommand {

  /** How many swaps can be asked for. */
  private static final int KEPT = 100;

  /** How long a request with an id waits for news. */
  private static final long NEWS_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  private final Coordinator coordinator;
  private final Supplier<Deployment> deployment;
  private final AtomicLong number = new AtomicLong();
  private final Map<String, SwapRun> runs =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, SwapRun> eldest) {
          return size() > KEPT;
        }
      };

  SwapCommand(Coordinator coordinator, Supplier<Deployment> deployment) {
    this.coordinator = coordinator;
    this.deployment = deployment;
  }

  List<Command> all() {
    return List.of(
        new Command(
            new CommandDoc(
                "swap",
                Role.ADMINISTRATOR,
                List.of(
                    new CommandDoc.Parameter("file", "a driver jar on the node's machine", true),
                    new CommandDoc.Parameter("only", "the one instrument that moves", true),
                    new CommandDoc.Parameter("wait", "whether to wait for the end; default", true),
                    new CommandDoc.Parameter("id", "a swap that runs, instead of file", true)),
                "Takes a driver jar into use; instruments move one by one, bad ones go back."),
            this::swap));
  }

  private Map<String, Object> swap(Parameters p, Caller caller) {
    if (p.has("id")) {
      return news(run(p.text("id")));
    }
    Deployment files = Instruments.deployment(deployment);
    String only = p.has("only") ? p.text("only") : null;
    if (only != null) {
      only = Instruments.require(coordinator, only).name();
    }
    String id = "swap-" + number.incrementAndGet();
    SwapRun run = SwapRun.begin(id, coordinator, files, ControlCommands.file(p.text("file")), only);
    synchronized (runs) {
      runs.put(id, run);
    }
    Map<String, Object> reply = run.progress();
    while (p.flag("wait", true) && !SwapRun.finished(reply)) {
      reply = news(run);
    }
    return reply;
  }

  private SwapRun run(String id) {
    synchronized (runs) {
      SwapRun run = runs.get(id);
      if (run == null) {
        throw Wrong.request("there is no swap '" + Parameters.shortened(id) + "' (any more)");
      }
      return run;
    }
  }

  /** Waits a moment for something to have changed. */
  private static Map<String, Object> news(SwapRun run) {
    long until = System.nanoTime() + NEWS_NANOS;
    Object before = run.seen();
    Map<String, Object> reply = run.progress();
    while (!SwapRun.finished(reply)
        && run.seen().equals(before)
        && System.nanoTime() < until
        && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(LOOK_NANOS);
      reply = run.progress();
    }
    return reply;
  }
}
