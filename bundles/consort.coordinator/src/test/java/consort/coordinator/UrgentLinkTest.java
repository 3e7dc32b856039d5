// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Call;
import consort.api.CommandInfo;
import consort.api.InstrumentInfo;
import consort.api.State;
import consort.api.TimedOut;
import consort.api.ValueType;
import consort.api.coordinator.InstrumentSpec;
import consort.api.driver.Connection;
import consort.api.driver.Driver;
import consort.api.link.Link;
import consort.link.VisaLinks;
import consort.testkit.ScpiSimulator;
import consort.testkit.ScpiSimulator.Mood;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.osgi.framework.Version;

/** An urgent call beside one that is overdue, over a real connection. */
@Timeout(60)
class UrgentLinkTest {

  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);

  private final ScpiSimulator hardware = new ScpiSimulator().setting("OUTP", "1");
  private final VisaLinks links = new VisaLinks();
  private final TestWorld world = new TestWorld(links);
  private final CountDownLatch release = new CountDownLatch(1);
  private final InstrumentSpec spec =
      InstrumentSpec.of("PSU1", "psu", Connection.visa(hardware.resource()));
  private final Guard guard = new Guard(spec, world);

  @AfterEach
  void end() {
    release.countDown();
    guard.close();
    world.threads.close();
    links.close();
    hardware.close();
  }

  /** Goes on for a while when its link fails, as drivers do that try again. */
  private final class Psu implements Driver {
    private final Link link;

    Psu(Link link) {
      this.link = link;
    }

    @Override
    public InstrumentInfo info() {
      return new InstrumentInfo(
          List.of(), "A supply", List.of(command("measure", false), command("output_off", true)));
    }

    private CommandInfo command(String name, boolean urgent) {
      return new CommandInfo(name, List.of(), ValueType.STRING, "", urgent, false, null, "Does it");
    }

    @Override
    public Object call(String command, Map<String, Object> arguments) throws Exception {
      if (command.equals("output_off")) {
        link.tell("OUTP 0");
        return link.ask("OUTP?");
      }
      try {
        return link.ask("MEAS?");
      } finally {
        release.await();
      }
    }
  }

  @Test
  void isSentAtOnceAlsoInTheGraceAfterADeadline() {
    DriverSource source =
        new DriverSource(
            "psu",
            Version.parseVersion("1"),
            "psu",
            1,
            () -> setup -> new Psu(setup.textLink("\n")));
    guard.want(new Plan(Plan.Goal.RUN, spec, source, null));
    assertThat(guard.await(() -> guard.status().state() == State.READY, PATIENCE)).isTrue();
    hardware.mood(Mood.SILENT);
    assertThatThrownBy(() -> guard.call(Call.of("measure").within(Duration.ofMillis(100))))
        .isInstanceOf(TimedOut.class);
    hardware.mood(Mood.WELL);
    assertThat(guard.phase()).isEqualTo(Phase.OVERDUE);

    assertThat(guard.call(Call.of("output_off").within(Duration.ofSeconds(1))).value())
        .isEqualTo("0");

    assertThat(hardware.setting("OUTP")).isEqualTo("0");
  }
}
