// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.LeaseToken;
import consort.api.Refused;
import consort.api.Role;
import consort.api.Unreachable;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.Lease;
import consort.api.coordinator.LeaseRequest;
import consort.api.coordinator.LeaseStatus;
import consort.api.driver.Connection;
import consort.api.mesh.Imported;
import consort.api.mesh.Owner;
import consort.api.mesh.RemoteLease;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Leases on instruments of several nodes, each with a table of its own. */
@Timeout(60)
class JointLeaseTest {

  private static final Caller ANNA = new Caller("anna", Role.OPERATOR, "test");
  private static final Caller BERT = new Caller("bert", Role.OPERATOR, "test");

  private final TestWorld world = new TestWorld();
  private final Bench a = new Bench("a");
  private final Bench b = new Bench("b");
  private final Bench c = new Bench("c");

  JointLeaseTest() {
    for (Bench bench : List.of(a, b, c)) {
      for (Bench other : List.of(a, b, c)) {
        if (other != bench) {
          bench.abroad.put("DMM_" + other.name, other.seenBy(bench));
        }
      }
    }
  }

  @AfterEach
  void end() {
    List.of(a, b, c).forEach(bench -> bench.leases.close());
    world.threads.close();
  }

  /** A node, as far as leases are concerned. */
  private final class Bench {
    final String name;
    final Map<String, Imported> abroad = new ConcurrentHashMap<>();
    final DefaultLeases leases;
    volatile boolean answers = true;
    final AtomicInteger asked = new AtomicInteger();

    Bench(String name) {
      this.name = name;
      leases =
          new DefaultLeases(
              world.threads, null, n -> null, name, abroad::get, (news, grant, at, left) -> {});
    }

    /** Its one instrument, DMM, as another node sees it. */
    Imported seenBy(Bench user) {
      CompletableFuture<Void> connection = new CompletableFuture<>();
      Owner owner =
          new Owner() {
            @Override
            public String node() {
              return name;
            }

            @Override
            public CompletionStage<RemoteLease> lease(LeaseRequest request, Caller holder) {
              asked.incrementAndGet();
              if (!answers) {
                return CompletableFuture.failedFuture(
                    new Unreachable(ErrorCode.NO_LINK, "node " + name + " does not answer"));
              }
              Caller there =
                  new Caller(holder.name() + "@" + user.name, holder.role(), "consort.tcp");
              CompletableFuture<Lease> answer =
                  leases.request(request, there).toCompletableFuture();
              CompletableFuture<RemoteLease> given = new CompletableFuture<>();
              given.whenComplete((lease, failure) -> answer.cancel(false));
              answer.whenComplete(
                  (lease, failure) -> {
                    if (failure != null) {
                      given.completeExceptionally(failure);
                    } else if (!given.complete(new Part(this, lease))) {
                      lease.close();
                    }
                  });
              return given;
            }
          };
      return new Away(
          new Guard(InstrumentSpec.of("DMM", "dmm", Connection.NONE), world), owner, world.threads);
    }

    List<String> held() {
      return leases.list().stream()
          .filter(lease -> lease.state() == LeaseStatus.State.HELD)
          .map(lease -> lease.resources() + " " + lease.owner())
          .toList();
    }
  }

  private record Part(Owner owner, Lease lease) implements RemoteLease {
    @Override
    public LeaseToken token() {
      return lease.token();
    }

    @Override
    public void bind(LeaseToken here) {}

    @Override
    public CompletionStage<Void> renew(Duration ttl) {
      try {
        lease.renew(ttl);
        return CompletableFuture.completedFuture(null);
      } catch (Refused e) {
        return CompletableFuture.failedFuture(e);
      }
    }

    @Override
    public CompletionStage<String> ended() {
      return lease.ended();
    }

    @Override
    public void release() {
      lease.close();
    }
  }

