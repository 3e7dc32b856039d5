// SPDX-License-Identifier: Apache-2.0
package consort.link;

import static consort.link.LinkAssertions.thrownBy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import consort.api.Deadline;
import consort.api.ErrorCode;
import consort.api.InstrumentException;
import consort.api.Refused;
import consort.api.TimedOut;
import consort.api.Unreachable;
import consort.api.driver.Connection;
import consort.api.link.Link;
import consort.api.link.LinkSession;
import consort.api.link.LinkSettings;
import consort.testkit.ScpiSimulator;
import consort.testkit.ScpiSimulator.Mood;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class SerialLinkTest {

  @TempDir private Path folder;

  private final ScpiSimulator simulator = new ScpiSimulator().setting("VOLT", "0");
  private final VisaLinks links = new VisaLinks(Duration.ofSeconds(10), Duration.ofMillis(20));
  private final LinkedBlockingQueue<String> lost = new LinkedBlockingQueue<>();
  private final LinkSession session = links.session("PSU1", lost::add);
  private PortPair port;

  @BeforeAll
  static void needsSocat() {
    if (!PortPair.isPossible()) {
      System.out.println("serial tests skipped: socat is not installed");
      assertThat(System.getenv("CI")).as("socat is not installed; CI").isNotEqualTo("true");
      Assumptions.abort("socat is not installed");
    }
  }

  @BeforeEach
  void plugIn() {
    port = new PortPair(folder);
    port.plugIn();
    simulator.serve(port.in(), port.out());
  }

  @AfterEach
  void end() {
    Deadline.set(null);
    session.close();
    links.close();
    port.close();
    simulator.close();
  }

  private Link open(Map<String, Object> settings) {
    return open(session, settings);
  }

  private Link open(LinkSession by, Map<String, Object> settings) {
    return by.open(new Connection("VISA", port.resource(), settings), LinkSettings.text("\n"));
  }

  @Test
  void asksAndTells() {
    Link link = open(Map.of());

    link.tell("VOLT 3.3");

    assertThat(link.askDouble("VOLT?")).isEqualTo(3.3);
  }

  @Test
  void takesTheSettingsOfAPort() {
    Link link =
        open(
            Map.of(
                "baudrate",
                115200,
                "data_bits",
                8,
                "parity",
                "none",
                "stop_bits",
                2,
                "flow_control",
                "xon_xoff"));

    assertThat(link.ask("*OPC?")).isEqualTo("1");
    assertThat(stty()).contains("speed 115200 baud", "cstopb", "ixon", "-parenb");
  }

  private String stty() {
    try {
      Process process = new ProcessBuilder("stty", "-a", "-F", port.name().toString()).start();
      String output = new String(process.getInputStream().readAllBytes());
      process.waitFor();
      return output.replace(" -cstopb", " (one stop bit)").replace(" -ixon", " (no flow control)");
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  @Test
  void readsLongAnswers() {
    simulator.answer("LONG?", "0123456789".repeat(10_000));

    assertThat(open(Map.of()).ask("LONG?")).hasSize(100_000).endsWith("789");
  }

  @Test
  void timesOutAtTheDeadline() {
    Link link = open(Map.of());
    link.tell("*CLS");
    simulator.mood(Mood.SILENT);
    Deadline.set(Deadline.after(Duration.ofMillis(100)));

    assertThat(thrownBy(TimedOut.class, () -> link.ask("*IDN?")))
        .hasMessageStartingWith("no answer to \"*IDN?\" on " + port.resource() + " within ");
  }

  @Test
  void drainsAfterADeadlineSoThatALateAnswerReachesNoOtherQuestion() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    simulator
        .answer("ECHO", line -> line.substring(5))
        .late(() -> Duration.ofMillis(random.nextInt(20)));
    Link link = open(Map.of("quiet_time", 40));
    link.tell("*CLS");
    List<String> wrong = new ArrayList<>();
    int overdue = 0;

    for (int i = 0; i < 60; i++) {
      // The first question after a deadline also waits for silence.
      Deadline.set(Deadline.after(Duration.ofMillis(i % 2 == 0 ? 10 : 1000)));
      try {
        String answer = link.ask("ECHO " + i);
        if (!answer.equals(String.valueOf(i))) {
          wrong.add(i + " was answered with " + answer);
        }
      } catch (TimedOut e) {
        overdue++;
      }
    }

    assertThat(wrong).as("seed " + seed).isEmpty();
    assertThat(overdue).isBetween(1, 59);
  }

  @Test
  void waitsASecondInAllForAnAnswerThatNeverComes() {
    Link link = open(Map.of("timeout", 200));
    link.tell("*CLS");
    simulator.mood(Mood.SILENT);
    assertThatExceptionOfType(TimedOut.class).isThrownBy(() -> link.ask("*IDN?"));
    simulator.mood(Mood.WELL);
    long start = System.nanoTime();

    // Each of these is shorter than the wait; nothing is sent before it is over.
    await()
        .ignoreException(TimedOut.class)
        .until(() -> link.ask("*OPC?"), answer -> answer.equals("1"));

    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isBetween(Duration.ofMillis(800), Duration.ofSeconds(10));
    assertThat(simulator.received()).startsWith("*CLS", "*IDN?", "*OPC?");
  }

  @Test
  void aPortThatIsAbsentIsUnreachableUntilItIsPluggedIn() {
    port.unplug();
    Link link = open(Map.of());

    Unreachable error = thrownBy(Unreachable.class, () -> link.ask("*IDN?"));

    assertThat(error.code()).isEqualTo(ErrorCode.NO_LINK);
    assertThat(error).hasMessage(port.resource() + ": there is no port " + port.name());
    replug();
    assertThat(link.ask("*OPC?")).isEqualTo("1");
  }

  @Test
  void isUnreachableWhenUnpluggedInMidReadAndWorksWhenPluggedInAgain() {
    simulator.mood(Mood.HALF);
    Link link = open(Map.of());
    CompletableFuture<InstrumentException> result = failing(() -> link.ask("*IDN?"));
    await().until(() -> simulator.received().contains("*IDN?"));

    port.unplug();

    assertThat(result.join())
        .isInstanceOf(Unreachable.class)
        .hasMessage(port.resource() + ": the port " + port.name() + " went away");
    simulator.mood(Mood.WELL);
    replug();
    assertThat(link.ask("*OPC?")).isEqualTo("1");
    assertThat(lost).isEmpty();
  }

  @Test
  void tellsThatAnIdlePortWasUnplugged() throws InterruptedException {
    Link link = open(Map.of());
    link.ask("*OPC?");

    port.unplug();

    assertThat(lost.poll(5, TimeUnit.SECONDS))
        .isEqualTo(port.resource() + ": the port " + port.name() + " went away");
    assertThatExceptionOfType(Unreachable.class).isThrownBy(() -> link.ask("*OPC?"));
    replug();
    session.reset();
    assertThat(link.ask("*OPC?")).isEqualTo("1");
  }

  @Test
  void cancelEndsAReadAtOnce() {
    simulator.mood(Mood.SILENT);
    Link link = open(Map.of());
    CompletableFuture<InstrumentException> result = failing(() -> link.ask("*IDN?"));
    await().until(() -> simulator.received().contains("*IDN?"));

    session.cancel();

    assertThat(result.join()).isInstanceOf(TimedOut.class);
    simulator.mood(Mood.WELL);
    session.resynchronise();
    assertThat(link.ask("*OPC?")).isEqualTo("1");
  }

  @Test
  void aWriteThatThePortDoesNotTakeEndsAtTheDeadline() {
    port.unplug();
    PortPair deaf = new PortPair(folder);
    deaf.plugIn();
    Link link = open(Map.of());
    // Nobody reads the other end: at some point no more fits in between.
    link.tell("*CLS");
    byte[] much = new byte[1 << 22];
    Deadline.set(Deadline.after(Duration.ofMillis(300)));

    assertThatExceptionOfType(TimedOut.class).isThrownBy(() -> link.write(much));

    deaf.unplug();
    replug();
    Deadline.set(null);
    assertThat(link.ask("*OPC?")).isEqualTo("1");
  }

  @Test
  void severalInstrumentsShareAPortWithTheSameSettingsOnly() {
    assertThat(open(Map.of("baudrate", 19200)).ask("*OPC?")).isEqualTo("1");
    LinkSession other = links.session("PSU2", lost::add);

    assertThat(open(other, Map.of("baudrate", 19200)).ask("*OPC?")).isEqualTo("1");
    assertThatExceptionOfType(Refused.class)
        .isThrownBy(() -> open(other, Map.of("baudrate", 9600)))
        .withMessageStartingWith(
            port.resource() + " is in use by PSU1 with other settings: baudrate 19200");

    session.close();
    other.close();
    LinkSession next = links.session("PSU1", lost::add);
    assertThat(open(next, Map.of("baudrate", 9600)).ask("*OPC?")).isEqualTo("1");
    assertThat(stty()).contains("speed 9600 baud");
    next.close();
  }

  private void replug() {
    port.plugIn();
    simulator.serve(port.in(), port.out());
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
