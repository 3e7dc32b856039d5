// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import consort.api.Faulted;
import consort.instruments.Balance.Reading;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SimulatedBalanceTest {

  private final ManualTime time = new ManualTime();
  private final Bench bench = new Bench();
  private final SimulatedBalance balance = balance(Map.of("noise", 0, "settling", "300ms"));

  @AfterEach
  void close() {
    bench.close();
  }

  private SimulatedBalance balance(Map<String, ?> settings) {
    return new SimulatedBalance(
        "BAL1",
        time,
        Instruments.settings(
            new SimulatedBalance.Factory(bench), SimulatedBalance.Settings.class, settings));
  }

  @Test
  void swingsAboutANewMassAndSettles() {
    balance.place(100);

    assertThat(balance.read()).isEqualTo(new Reading(0, false));
    time.pass(0.075); // half a swing
    assertThat(balance.read().mass()).as("beyond the mass").isGreaterThan(140);
    time.pass(0.075);
    assertThat(balance.read().mass()).as("back").isLessThan(60);
    time.pass(10);
    assertThat(balance.read()).isEqualTo(new Reading(100, true));
  }

  @Test
  void waitsUntilItHasSettled() {
    balance.place(100);

    assertThat(balance.readStable()).isCloseTo(100, within(0.001));
    assertThat(balance.read().stable()).isTrue();
    // 100 g swing to half of 1 mg: ln(200 000) = 12.2 time constants
    assertThat(time.seconds()).isCloseTo(0.3 * Math.log(2e5), within(1e-6));
    assertThat(balance.readStable()).isCloseTo(100, within(0.001));
    assertThat(time.seconds()).as("no second wait").isCloseTo(0.3 * Math.log(2e5), within(1e-6));
  }

  @Test
  void showsTheNetMassAfterTaring() {
    balance.place(20);
    balance.tare();
    balance.place(50.0004);

    assertThat(balance.readStable()).isCloseTo(30, within(0.0011));
  }

  @Test
  void setsZeroWithAnEmptyPanOnly() {
    balance.place(50);
    assertThatThrownBy(balance::zero)
        .isInstanceOf(Faulted.class)
        .hasMessage("the pan is not empty: 50 g");

    balance.tare();
    balance.place(0);
    balance.zero();
    assertThat(balance.readStable()).isCloseTo(0, within(0.001));
  }

  @Test
  void reportsAnOverload() {
    balance.place(221);

    assertThatThrownBy(balance::readStable)
        .isInstanceOf(Faulted.class)
        .hasMessage("overload: more than 220 g on the pan");
    balance.place(1);
    assertThat(balance.readStable()).isCloseTo(1, within(0.001));
  }

  @Test
  void roundsToItsLastDigit() {
    SimulatedBalance coarse = balance(Map.of("mass", 12.34, "resolution", 0.1, "noise", 0.001));

    assertThat(coarse.read()).isEqualTo(new Reading(12.3, true));
  }
}
