// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.Instrument;
import consort.api.LeaseToken;
import consort.api.Refused;
import consort.api.Role;
import consort.api.coordinator.Lease;
import consort.api.coordinator.LeaseRequest;
import consort.api.coordinator.LeaseStatus;
import consort.api.coordinator.Leases;
import consort.api.mesh.Imported;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lease table with a disk, a clock and holders that die. Files and the state of processes are
 * looked at on threads of the pool, one task of each kind at a time.
 */
final class DefaultLeases implements Leases, LeaseTable.World, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger("consort.leases");
  private static final long SAVE_DELAY = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long WATCH_DELAY = TimeUnit.MILLISECONDS.toNanos(250);
  private static final long CLOSE_MILLIS = 500;

  private final DriverThreads threads;
  private final Function<String, Instrument> instruments;
  private final String node;
  private final Abroad abroad;
  private final Listener listener;

  /** Null for a table that is not saved. */
  private final LeaseStore store;

  private final LeaseTable table = new LeaseTable(this);
  private final AtomicBoolean saveArmed = new AtomicBoolean();
  private final AtomicBoolean watching = new AtomicBoolean();

  /** Held while files are written. */
  private final Object disk = new Object();

  /** Hears what becomes of the leases. Called under the table's lock: it only notes it. */
  interface Listener {
    void told(LeaseTable.News news, Grant grant, Instant at, long leftNanos);
  }

  private volatile long epoch;
  private volatile boolean epochSaved;

  /**
   * Begins at once; calls into drivers wait until the saved leases are read.
   *
   * @param folder where they are saved, null for nowhere
   * @param instruments finds an instrument, or refuses
   * @param node the name of this node
   * @param imported the instrument of another node that has a name here, null for none
   * @param listener hears what becomes of them
   */
  DefaultLeases(
      DriverThreads threads,
      Path folder,
      Function<String, Instrument> instruments,
      String node,
      Function<String, Imported> imported,
      Listener listener) {
    this.listener = listener;
    this.node = node;
    this.abroad = new Abroad(imported);
    this.threads = threads;
    this.instruments = instruments;
    this.store = folder == null ? null : new LeaseStore(folder);
    run(this::open);
  }

  private void run(Runnable task) {
    threads.run(
        () -> {
          Thread thread = Thread.currentThread();
          String poolName = thread.getName();
          thread.setName("consort leases");
          try {
            task.run();
          } catch (RuntimeException e) {
            LOG.error("the leases met a mistake", e);
          } finally {
            thread.setName(poolName);
          }
        });
  }

  LeaseTable table() {
    return table;
  }

  // ---- Files ----

  private void open() {
    if (store == null) {
      epoch = System.currentTimeMillis();
      epochSaved = true;
      table.open(epoch, List.of());
      return;
    }
    LeaseStore.Saved saved = new LeaseStore.Saved(now().getEpochSecond(), List.of(), "");
    try {
      saved = store.read(nanoTime(), now());
    } finally {
      epoch = saved.epoch() + 1;
      List<Grant> alive = saved.leases().stream().filter(DefaultLeases::isAlive).toList();
      table.open(epoch, alive);
      if (!alive.isEmpty()) {
        LOG.info("{} leases are held from before the restart: {}", alive.size(), alive);
        watch();
      }
      if (!saved.problem().isEmpty()) {
        LOG.error("saved leases are lost: {}", saved.problem());
      }
    }
    try {
      requireEpoch();
    } catch (Refused e) {
      LOG.error("{}", e.getMessage());
    }
  }

  private static boolean isAlive(Grant grant) {
    return grant.terms.process() == null || grant.terms.process().alive();
  }

  /** No lease of an epoch is given before the disk has it. */
  private void requireEpoch() {
    if (epochSaved) {
      return;
    }
    synchronized (disk) {
      try {
        if (!epochSaved) {
          store.writeEpoch(epoch);
          epochSaved = true;
        }
      } catch (IOException e) {
        throw new Refused(
            ErrorCode.BUSY, "no lease can be given: data/leases cannot be written: " + e, e);
      }
    }
  }

  private void save() {
    synchronized (disk) {
      saveArmed.set(false);
      try {
        store.writeTable(table.grants(), nanoTime(), now());
      } catch (IOException e) {
        LOG.error("the leases cannot be saved: {}", e.toString());
      }
    }
  }

  // ---- The table's world ----

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public Instant now() {
    return Instant.now();
  }

  @Override
  public void sweepIn(long nanos) {
    threads.later(nanos, table::sweep);
  }

  @Override
  public void changed() {
    if (store != null && !saveArmed.get() && saveArmed.compareAndSet(false, true)) {
      threads.later(SAVE_DELAY, () -> run(this::save));
    }
  }

  @Override
  public void happened(LeaseTable.News news, Grant grant) {
    CompletableFuture<String> awaited = news.isEnd() ? grant.awaitedEnd() : null;
    if (awaited != null) {
      String how = grant.ending();
      run(() -> awaited.complete(how));
    }
    if (news.isUnasked()) {
      run(() -> LOG.info("{} {}", grant, grant.ending()));
    }
    listener.told(news, grant, now(), grant.left(nanoTime()));
  }

  // ---- Holders ----

  /** Looks after the holders' processes as long as there are any. */
  private void watch() {
    if (watching.compareAndSet(false, true)) {
      threads.later(WATCH_DELAY, () -> run(this::look));
    }
  }

  private void look() {
    watching.set(false);
    Map<HolderProcess, Boolean> alive = new HashMap<>();
    for (Grant grant : table.grants()) {
      HolderProcess process = grant.terms.process();
      if (process != null
          && process != OWN
          && !alive.computeIfAbsent(process, HolderProcess::alive)) {
        table.died(grant.token);
      }
    }
    if (alive.containsValue(true)) {
      watch();
    }
  }

  private static HolderProcess process(LeaseRequest request, Caller owner) {
    if (request.pid() != 0) {
      return HolderProcess.of(request.pid());
    }
    // Code of this JVM, or of another node, that cannot resume: after a restart of this node its
    // lease is nobody's.
    boolean tied = owner.face().equals(Caller.SERVICE.face()) || owner.face().equals("consort.tcp");
    return tied && request.client().isEmpty() ? OWN : null;
  }

  private static final HolderProcess OWN = HolderProcess.of(ProcessHandle.current().pid());

  // ---- What clients see ----

  @Override
  public Lease take(LeaseRequest request, Caller owner) {
    owner.require(Role.OPERATOR, "a lease");
    List<Abroad.Part> parts = abroad.parts(request.resources());
    if (!parts.isEmpty()) {
      return joint(new JointLease(node, abroad, request, owner, this::ask).take(parts));
    }
    table.awaitOpened();
    requireEpoch();
    HolderProcess process = process(request, owner);
    Ask ask = table.ask(request, owner, process);
    await(ask);
    return given(ask, process);
  }

  private Lease given(Ask ask, HolderProcess process) {
    if (ask.refusal() != null) {
      throw ask.refusal();
    }
    if (process != null && process != OWN) {
      watch();
    }
    return new HeldLease(table, ask.grant(), abroad, instruments);
  }

  /** A lease of which parts are at other nodes: none of them is there without the others. */
  private Lease joint(Lease lease) {
    LeaseToken token = lease.token();
    lease.ended().thenRun(() -> abroad.end(token));
    abroad.whenLost(token, how -> run(() -> table.lost(token, how)));
    return lease;
  }

  @Override
  public CompletionStage<Lease> request(LeaseRequest request, Caller owner) {
    return ask(request, owner);
  }

  /** Asks without waiting. Files may be read and written first, so that is done elsewhere. */
  private CompletableFuture<Lease> ask(LeaseRequest request, Caller owner) {
    CompletableFuture<Lease> answer = new CompletableFuture<>();
    run(
        () -> {
          try {
            table.awaitOpened();
            requireEpoch();
            HolderProcess process = process(request, owner);
            Ask ask =
                table.ask(
                    request, owner, process, decided -> run(() -> tell(decided, process, answer)));
            if (!ask.decided()) {
              Runnable timer =
                  threads.later(ask.until - nanoTime(), () -> table.giveUp(ask, waited(ask)));
              answer.whenComplete(
                  (lease, failure) -> {
                    timer.run();
                    table.giveUp(ask, "nobody waits for it any more");
                  });
            }
          } catch (RuntimeException e) {
            answer.completeExceptionally(e);
          }
        });
    return answer;
  }

  private void tell(Ask ask, HolderProcess process, CompletableFuture<Lease> answer) {
    try {
      Lease lease = given(ask, process);
      if (!answer.complete(lease)) {
        lease.close();
      }
    } catch (RuntimeException e) {
      answer.completeExceptionally(e);
    }
  }

  private String waited(Ask ask) {
    return "waited " + Texts.rough(nanoTime() - ask.from);
  }

  private void await(Ask ask) {
    while (!ask.decided()) {
      long left = ask.until - nanoTime();
      if (left <= 0) {
        table.giveUp(ask, waited(ask));
      } else if (Thread.currentThread().isInterrupted()) {
        table.giveUp(ask, "the waiting was interrupted");
      } else {
        LockSupport.parkNanos(ask, left);
      }
    }
  }

  @Override
  public Lease require(LeaseToken token, Caller owner) {
    return new HeldLease(table, table.require(token, owner), abroad, instruments);
  }

  @Override
  public List<LeaseStatus> list() {
    return table.list();
  }

  @Override
  public void breakUp(LeaseToken token, Caller by, String reason) {
    table.breakUp(token, by, reason);
  }

  @Override
  public List<Broken> broken() {
    return table.broken();
  }

  /** Refuses what waits, and saves what is held; waits for a slow disk only briefly. */
  @Override
  public void close() {
    table.close();
    if (store == null) {
      return;
    }
    CountDownLatch saved = new CountDownLatch(1);
    run(
        () -> {
          save();
          saved.countDown();
        });
    try {
      if (!saved.await(CLOSE_MILLIS, TimeUnit.MILLISECONDS)) {
        LOG.warn("the leases are not saved yet: the disk is slow");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
