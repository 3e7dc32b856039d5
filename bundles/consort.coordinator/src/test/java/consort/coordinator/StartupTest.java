// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.InstrumentInfo;
import consort.api.State;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.Reconnect;
import consort.api.driver.Connection;
import consort.api.driver.Driver;
import consort.api.driver.DriverFactory;
import consort.api.driver.Setup;
import consort.api.driver.Startup;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.osgi.framework.Version;

/** A driver that sends the startup commands itself. */
@Timeout(60)
class StartupTest {

  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final TestWorld world = new TestWorld();
  private final Guard guard = new Guard(InstrumentSpec.of("PSU1", "own", Connection.NONE), world);
  private final List<String> sent = new CopyOnWriteArrayList<>();

  private final class Own implements Driver, Startup {
    @Override
    public InstrumentInfo info() {
      return new InstrumentInfo(List.of(), "", List.of());
    }

    @Override
    public Object call(String command, Map<String, Object> arguments) {
      return null;
    }

    @Override
    public void startup(List<String> lines) {
      sent.add("own");
      sent.addAll(lines);
    }
  }

  @AfterEach
  void end() {
    guard.close();
    world.threads.close();
  }

  private void want(String version, List<String> lines) {
    DriverFactory factory =
        new DriverFactory() {
          @Override
          public Object create(Setup setup) {
            return new Own();
          }
        };
    InstrumentSpec spec =
        new InstrumentSpec(
            "PSU1",
            "own",
            null,
            Connection.NONE,
            Map.of(),
            lines,
            Duration.ZERO,
            null,
            Reconnect.DEFAULT,
            false,
            Map.of(),
            "");
    DriverSource source =
        new DriverSource("own", Version.parseVersion(version), "own", 1, () -> factory);
    guard.want(new Plan(Plan.Goal.RUN, spec, source, null));
    assertThat(
            guard.await(
                () ->
                    guard.status().state() == State.READY
                        && version.equals(guard.status().driverVersion()),
                LIMIT.toNanos()))
        .isTrue();
  }

  @Test
  void isGivenTheLinesOfTheFileAfterItsOwn() {
    want("1.0.0", List.of("*CLS", "VOLT 1"));

    assertThat(sent).containsExactly("own", "*CLS", "VOLT 1");
  }

  @Test
  void isNotAskedAgainWhenTheDriverIsExchanged() {
    want("1.0.0", List.of());
    want("2.0.0", List.of());

    assertThat(sent).containsExactly("own");
  }
}