  private static void await(BooleanSupplier condition) {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(until);
      LockSupport.parkNanos(1_000_000);
    }
  }

  @Test
  void eachNodeGivesItsPartUnderTheNamesItHasThere() {
    try (Lease lease = b.leases.take(LeaseRequest.of("DMM", "DMM_a/port0", "DMM_c"), ANNA)) {
      assertThat(lease.resources()).containsExactly("DMM", "DMM_a/port0", "DMM_c");
      assertThat(a.held()).containsExactly("[DMM/port0] anna@b");
      assertThat(b.held()).containsExactly("[DMM, DMM_a/port0, DMM_c] anna");
      assertThat(c.held()).containsExactly("[DMM] anna@b");
      assertThatThrownBy(() -> a.leases.take(LeaseRequest.of("DMM"), BERT))
          .isInstanceOf(Refused.class)
          .hasMessageContaining("leased to anna@b");
    }
    await(() -> a.held().isEmpty() && c.held().isEmpty());
    assertThat(b.held()).isEmpty();
  }

  @Test
  void whatOneNodeRefusesLeavesNothingHeldAtTheOthers() {
    c.leases.take(LeaseRequest.of("DMM").purpose("calibration"), BERT);

    assertThatThrownBy(() -> b.leases.take(LeaseRequest.of("DMM", "DMM_a", "DMM_c"), ANNA))
        .isInstanceOf(Refused.class)
        .hasMessageContaining("DMM is leased to bert (calibration)");
    await(() -> a.held().isEmpty() && b.held().isEmpty());

    c.answers = false;
    assertThatThrownBy(() -> b.leases.take(LeaseRequest.of("DMM", "DMM_a", "DMM_c"), ANNA))
        .isInstanceOf(Unreachable.class)
        .hasMessage("node c does not answer");
    await(() -> a.held().isEmpty() && b.held().isEmpty());
  }

  @Test
  void whoMayNotWriteAsksNobody() {
    Caller observer = new Caller("eve", Role.OBSERVER, "test");
    assertThatThrownBy(() -> b.leases.take(LeaseRequest.of("DMM_a"), observer))
        .hasMessageContaining("needs the role OPERATOR");
    assertThat(a.asked).hasValue(0);
  }

  @Test
  void whenAPartIsOverTheWholeIsAndSaysWhy() throws Exception {
    Lease lease = b.leases.take(LeaseRequest.of("DMM", "DMM_a", "DMM_c"), ANNA);
    LeaseToken there = a.leases.list().get(0).token();
    a.leases.breakUp(there, Caller.SERVICE, "the cryostat is warming up");

    String how = lease.ended().toCompletableFuture().get(20, TimeUnit.SECONDS);
    assertThat(how)
        .isEqualTo("was lost: its part at node a was broken by local: the cryostat is warming up");
    assertThatThrownBy(lease::renew)
        .isInstanceOf(Refused.class)
        .hasMessage("the lease " + lease.id() + " " + how);
    await(() -> b.held().isEmpty() && c.held().isEmpty());
  }

  @Test
  void renewingRenewsAllParts() {
    Lease lease = b.leases.take(LeaseRequest.of("DMM", "DMM_a").ttl(Duration.ofSeconds(5)), ANNA);
    lease.renew(Duration.ofHours(1));

    assertThat(a.leases.list().get(0).remaining()).isGreaterThan(Duration.ofMinutes(59));
    assertThat(lease.remaining()).isGreaterThan(Duration.ofMinutes(59));
  }

  @Test
  void theSameClientResumesAllOfIt() {
    LeaseRequest request = LeaseRequest.of("DMM", "DMM_a").client("nb1");
    Lease lease = b.leases.take(request, ANNA);
    LeaseToken there = a.leases.list().get(0).token();
    Lease again = b.leases.take(request, ANNA);

    assertThat(again.token()).isEqualTo(lease.token());
    assertThat(a.leases.list()).singleElement().extracting(LeaseStatus::token).isEqualTo(there);
    again.close();
    await(() -> a.held().isEmpty());
  }

  @Test
  void anotherSetOfTheSameClientIsRefusedAndHarmsNothing() {
    Lease lease = b.leases.take(LeaseRequest.of("DMM", "DMM_a").client("nb1"), ANNA);

    assertThatThrownBy(() -> b.leases.take(LeaseRequest.of("DMM_a", "DMM_c").client("nb1"), ANNA))
        .isInstanceOf(Refused.class)
        .hasMessageContaining("leased to");
    assertThat(a.held()).containsExactly("[DMM] anna@b");
    assertThat(lease.remaining()).isPositive();
  }

  @Test
  void whatIsHeldAlreadyIsKeptAliveWhileTheRestIsWaitedFor() throws Exception {
    Lease other = c.leases.take(LeaseRequest.of("DMM"), BERT);
    CompletableFuture<Lease> waiting =
        CompletableFuture.supplyAsync(
            () ->
                b.leases.take(
                    LeaseRequest.of("DMM", "DMM_a", "DMM_c")
                        .ttl(Duration.ofSeconds(1))
                        .waiting(Duration.ofSeconds(30)),
                    ANNA),
            world.threads::run);
    await(() -> c.leases.list().size() == 2);
    LeaseToken first = a.leases.list().get(0).token();
    long begun = System.nanoTime();
    await(() -> System.nanoTime() - begun > Duration.ofMillis(2500).toNanos());

    assertThat(a.leases.list()).extracting(LeaseStatus::token).containsExactly(first);
    other.close();
    Lease lease = waiting.get(20, TimeUnit.SECONDS);
    assertThat(lease.remaining()).isPositive();
    assertThat(a.leases.list()).extracting(LeaseStatus::token).containsExactly(first);
  }

  @Test
  void twoNodesThatWantEachOthersInstrumentsAreServedOneAfterTheOther() throws Exception {
    List<CompletableFuture<Integer>> users = new ArrayList<>();
    for (Bench bench : List.of(a, b, c)) {
      for (int client = 0; client < 3; client++) {
        users.add(
            CompletableFuture.supplyAsync(
                () -> {
                  List<String> all = new ArrayList<>(bench.abroad.keySet());
                  all.add("DMM");
                  int count = 0;
                  for (int round = 0; round < 30; round++) {
                    LeaseRequest request =
                        LeaseRequest.of(round % 2 == 0 ? all : all.subList(round % 3, 3))
                            .waiting(Duration.ofSeconds(30));
                    try (Lease lease = bench.leases.take(request, ANNA)) {
                      count += lease.remaining().isZero() ? 0 : 1;
                    }
                  }
                  return count;
                },
                world.threads::run));
      }
    }
    for (CompletableFuture<Integer> user : users) {
      assertThat(user.get(50, TimeUnit.SECONDS)).isEqualTo(30);
    }
    await(() -> a.held().isEmpty() && b.held().isEmpty() && c.held().isEmpty());
  }

  @Test
  void whoDoesNotWaitAnyMoreIsForgotten() throws Exception {
    Lease other = a.leases.take(LeaseRequest.of("DMM"), BERT);
    Thread waiter =
        new Thread(
            () -> {
              try {
                b.leases.take(LeaseRequest.of("DMM_a").waiting(Duration.ofHours(1)), ANNA);
              } catch (Refused interrupted) {
                assertThat(interrupted).hasMessageContaining("interrupted");
              }
            });
    waiter.start();
    await(() -> a.leases.list().size() == 2);
    waiter.interrupt();
    waiter.join(20_000);
    await(() -> a.leases.list().size() == 1);
    other.close();
    assertThat(b.leases.list()).isEmpty();
  }

  @Test
  void aRequestThatIsNotWaitedForTellsItsOutcome() {
    Lease other = a.leases.take(LeaseRequest.of("DMM"), BERT);
    assertThat(a.leases.request(LeaseRequest.of("DMM"), ANNA).toCompletableFuture())
        .failsWithin(Duration.ofSeconds(20))
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withMessageContaining("DMM is leased to bert");
    var waiting =
        a.leases
            .request(LeaseRequest.of("DMM").waiting(Duration.ofMillis(50)), ANNA)
            .toCompletableFuture();
    assertThat(waiting)
        .failsWithin(Duration.ofSeconds(20))
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withMessageContaining("waited");
    var next =
        a.leases
            .request(LeaseRequest.of("DMM").waiting(Duration.ofHours(1)), ANNA)
            .toCompletableFuture();
    await(() -> a.leases.list().size() == 2);
    other.close();
    assertThat(next).succeedsWithin(Duration.ofSeconds(20));
    assertThat(other.ended().toCompletableFuture()).isCompletedWithValue("was released");
  }
}
