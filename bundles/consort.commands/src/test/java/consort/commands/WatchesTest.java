// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Reason;
import consort.api.State;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.osgi.service.event.Event;

@Timeout(30)
class WatchesTest {

  private final Watches watches = new Watches();
  private final Watch all = watches.open("", FakeNode.OBSERVER);

  private static Event event(String topic, Object... properties) {
    return new Event(topic, Plain.map(properties));
  }

  private static Map<String, Object> now(Watch watch) throws InterruptedException {
    return watch.next(Duration.ZERO);
  }

  @Test
  void tellsTheTopicAndThePropertiesAsPlainValues() throws InterruptedException {
    watches.handleEvent(
        event(
            "consort/lease/TAKEN",
            "instruments",
            new String[] {"A", "B"},
            "left",
            Duration.ofSeconds(5),
            "timestamp",
            7L));

    assertThat(now(all))
        .isEqualTo(
            Map.of(
                "topic",
                "consort/lease/TAKEN",
                "instruments",
                List.of("A", "B"),
                "left",
                "PT5S",
                "timestamp",
                7L));
    assertThat(now(all)).isNull();
  }

  @Test
  void oneInstrumentsWatchTellsWhatConcernsIt() throws InterruptedException {
    Watch one = watches.open("A", FakeNode.OBSERVER);
    watches.handleEvent(event("consort/instrument/READY", "instrument", "B"));
    watches.handleEvent(event("consort/instrument/READY", "instrument", "A"));
    watches.handleEvent(event("consort/lease/TAKEN", "instruments", List.of("B", "A")));
    watches.handleEvent(event("consort/other/THING"));

    assertThat(now(one)).containsEntry("instrument", "A");
    assertThat(now(one)).containsEntry("topic", "consort/lease/TAKEN");
    assertThat(now(one)).isNull();
  }

  @Test
  void aSlowWatchLosesTheOldestAndIsToldHowMany() throws InterruptedException {
    for (int i = 0; i < Watches.QUEUE + 3; i++) {
      watches.handleEvent(event("consort/t/T", "number", i));
    }

    assertThat(now(all))
        .containsEntry("topic", "consort/watch/DROPPED")
        .containsEntry("dropped", 3L);
    assertThat(now(all)).containsEntry("number", 3);
  }

  @Test
  void closingEndsWhoeverWaits() throws InterruptedException {
    CountDownLatch ended = new CountDownLatch(1);
    Thread waiting =
        new Thread(
            () -> {
              try {
                if (all.next(Duration.ofHours(1)) == null && !all.isOpen()) {
                  ended.countDown();
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    waiting.start();
    watches.close();

    assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
    assertThatThrownBy(() -> watches.open("", FakeNode.OBSERVER))
        .hasMessage("the node is going down");
  }

  @Test
  void thereAreOnlySoManyAtOnce() {
    for (int i = 1; i < Watches.MOST; i++) {
      watches.open("", FakeNode.OBSERVER);
    }
    assertThatThrownBy(() -> watches.open("", FakeNode.OBSERVER))
        .hasMessage("32 watches are open already; guest gets no further one");
    all.close();
    assertThat(watches.open("", FakeNode.OBSERVER).isOpen()).isTrue();
  }

  @Test
  void beginsWithHowTheInstrumentsAreNow() throws InterruptedException {
    FakeNode node = new FakeNode().with("DMM1").with("PSU1");
    node.instruments.get("PSU1").state = State.OFFLINE;
    node.instruments.get("PSU1").reason = Reason.NO_LINK;

    try (Watch watch = node.commands.watch(Map.of(), FakeNode.OBSERVER)) {
      assertThat(Texts.event(now(watch)))
          .isEqualTo("1970-01-01T00:00:00Z         DMM1        READY               fake.dmm 1.2.0");
      assertThat(Texts.event(now(watch)))
          .isEqualTo("1970-01-01T00:00:00Z         PSU1        OFFLINE(no link)    in words");
      assertThat(now(watch)).isNull();
    }
    assertThatThrownBy(() -> node.commands.watch(Map.of("nmae", "X"), FakeNode.OBSERVER))
        .hasMessage("unknown parameter 'nmae'; watch has name");
  }

  @Test
  void anEventIsOneLineThatSteersNoTerminal() {
    assertThat(
            Texts.event(
                Map.of(
                    "topic", "consort/fault/DRIVER_ERROR",
                    "instrument", "DMM1",
                    "time", "T",
                    "text", "two\nlines \u001b[31m")))
        .isEqualTo(
            "T                            DMM1        fault driver error  two lines \\x1b[31m");
  }
}
