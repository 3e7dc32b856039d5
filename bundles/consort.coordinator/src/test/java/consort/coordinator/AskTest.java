// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.Call;
import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.InstrumentException;
import consort.api.Result;
import consort.api.Role;
import consort.api.State;
import consort.api.TimedOut;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.Lease;
import consort.api.coordinator.LeaseRequest;
import consort.api.driver.Connection;
import consort.api.link.Link;
import consort.api.link.LinkSettings;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Raw text to the link of an instrument. */
@Timeout(60)
class AskTest {

  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final TestWorld world = new TestWorld();
  private final EchoDriver driver = new EchoDriver();
  private final Guard guard = new Guard(InstrumentSpec.of("PSU1", "echo", Connection.NONE), world);
  private final List<String> done = new CopyOnWriteArrayList<>();
  private volatile Function<String, String> answers = line -> "answer to " + line;

  @AfterEach
  void end() {
    guard.close();
    world.threads.close();
  }

  private Link link(LinkSettings settings) {
    return (Link)
        Proxy.newProxyInstance(
            Link.class.getClassLoader(),
            new Class<?>[] {Link.class},
            (proxy, method, arguments) -> {
              String what = method.getName() + (arguments == null ? "" : " " + arguments[0]);
              done.add(what + (settings.writeTerminator().equals("\r") ? "" : " wrongly"));
              return method.getName().equals("ask") ? answers.apply((String) arguments[0]) : null;
            });
  }

  private void ready(boolean linked) {
    if (linked) {
      world.links.onOpen = this::link;
      driver.onConnect = () -> driver.instances.getLast().setup.textLink("\r");
    }
    InstrumentSpec spec = InstrumentSpec.of("PSU1", "echo", Connection.visa("X"));
    guard.want(new Plan(Plan.Goal.RUN, spec, driver.source("1.0"), null));
    assertThat(guard.await(() -> guard.status().state() == State.READY, LIMIT.toNanos())).isTrue();
  }

  private static Object result(CompletionStage<Result> asked) throws Exception {
    return asked.toCompletableFuture().get(20, TimeUnit.SECONDS).value();
  }

  private static InstrumentException failure(CompletionStage<Result> asked) throws Exception {
    try {
      throw new AssertionError("it gave " + result(asked));
    } catch (ExecutionException e) {
      return (InstrumentException) e.getCause();
    }
  }

  @Test
  void talksAsTheDriverDoesAndGivesTheLinkBack() throws Exception {
    ready(true);
    assertThat(result(guard.ask("*IDN?", true, LIMIT, Caller.SERVICE, null)))
        .isEqualTo("answer to *IDN?");
    assertThat(result(guard.ask("OUTP OFF", false, LIMIT, Caller.SERVICE, null))).isEqualTo("");
    assertThat(done).containsExactly("ask *IDN?", "close", "tell OUTP OFF", "close");
  }

  @Test
  void isRefusedWhereTheDriverUsesNoLink() throws Exception {
    ready(false);
    InstrumentException refused = failure(guard.ask("*IDN?", true, LIMIT, Caller.SERVICE, null));
    assertThat(refused.code()).isEqualTo(ErrorCode.NOT_SUPPORTED);
    assertThat(refused).hasMessage("PSU1 has no link: its driver opened none");
    assertThat(refused.origin().command()).isEqualTo("ask");
  }

  @Test
  void waitsForItsTurn() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    driver.onEcho =
        n -> {
          try {
            release.await(20, TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          done.add("echo");
          return n;
        };
    ready(true);
    guard.send(Call.of("echo", 1).within(LIMIT));
    CompletionStage<Result> asked = guard.ask("*IDN?", true, LIMIT, Caller.SERVICE, null);
    release.countDown();
    result(asked);
    assertThat(done).containsExactly("echo", "ask *IDN?", "close");
  }

  @Test
  void anAnswerThatDoesNotComeMakesTheLinkSafeForTheNextQuestion() throws Exception {
    answers =
        line -> {
          throw new TimedOut("no answer");
        };
    ready(true);
    assertThat(failure(guard.ask("*IDN?", true, LIMIT, Caller.SERVICE, null)))
        .isInstanceOf(TimedOut.class);
    assertThat(guard.call("echo", 5)).isEqualTo(5);
    assertThat(world.links.last().resynchronised).isEqualTo(1);
  }

  @Test
  void isAWriteThatTheLeaseOfAnotherRefusesAndOnesOwnLetsThrough() throws Exception {
    ready(true);
    try (DefaultLeases leases =
        new DefaultLeases(
            world.threads, null, name -> guard, "", name -> null, (news, grant, at, left) -> {})) {
      world.permits = leases.table();
      Caller root = new Caller("root", Role.ADMINISTRATOR, "test");
      Lease anna = leases.take(LeaseRequest.of("PSU1"), new Caller("anna", Role.OPERATOR, "test"));
      InstrumentException refused = failure(guard.ask("*IDN?", true, LIMIT, root, null));
      assertThat(refused.code()).isEqualTo(ErrorCode.LEASED);
      assertThat(refused).hasMessage("PSU1 is leased to anna for another 1 min");
      anna.close();
      assertThat(done).isEmpty();

      Lease own = leases.take(LeaseRequest.of("PSU1"), root);
      assertThat(failure(guard.ask("*IDN?", true, LIMIT, root, null)).code())
          .isEqualTo(ErrorCode.LEASED);
      assertThat(result(guard.ask("*IDN?", true, LIMIT, root, own.token())))
          .isEqualTo("answer to *IDN?");
      own.close();
      assertThat(failure(guard.ask("*IDN?", true, LIMIT, root, own.token())).code())
          .isEqualTo(ErrorCode.LEASE_OVER);
    }
    assertThat(done).containsExactly("ask *IDN?", "close");
  }
}
