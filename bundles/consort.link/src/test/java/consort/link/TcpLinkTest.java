// SPDX-License-Identifier: Apache-2.0
package consort.link;

import static consort.link.LinkAssertions.thrownBy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import consort.api.Deadline;
import consort.api.ErrorCode;
import consort.api.Garbled;
import consort.api.InstrumentException;
import consort.api.Refused;
import consort.api.TimedOut;
import consort.api.Unreachable;
import consort.api.driver.Connection;
import consort.api.link.Link;
import consort.api.link.LinkSession;
import consort.api.link.LinkSettings;
import consort.api.link.TraceEntry;
import consort.api.link.TraceEntry.Direction;
import consort.testkit.ScpiSimulator;
import consort.testkit.ScpiSimulator.Mood;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class TcpLinkTest {

  private final ScpiSimulator simulator = new ScpiSimulator().setting("VOLT", "0");
  private final VisaLinks links = new VisaLinks(Duration.ofSeconds(10), Duration.ofMillis(20));
  private final LinkedBlockingQueue<String> lost = new LinkedBlockingQueue<>();
  private final LinkSession session = links.session("DMM1", lost::add);

  @AfterEach
  void end() {
    Deadline.set(null);
    session.close();
    links.close();
    simulator.close();
  }

  private Link open() {
    return open(Map.of());
  }

  private Link open(Map<String, Object> settings) {
    return open(session, settings);
  }

  private Link open(LinkSession by, Map<String, Object> settings) {
    return by.open(new Connection("VISA", simulator.resource(), settings), LinkSettings.text("\n"));
  }

  private static void within(long millis) {
    Deadline.set(Deadline.after(Duration.ofMillis(millis)));
  }

  @Test
  void asksAndTells() {
    Link link = open();

    link.tell("VOLT %.2f", 3.3);

    assertThat(link.ask("VOLT?")).isEqualTo("3.30");
    assertThat(link.askDouble("VOLT?")).isEqualTo(3.3);
    assertThat(link.askBoolean("*OPC?")).isTrue();
    assertThat(link.askLong("*OPC?")).isEqualTo(1);
    assertThat(simulator.connections()).isEqualTo(1);
  }

  @Test
  void opensNothingBeforeItsFirstUse() {
    simulator.refusing(true);
    Link link = open();
    simulator.refusing(false);

    assertThat(link.ask("*OPC?")).isEqualTo("1");
  }

  @Test
  void readsAnswersThatComeInPieces() {
    simulator.mood(Mood.IN_PIECES).answer("LONG?", "0123456789".repeat(2000));

    assertThat(open().ask("LONG?")).hasSize(20_000).endsWith("789");
  }

  @Test
  void takesTheTerminationOfTheConnection() {
    simulator.terminator("\r\n");

    assertThat(open(Map.of("termination", "\r\n")).ask("*OPC?")).isEqualTo("1");
  }

  @Test
  void refusesALineWithALineEndInIt() {
    Link link = open();

    assertThatExceptionOfType(Refused.class)
        .isThrownBy(() -> link.tell("DISP:TEXT \"a\nOUTP ON\""))
        .withMessageContaining("contains the end of a line");
    assertThatExceptionOfType(Refused.class)
        .isThrownBy(() -> link.tell("DISP:TEXT \"€\""))
        .withMessageContaining("cannot be written in ISO-8859-1");
    assertThat(simulator.received()).isEmpty();
  }

  @Test
  void saysThatAnAnswerIsNotANumber() {
    simulator.answer("MEAS:VOLT?", "banana");

    Garbled error = thrownBy(Garbled.class, () -> open().askDouble("MEAS:VOLT?"));

    assertThat(error).hasMessage("\"banana\" in answer to \"MEAS:VOLT?\" is not a number");
    assertThat(error.origin().link()).isEqualTo(simulator.resource());
    assertThat(error.origin().sent()).isEqualTo("MEAS:VOLT?");
    assertThat(error.origin().received()).isEqualTo("banana");
  }

  @Test
  void readsBlocks() {
    simulator
        .answer("CURV?", "#15he\nlo")
        .answer("ANY?", "#0he\nlo")
        .answer("EMPTY?", "#10")
        .answer("NONE?", "1.0")
        .answer("HUGE?", "#9999999999")
        .answer("LATE?", "#12abc");
    Link link = open();

    assertThat(link.askBlock("CURV?")).isEqualTo("he\nlo".getBytes(StandardCharsets.US_ASCII));
    assertThat(link.askBlock("ANY?")).isEqualTo("he\nlo".getBytes(StandardCharsets.US_ASCII));
    assertThat(link.askBlock("EMPTY?")).isEmpty();
    assertThat(thrownBy(Garbled.class, () -> link.askBlock("NONE?")))
        .hasMessageContaining("\"1.0\\n\" in answer to \"NONE?\" begins no block");
    assertThat(thrownBy(Garbled.class, () -> link.askBlock("LATE?")))
        .hasMessageContaining("after a block of 2 bytes is not its end");
    assertThat(thrownBy(Garbled.class, () -> link.askBlock("HUGE?")).code())
        .isEqualTo(ErrorCode.TOO_LONG);
    assertThat(link.ask("*OPC?")).isEqualTo("1");
  }

  @Test
  void readsLargeBlocks() {
    String content = "\0ÿ\n0123456789abc".repeat(100_000);
    simulator.answer("CURV?", "#7" + content.length() + content);

    assertThat(open().askBlock("CURV?")).isEqualTo(content.getBytes(StandardCharsets.ISO_8859_1));
  }

  @Test
  void endsAnAnswerThatIsLongerThanTheLimit() {
    simulator.mood(Mood.ENDLESS);
    Link link =
        session.open(
            Connection.visa(simulator.resource()), LinkSettings.text("\n").longestReply(100_000));

    Garbled error = thrownBy(Garbled.class, () -> link.ask("*IDN?"));

    assertThat(error.code()).isEqualTo(ErrorCode.TOO_LONG);
    assertThat(error).hasMessageContaining("is longer than 100000 bytes");
  }

  @Test
  void timesOutAtTheDeadlineOfTheCall() {
    Link link = open();
    link.tell("*CLS");
    within(80);
    long start = System.nanoTime();

    // The simulator does not know this question.
    TimedOut error = thrownBy(TimedOut.class, () -> link.ask("MEAS:VOLT?"));

    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isBetween(Duration.ofMillis(75), Duration.ofMillis(1000));
    assertThat(error.getMessage())
        .startsWith("no answer to \"MEAS:VOLT?\" on " + simulator.resource() + " within ")
        .endsWith(" ms");
    assertThat(error.origin().sent()).isEqualTo("MEAS:VOLT?");
    assertThat(error.origin().instrument()).isEqualTo("DMM1");
  }

  @Test
  void timesOutAfterItsOwnLimitWithoutACall() {
    simulator.mood(Mood.HALF);
    Link link = open(Map.of("timeout", 200));
    link.tell("*CLS");

    TimedOut error = thrownBy(TimedOut.class, () -> link.ask("*IDN?"));

    assertThat(error).hasMessageEndingWith("within 200 ms");
    assertThat(error.origin().received()).isEqualTo("Consort,Simu");
  }

  @Test
  void neverGivesALateAnswerToAnotherQuestion() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    simulator
        .answer("ECHO", line -> line.substring(5))
        .late(() -> Duration.ofNanos(random.nextInt(4_000_000)));
    Link link = open();
    link.tell("*CLS");
    int answered = 0;
    List<String> wrong = new ArrayList<>();

    for (int i = 0; i < 1000; i++) {
      Deadline.set(Deadline.after(Duration.ofNanos(500_000 + random.nextInt(4_000_000))));
      try {
        String answer = link.ask("ECHO " + i);
        answered++;
        if (!answer.equals(String.valueOf(i))) {
          wrong.add(i + " was answered with " + answer);
        }
      } catch (TimedOut | Unreachable e) {
        assertThat(e.getMessage()).isNotEmpty();
      }
    }

    assertThat(wrong).as("seed " + seed).isEmpty();
    assertThat(answered).isBetween(50, 990);
  }

  @Test
  void dropsWhatNobodyAskedFor() {
    simulator.answer("TWICE?", "1\n2");
    Link link = open();
    assertThat(link.ask("TWICE?")).isEqualTo("1");

    assertThat(link.ask("*OPC?")).isEqualTo("1");

    assertThat(links.trace("DMM1"))
        .anySatisfy(entry -> assertThat(entry.text()).contains("nobody had asked"));
  }

  @Test
  void saysThatAConnectionIsRefused() {
    simulator.refusing(true);

    Unreachable error = thrownBy(Unreachable.class, () -> open().ask("*IDN?"));

    assertThat(error.code()).isEqualTo(ErrorCode.NO_LINK);
    assertThat(error).hasMessage(simulator.resource() + ": connection refused");
  }

  @Test
  void saysThatAHostIsUnknown() {
    Link link =
        session.open(
            Connection.visa("TCPIP::no-such-host.invalid::5025::SOCKET"), LinkSettings.text("\n"));

    assertThat(thrownBy(Unreachable.class, () -> link.ask("*IDN?")))
        .hasMessageContaining("no host is known by the name \"no-such-host.invalid\"");
  }

  @Test
  void isUnreachableWhenThePeerHangsUpInsteadOfAnswering() {
    simulator.mood(Mood.HANGING_UP);
    Link link = open();

    assertThat(thrownBy(Unreachable.class, () -> link.ask("*IDN?")))
        .hasMessage(simulator.resource() + ": closed by the other side");

    simulator.mood(Mood.WELL);
    assertThat(link.ask("*OPC?")).isEqualTo("1");
  }

  @Test
  void opensAnewWhenThePeerHasHungUpBeforeAnythingWasSent() {
    VisaLinks unwatched = new VisaLinks(Duration.ofSeconds(10), Duration.ofHours(1));
    LinkSession own = unwatched.session("DMM1", lost::add);
    Link link = open(own, Map.of());
    link.ask("*OPC?");
    simulator.hangUp();

    assertThat(link.ask("*OPC?")).isEqualTo("1");
    assertThat(simulator.connections()).isEqualTo(2);
    assertThat(simulator.received()).containsExactly("*OPC?", "*OPC?");
    unwatched.close();
  }

  @Test
  void tellsThatAnIdlePeerHasHungUp() throws InterruptedException {
    Link link = open();
    link.ask("*OPC?");

    simulator.hangUp();

    assertThat(lost.poll(5, TimeUnit.SECONDS))
        .isEqualTo(simulator.resource() + ": closed by the other side");
    assertThat(link.ask("*OPC?")).isEqualTo("1");
  }

  @Test
  void cancelEndsAReadAtOnceAndResynchroniseMakesItUsableAgain() {
    simulator.mood(Mood.SILENT);
    Link link = open();
    CompletableFuture<InstrumentException> result = failing(() -> link.ask("*IDN?"));
    await().until(() -> simulator.received().contains("*IDN?"));

    session.cancel();

    assertThat(result.join()).isInstanceOf(TimedOut.class);
    assertThatExceptionOfType(TimedOut.class).isThrownBy(() -> link.ask("*OPC?"));
    simulator.mood(Mood.WELL);
    session.resynchronise();
    assertThat(link.ask("*OPC?")).isEqualTo("1");
    assertThat(simulator.received()).containsExactly("*IDN?", "*OPC?");
  }

  @Test
  void anUrgentThreadUsesALinkThatWasCancelledAndGetsNoLateAnswer() {
    AtomicBoolean first = new AtomicBoolean(true);
    simulator.late(() -> first.getAndSet(false) ? Duration.ofMillis(500) : Duration.ZERO);
    Link link = open();
    CompletableFuture<InstrumentException> result = failing(() -> link.ask("*IDN?"));
    await().until(() -> simulator.received().contains("*IDN?"));
    session.cancel();
    assertThat(result.join()).isInstanceOf(TimedOut.class);
    assertThatExceptionOfType(TimedOut.class).isThrownBy(() -> link.ask("*OPC?"));

    session.setUrgent(true);
    assertThat(link.ask("*OPC?")).isEqualTo("1");
    session.setUrgent(false);

    assertThatExceptionOfType(TimedOut.class).isThrownBy(() -> link.ask("*OPC?"));
    session.resynchronise();
    assertThat(link.ask("*OPC?")).isEqualTo("1");
    assertThat(simulator.connections()).as("opened anew once").isEqualTo(2);
  }

  @Test
  void resynchroniseSaysWhenTheChannelCannotBeOpenedAgain() {
    Link link = open();
    link.tell("*CLS");
    simulator.mood(Mood.SILENT);
    within(20);
    assertThatExceptionOfType(TimedOut.class).isThrownBy(() -> link.ask("*IDN?"));
    simulator.refusing(true);
    Deadline.set(null);

    assertThatExceptionOfType(Unreachable.class).isThrownBy(session::resynchronise);

    simulator.mood(Mood.WELL).refusing(false);
    session.reset();
    assertThat(link.ask("*OPC?")).isEqualTo("1");
  }

  @Test
  void anAnswerNobodyReadBeforeTheCancelReachesNoOtherQuestion() {
    simulator.late(() -> Duration.ofMillis(30));
    Link link = open();
    link.tell("*IDN?");

    session.cancel();
    session.resynchronise();

    assertThat(link.ask("*OPC?")).isEqualTo("1");
    assertThat(simulator.connections()).isEqualTo(2);
  }

  @Test
  void anInterruptEndsNothingAndIsKept() {
    simulator.slow(() -> Duration.ofMillis(50));
    Link link = open();
    Thread.currentThread().interrupt();

    String answer = link.ask("*OPC?");

    assertThat(Thread.interrupted()).isTrue();
    assertThat(answer).isEqualTo("1");
    assertThat(simulator.connections()).isEqualTo(1);
  }

  @Test
  void closingTheSessionEndsItsOperations() {
    simulator.mood(Mood.SILENT);
    Link link = open();
    CompletableFuture<InstrumentException> result = failing(() -> link.ask("*IDN?"));
    await().until(() -> simulator.received().contains("*IDN?"));

    session.close();

    assertThat(result.join()).isInstanceOf(Unreachable.class);
    assertThatExceptionOfType(Unreachable.class).isThrownBy(() -> link.ask("*IDN?"));
  }

  @Test
  void theNextSessionGetsTheSameSocket() {
    open().ask("*OPC?");
    session.close();
    LinkSession next = links.session("DMM1", lost::add);

    assertThat(open(next, Map.of()).ask("*OPC?")).isEqualTo("1");

    assertThat(simulator.connections()).isEqualTo(1);
    next.close();
  }

  @Test
  void closesAChannelThatNobodyHasWantedForAWhile() {
    VisaLinks impatient = new VisaLinks(Duration.ofMillis(50), Duration.ofMillis(10));
    LinkSession first = impatient.session("DMM1", lost::add);
    open(first, Map.of()).ask("*OPC?");
    first.close();

    await()
        .untilAsserted(
            () ->
                assertThat(impatient.trace("DMM1"))
                    .anySatisfy(
                        entry -> assertThat(entry.text()).startsWith("closed, as it has no user")));
    LinkSession second = impatient.session("DMM1", lost::add);
    assertThat(open(second, Map.of()).ask("*OPC?")).isEqualTo("1");
    assertThat(simulator.connections()).isEqualTo(2);
    impatient.close();
  }

  @Test
  void severalInstrumentsShareAChannelOneTransactionAtATime() {
    simulator.answer("ECHO", line -> line.substring(5)).late(() -> Duration.ofMillis(1));
    List<CompletableFuture<Void>> users = new ArrayList<>();
    for (int user = 0; user < 4; user++) {
      Link link = open(links.session("D" + user, lost::add), Map.of());
      int number = user;
      users.add(
          CompletableFuture.runAsync(
              () -> {
                for (int i = 0; i < 50; i++) {
                  String question = number + "/" + i;
                  String answer =
                      link.together(
                          () -> {
                            link.tell("ECHO a" + question);
                            String first = link.readLine();
                            return first + link.ask("ECHO b" + question);
                          });
                  assertThat(answer).isEqualTo("a" + question + "b" + question);
                }
              },
              body -> new Thread(body, "user " + number).start()));
    }

    users.forEach(CompletableFuture::join);

    assertThat(simulator.connections()).isEqualTo(1);
  }

  @Test
  void waitingForASharedChannelEndsAtTheDeadlineAndSendsNothing() throws InterruptedException {
    simulator.mood(Mood.SILENT);
    Link busy = open();
    CompletableFuture<InstrumentException> other = failing(() -> busy.ask("*IDN?"));
    await().until(() -> simulator.received().contains("*IDN?"));
    LinkSession second = links.session("DMM2", lost::add);
    Link link = open(second, Map.of());
    within(50);

    assertThat(thrownBy(TimedOut.class, () -> link.ask("*OPC?")))
        .hasMessageContaining("was in use")
        .hasMessageEndingWith("nothing was sent");

    CompletableFuture<InstrumentException> waiting = failing(() -> link.ask("*OPC?"));
    second.cancel();
    assertThat(waiting.join()).isInstanceOf(TimedOut.class).hasMessageContaining("cancelled");
    assertThat(other).isNotDone();
    session.cancel();
    other.join();
    assertThat(simulator.received()).containsExactly("*IDN?");
  }

  @Test
  void sendsNothingAfterTheDeadline() {
    Link link = open();
    link.ask("*OPC?");
    Deadline.set(Deadline.at(System.nanoTime() - 1));

    assertThat(thrownBy(TimedOut.class, () -> link.tell("VOLT 5")))
        .hasMessageStartingWith("the deadline had passed before ")
        .hasMessageEndingWith("; nothing was sent");

    assertThat(simulator.received()).containsExactly("*OPC?");
  }

  @Test
  void anAnswerThatIsNotReadInATransactionThatFailsReachesNoOtherQuestion() {
    simulator.late(() -> Duration.ofMillis(20));
    Link link = open();

    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(
            () ->
                link.together(
                    () -> {
                      link.tell("*IDN?");
                      throw new IllegalStateException("the driver's mistake");
                    }));

    assertThat(link.ask("*OPC?")).isEqualTo("1");
    assertThat(simulator.connections()).isEqualTo(2);
  }

  @Test
  void aPeerThatHangsUpInTheMiddleOfATransactionIsUnreachable() {
    Link link = open();

    Unreachable error =
        thrownBy(
            Unreachable.class,
            () ->
                link.together(
                    () -> {
                      link.ask("*OPC?");
                      simulator.hangUp();
                      return link.ask("*OPC?");
                    }));

    assertThat(error).hasMessage(simulator.resource() + ": closed by the other side");
    assertThat(simulator.received()).containsExactly("*OPC?");
  }

  @Test
  void aHostThatHangsDelaysNoOther() throws IOException {
    // A listener whose queue is full answers no further attempt to connect, like a host that hangs.
    List<Socket> full = new ArrayList<>();
    try (ServerSocket hanging = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      fill(hanging, full);
      Link hung =
          links
              .session("HUNG", lost::add)
              .open(
                  Connection.visa("TCPIP::127.0.0.1::" + hanging.getLocalPort() + "::SOCKET"),
                  LinkSettings.text("\n"));
      CompletableFuture<InstrumentException> other =
          failing(
              () -> {
                within(500);
                return hung.ask("*IDN?");
              });

      assertThat(open().ask("*OPC?")).isEqualTo("1");

      assertThat(other.join()).isInstanceOf(Unreachable.class);
    } finally {
      for (Socket socket : full) {
        socket.close();
      }
    }
  }

  private static void fill(ServerSocket listener, List<Socket> sockets) throws IOException {
    try {
      while (sockets.size() < 20) {
        Socket socket = new Socket();
        sockets.add(socket);
        socket.connect(listener.getLocalSocketAddress(), 300);
      }
    } catch (SocketTimeoutException e) {
      // full
    }
  }

  @Test
  void tracesBytesBothWaysPerInstrument() {
    simulator.answer("BIN?", "a\u0001\u00e9");
    open().ask("BIN?");

    assertThat(links.trace("DMM1"))
        .extracting(TraceEntry::direction, TraceEntry::text, TraceEntry::size)
        .containsExactly(
            tuple(Direction.EVENT, "opened", 0),
            tuple(Direction.SENT, "BIN?\\n", 5),
            tuple(Direction.RECEIVED, "a\\x01\\xe9\\n", 4));
    assertThat(links.trace("OTHER")).isEmpty();
  }

  @Test
  void theTraceIsBounded() {
    Link link = open();
    simulator.answer("LONG?", "x".repeat(2000));
    for (int i = 0; i < 600; i++) {
      link.ask("LONG?");
    }

    assertThat(links.trace("DMM1")).hasSize(TraceRing.ENTRIES);
    assertThat(links.trace("DMM1").get(TraceRing.ENTRIES - 1))
        .satisfies(last -> assertThat(last.text()).hasSize(TraceRing.SHOWN + 1).endsWith("…"))
        .satisfies(last -> assertThat(last.size()).isEqualTo(2001));
  }

  private static CompletableFuture<InstrumentException> failing(Supplier<String> operation) {
    CompletableFuture<InstrumentException> result = new CompletableFuture<>();
    new Thread(
            () -> {
              try {
                result.completeExceptionally(new AssertionError(operation.get()));
              } catch (InstrumentException e) {
                result.complete(e);
              }
            },
            "driver")
        .start();
    return result;
  }
}
