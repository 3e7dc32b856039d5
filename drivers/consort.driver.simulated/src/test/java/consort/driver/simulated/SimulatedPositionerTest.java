// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import consort.api.Refused;
import consort.api.driver.Driver;
import consort.api.typed.TypedDriver;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SimulatedPositionerTest {

  private final ManualTime time = new ManualTime();
  private final Bench bench = new Bench();
  private final SimulatedPositioner axis =
      new SimulatedPositioner(
          "X",
          time,
          Instruments.settings(
              new SimulatedPositioner.Factory(bench),
              SimulatedPositioner.Settings.class,
              Map.of("speed", 10)));

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  void movesAtItsSpeed() {
    CompletableFuture<Double> move = axis.moveTo(20);

    time.pass(0.5);
    assertThat(axis.getPosition()).isCloseTo(5, within(1e-6));
    assertThat(axis.isMoving()).isTrue();
    time.pass(1);
    assertThat(axis.getPosition()).isCloseTo(15, within(1e-6));
    assertThat(move).isNotDone();
    time.pass(0.5);
    assertThat(move).isCompletedWithValue(20.0);
    assertThat(axis.getPosition()).isEqualTo(20);
    assertThat(axis.isMoving()).isFalse();
  }

  @Test
  void isSafeWhereItStands() {
    CompletableFuture<Double> move = axis.moveTo(20);
    time.pass(0.5);
    axis.safeState();

    assertThat(move).isDone();
    assertThat(axis.isMoving()).isFalse();
  }

  @Test
  void endsAMoveWhereTheAxisStandsWhenStopped() {
    CompletableFuture<Double> move = axis.moveTo(20);
    time.pass(0.5);
    axis.stop();

    assertThat(move).isDone();
    assertThat(move.join()).isCloseTo(5, within(1e-6));
    time.pass(10);
    assertThat(axis.getPosition()).isCloseTo(5, within(1e-6));
    assertThat(axis.isMoving()).isFalse();
  }

  @Test
  void takesANewSpeedForTheNextMove() {
    axis.setSpeed(100);
    CompletableFuture<Double> move = axis.moveTo(100);
    time.pass(1);

    assertThat(axis.getSpeed()).isEqualTo(100);
    assertThat(move).isCompletedWithValue(100.0);
  }

  @Test
  void beginsAMoveWhereTheLastOneWasLeft() {
    CompletableFuture<Double> abandoned = axis.moveTo(20);
    time.pass(1);
    CompletableFuture<Double> back = axis.moveTo(0);

    assertThat(abandoned.join()).isCloseTo(10, within(1e-6));
    time.pass(0.5);
    assertThat(axis.getPosition()).isCloseTo(5, within(1e-6));
    time.pass(0.6);
    assertThat(back).isCompletedWithValue(0.0);
  }

  @Test
  void isThereAtOnceWhenItNeedNotMove() {
    assertThat(axis.moveTo(0)).isCompletedWithValue(0.0);
  }

  @Test
  void findsTheReferenceMark() {
    axis.moveTo(30);
    time.pass(3);
    axis.home();

    assertThat(axis.getPosition()).isZero();
    assertThat(time.seconds()).isCloseTo(6, within(1e-6));
  }

  @Test
  void refusesATargetBeyondItsTravel() {
    for (double target : new double[] {-1, 101, Double.NaN}) {
      assertThatThrownBy(() -> axis.moveTo(target))
          .isInstanceOf(Refused.class)
          .hasMessageEndingWith(" mm is outside [0 mm, 100 mm]");
    }
  }

  @Test
  void endsAMoveWhenItIsClosed() {
    CompletableFuture<Double> move = axis.moveTo(20);
    axis.close();

    assertThat(move).isDone();
  }

  @Test
  void movesInRealTimeWithoutAThreadPerMove() throws Exception {
    SimulatedPositioner real =
        (SimulatedPositioner)
            new SimulatedPositioner.Factory(bench)
                .create(
                    Instruments.setup(
                        "X", new SimulatedPositioner.Factory(bench), Map.of("speed", 1000)));
    CompletableFuture<Double> move =
        real.moveTo(10).orTimeout(10, java.util.concurrent.TimeUnit.SECONDS);

    assertThat(move.join()).isEqualTo(10);
    assertThat(real.getPosition()).isEqualTo(10);
  }

  @Test
  void marksStopAsUrgent() {
    Driver driver = TypedDriver.of(axis);

    assertThat(driver.info().command("stop").orElseThrow().urgent()).isTrue();
    assertThat(driver.info().types()).containsExactly("Positioner", "Faults");
  }
}
