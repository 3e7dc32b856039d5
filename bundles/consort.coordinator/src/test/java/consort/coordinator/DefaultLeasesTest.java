// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Call;
import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.Instrument;
import consort.api.InstrumentException;
import consort.api.Refused;
import consort.api.Result;
import consort.api.Role;
import consort.api.State;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.Lease;
import consort.api.coordinator.LeaseRequest;
import consort.api.driver.Connection;
import consort.api.driver.DriverFactory;
import consort.instruments.DcPowerSupply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Version;

/** Leases with a real guard, real time, real files and real processes. */
@Timeout(60)
class DefaultLeasesTest {

  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);
  private static final Caller ANNA = new Caller("anna", Role.OPERATOR, "test");
  private static final Caller BERT = new Caller("bert", Role.OPERATOR, "test");

  @TempDir private Path folder;
  private final TestWorld world = new TestWorld();
  private final EchoDriver driver = new EchoDriver();
  private final List<Process> processes = new ArrayList<>();
  private Guard guard;
  private DefaultLeases leases;

  @BeforeEach
  void begin() {
    restart();
    guard = new Guard(InstrumentSpec.of("ECHO", "echo", Connection.NONE), world);
    guard.want(
        new Plan(
            Plan.Goal.RUN,
            InstrumentSpec.of("ECHO", "echo", Connection.NONE),
            driver.source("1.0"),
            null));
    await(() -> guard.status().state() == State.READY);
  }

  @AfterEach
  void end() {
    processes.forEach(Process::destroyForcibly);
    guard.close();
    leases.close();
    world.threads.close();
  }

  private void restart() {
    if (leases != null) {
      leases.close();
    }
    crash();
  }

  /** Another coordinator, without an end of the former one. */
  private void crash() {
    leases =
        new DefaultLeases(
            world.threads, folder, name -> guard, "", name -> null, (news, grant, at, left) -> {});
    world.permits = leases.table();
  }

  private static void await(BooleanSupplier condition) {
    long until = System.nanoTime() + PATIENCE;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(until);
      Thread.onSpinWait();
    }
  }

  private static LeaseRequest echo() {
    return LeaseRequest.of("ECHO");
  }

  private static InstrumentException failure(CompletionStage<?> stage) {
    try {
      stage.toCompletableFuture().join();
      throw new AssertionError("it succeeded");
    } catch (CompletionException e) {
      return (InstrumentException) e.getCause();
    }
  }

  @Test
  void theHoldersViewWritesAndNobodyElse() {
    try (Lease lease = leases.take(echo(), ANNA)) {
      Instrument mine = lease.instrument("ECHO");
      assertThat(mine.call("echo", 7)).isEqualTo(7);
      assertThatThrownBy(() -> guard.call("echo", 8))
          .isInstanceOf(Refused.class)
          .hasMessage("ECHO is leased to anna for another 1 min");
      assertThat(guard.call("peek", 9)).isEqualTo(9);
      assertThatThrownBy(() -> lease.instrument("OTHER"))
          .hasMessage("the lease " + lease.id() + " does not cover OTHER; it covers ECHO");
    }
    assertThat(guard.call("echo", 10)).isEqualTo(10);
    assertThat(driver.seen).containsExactly(7, 9, 10);
  }

  @Test
  void aCallThatWaitedUntilTheLeaseWasOverNeverReachesTheDriver() throws Exception {
    CountDownLatch free = new CountDownLatch(1);
    driver.onEcho =
        n -> {
          if (n == 1) {
            try {
              free.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
          return n;
        };
    Lease lease = leases.take(echo().ttl(Duration.ofSeconds(1)), ANNA);
    Instrument mine = lease.instrument("ECHO");
    CompletionStage<Result> running = mine.send(Call.of("echo", 1).within(Duration.ofSeconds(30)));
    CompletionStage<Result> late = mine.send(Call.of("echo", 2).within(Duration.ofSeconds(30)));
    Lease next = leases.take(echo().waiting(Duration.ofSeconds(20)), BERT);
    assertThat(lease.remaining()).isZero();
    free.countDown();

    assertThat(running.toCompletableFuture().get(20, TimeUnit.SECONDS).value()).isEqualTo(1);
    assertThat(failure(late).code()).isEqualTo(ErrorCode.LEASE_OVER);
    assertThat(failure(late)).hasMessage("the lease " + lease.id() + " expired");
    assertThat(next.instrument("ECHO").call("echo", 3)).isEqualTo(3);
    assertThat(driver.seen).containsExactly(1, 3);
  }

  @Test
  void waitingEndsWithinItsLimit() {
    leases.take(echo(), ANNA);
    long begin = System.nanoTime();
    assertThatThrownBy(() -> leases.take(echo().waiting(Duration.ofMillis(50)), BERT))
        .hasMessageContaining("leased to anna for another 1 min; waited 1 s");
    assertThat(Duration.ofNanos(System.nanoTime() - begin))
        .isBetween(Duration.ofMillis(50), Duration.ofSeconds(10));
  }

  @Test
  void anInterruptEndsTheWaitingAndIsKept() throws Exception {
    leases.take(echo(), ANNA);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread waiter =
        new Thread(
            () -> {
              try {
                leases.take(echo().waiting(Duration.ofHours(1)), BERT);
              } catch (Refused e) {
                thrown.set(Thread.currentThread().isInterrupted() ? e : null);
              }
            });
    waiter.start();
    await(() -> leases.list().size() == 2);
    waiter.interrupt();
    waiter.join(PATIENCE / 1_000_000);
    assertThat(thrown.get()).hasMessageContaining("the waiting was interrupted");
    assertThat(leases.list()).hasSize(1);
  }

  @Test
  void aLeaseEndsWithTheProcessOfItsHolder() throws Exception {
    Process holder = new ProcessBuilder("sleep", "600").start();
    processes.add(holder);
    Lease lease = leases.take(echo().process(holder.pid()), ANNA);
    assertThat(lease.remaining()).isPositive();
    holder.destroyForcibly();
    holder.waitFor();
    long begin = System.nanoTime();
    leases.take(echo().waiting(Duration.ofSeconds(10)), BERT);
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));
    assertThatThrownBy(lease::renew).hasMessageEndingWith("ended with its holder");
    assertThatThrownBy(() -> leases.take(echo().process(holder.pid()), ANNA))
        .hasMessage("there is no process " + holder.pid() + " here");
  }

  @Test
  void aLeaseEndsWithTheConnectionItIsTiedTo() {
    CompletableFuture<Void> connection = new CompletableFuture<>();
    leases.take(echo(), ANNA).releaseWhen(connection);
    connection.completeExceptionally(new IOException("reset"));
    leases.take(echo(), BERT).close();
  }

  @Test
  void aSavedLeaseIsResumedAfterARestart() {
    Lease before = leases.take(echo().client("nb1").ttl(Duration.ofMinutes(10)), ANNA);
    restart();
    assertThatThrownBy(() -> guard.call("echo", 1)).hasMessageContaining("leased to anna");
    assertThatThrownBy(() -> guard.call(Call.of("echo", 1).by(ANNA).under(before.token())))
        .hasMessageContaining("taking it again as client nb1 resumes it");
    Lease again = leases.take(echo().client("nb1"), ANNA);
    assertThat(again.token().epoch()).isEqualTo(before.token().epoch() + 1);
    assertThat(again.instrument("ECHO").call("echo", 2)).isEqualTo(2);
    assertThat(driver.seen).containsExactly(2);
  }

  @Test
  void aCrashLosesWhatWasNotSavedAndNothingElse() throws Exception {
    leases.take(LeaseRequest.of("A").client("nb1"), ANNA);
    await(() -> Files.exists(folder.resolve("table")));
    Path kept = Files.copy(folder.resolve("table"), folder.resolve("kept"));
    Lease lost = leases.take(LeaseRequest.of("B").client("nb1"), ANNA);
    leases.close();
    Files.move(kept, folder.resolve("table"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    crash();
    leases.table().awaitOpened();
    assertThat(leases.list())
        .singleElement()
        .satisfies(lease -> assertThat(lease.resources()).containsExactly("A"));
    assertThatThrownBy(() -> leases.require(lost.token(), ANNA))
        .hasMessageEndingWith("is from before a restart and void");
  }

  @Test
  void theEpochIsOnTheDiskBeforeALeaseIsGiven() throws IOException {
    Lease lease = leases.take(echo(), ANNA);
    assertThat(Files.readString(folder.resolve("epoch"))).isEqualTo(lease.token().epoch() + "\n");
  }

  @Test
  void spoiledFilesAreNoReasonNotToStart() throws IOException {
    leases.take(echo().client("nb1"), ANNA);
    leases.close();
    Files.writeString(folder.resolve("table"), "consort-leases-1\t12\nxx\n");
    Files.writeString(folder.resolve("epoch"), "banana");
    crash();
    Lease lease = leases.take(echo(), BERT);
    assertThat(lease.token().epoch()).isGreaterThan(1_000_000_000L);
    assertThat(lease.instrument("ECHO").call("echo", 1)).isEqualTo(1);
  }

  @Test
  void withoutADiskThereAreNoLeasesButInstruments() throws IOException {
    leases.close();
    Path file = Files.createFile(folder.resolve("file"));
    leases =
        new DefaultLeases(
            world.threads, file, name -> guard, "", name -> null, (news, grant, at, left) -> {});
    world.permits = leases.table();
    assertThatThrownBy(() -> leases.take(echo(), ANNA))
        .isInstanceOf(Refused.class)
        .hasMessageStartingWith("no lease can be given: data/leases cannot be written");
    assertThat(guard.call("echo", 1)).isEqualTo(1);
  }

  private static final class Supply implements DcPowerSupply {
    private volatile double voltage;

    @Override
    public double getVoltage() {
      return voltage;
    }

    @Override
    public void setVoltage(double to) {
      voltage = to;
    }

    @Override
    public double getCurrentLimit() {
      return 1;
    }

    @Override
    public void setCurrentLimit(double current) {}

    @Override
    public boolean isOutputEnabled() {
      return true;
    }

    @Override
    public void setOutputEnabled(boolean enabled) {}

    @Override
    public double measureVoltage() {
      return voltage;
    }

    @Override
    public double measureCurrent() {
      return 0;
    }
  }

  @Test
  void theExampleOfTheDocuments() {
    Supply supply = new Supply();
    guard.close();
    InstrumentSpec spec = InstrumentSpec.of("PSU1", "supply", Connection.NONE);
    guard = new Guard(spec, world);
    DriverFactory factory = setup -> supply;
    guard.want(
        new Plan(
            Plan.Goal.RUN,
            spec,
            new DriverSource("supply", Version.emptyVersion, "supply.bundle", 1, () -> factory),
            null));
    await(() -> guard.status().state() == State.READY);

    try (Lease lease = leases.take(LeaseRequest.of("DMM1", "PSU1").ttl(Duration.ofMinutes(10)))) {
      lease.instrument("PSU1", DcPowerSupply.class).setVoltage(3.3);
      lease.renew();
    }

    assertThat(supply.voltage).isEqualTo(3.3);
    assertThat(leases.list()).isEmpty();
  }
}
