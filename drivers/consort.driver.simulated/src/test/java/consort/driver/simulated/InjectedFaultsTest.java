// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.ErrorCode;
import consort.api.Faulted;
import consort.api.InstrumentException;
import consort.api.Refused;
import consort.api.TimedOut;
import consort.api.Unreachable;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class InjectedFaultsTest {

  private final ManualTime time = new ManualTime();
  private final Bench bench = new Bench();
  private final InjectedFaults faults = new InjectedFaults(time, Duration.ZERO, 0);

  @AfterEach
  void close() {
    bench.close();
  }

  /** A call on a thread of its own, on real time. */
  private Thread calling(InjectedFaults target, AtomicReference<Throwable> thrown) {
    Thread caller =
        new Thread(
            () -> {
              try {
                target.pass();
              } catch (RuntimeException e) {
                thrown.set(e);
              }
            });
    caller.setDaemon(true);
    caller.start();
    while (caller.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    return caller;
  }

  @Test
  void letsCallsPassUnlessToldOtherwise() {
    for (int i = 0; i < 100; i++) {
      assertThatCode(faults::pass).doesNotThrowAnyException();
    }
    assertThat(time.seconds()).isZero();
  }

  @Test
  void delaysEachCall() {
    faults.injectDelay(Duration.ofMillis(200));
    faults.pass();
    faults.pass();
    assertThat(time.seconds()).isEqualTo(0.4);

    faults.clearFaults();
    faults.pass();
    assertThat(time.seconds()).isEqualTo(0.4);
    assertThatThrownBy(() -> faults.injectDelay(Duration.ofMillis(-1))).isInstanceOf(Refused.class);
  }

  @Test
  void keepsTheDelayOfTheSettings() {
    InjectedFaults slow = new InjectedFaults(time, Duration.ofSeconds(1), 0);
    slow.injectDelay(Duration.ZERO);
    slow.clearFaults();
    slow.pass();

    assertThat(time.seconds()).isEqualTo(1);
  }

  @Test
  void failsAsManyCallsAsToldWithTheText() {
    faults.injectError(2, "overheated");

    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(faults::pass)
          .isInstanceOfSatisfying(Faulted.class, e -> assertThat(e.number()).isEqualTo(-300))
          .hasMessage("overheated");
    }
    assertThatCode(faults::pass).doesNotThrowAnyException();
  }

  @Test
  void failsOneOfSoManyCalls() {
    InjectedFaults third = new InjectedFaults(time, Duration.ZERO, 3);
    third.pass();
    third.pass();

    assertThatThrownBy(third::pass).isInstanceOf(Faulted.class).hasMessage("one of 3 calls fails");
    assertThatCode(third::pass).doesNotThrowAnyException();
  }

  @Test
  void crashesOnceWithAnError() {
    faults.injectCrash();

    assertThatThrownBy(faults::pass).isInstanceOf(Error.class).hasMessage("simulated crash");
    assertThatCode(faults::pass).doesNotThrowAnyException();
  }

  @Test
  void losesTheLinkUntilItIsConnectedAgain() {
    faults.injectLinkLoss(2);

    assertThatThrownBy(faults::pass)
        .isInstanceOfSatisfying(
            Unreachable.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_LINK));
    assertThatThrownBy(faults::connect).isInstanceOf(Unreachable.class);
    assertThatThrownBy(faults::pass).isInstanceOf(Unreachable.class);
    assertThatThrownBy(faults::connect).isInstanceOf(Unreachable.class);
    assertThatCode(faults::connect).doesNotThrowAnyException();
    assertThatCode(faults::pass).doesNotThrowAnyException();
  }

  @Test
  void hangsUntilCleared() throws Exception {
    InjectedFaults real = new InjectedFaults(bench, Duration.ZERO, 0);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    real.injectHang(false);
    Thread caller = calling(real, thrown);
    real.clearFaults();
    caller.join();

    assertThat(thrown).hasNullValue();
    assertThatCode(real::pass).doesNotThrowAnyException();
  }

  @Test
  void endsAnOrdinaryHangWhenInterrupted() throws Exception {
    InjectedFaults real = new InjectedFaults(bench, Duration.ZERO, 0);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    real.injectHang(false);
    Thread caller = calling(real, thrown);
    caller.interrupt();
    caller.join();

    assertThat(thrown.get()).isInstanceOf(TimedOut.class);
  }

  @Test
  void hangsOnWhenInterruptedIfToldSo() throws Exception {
    InjectedFaults real = new InjectedFaults(bench, Duration.ZERO, 0);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    real.injectHang(true);
    Thread caller = calling(real, thrown);
    for (int i = 0; i < 3; i++) {
      caller.interrupt();
      caller.join(20);
      assertThat(caller.isAlive()).isTrue();
    }
    real.clearFaults();
    caller.join();

    assertThat(thrown).hasNullValue();
  }

  @Test
  void endsEveryWaitWhenTheBundleEnds() throws Exception {
    InjectedFaults slow = new InjectedFaults(bench, Duration.ofHours(1), 0);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread caller = calling(slow, thrown);
    bench.close();
    caller.join();

    assertThat(thrown.get())
        .isInstanceOf(TimedOut.class)
        .hasMessage("the simulated instrument was closed while it waited");
  }

  @Test
  void isInjectedByCommandsOfEverySimulatedInstrument() throws Exception {
    Object dmm =
        new SimulatedMultimeter.Factory(bench)
            .create(Instruments.setup("DMM1", new SimulatedMultimeter.Factory(bench), Map.of()));
    Instruments.call(dmm, "inject_error");

    assertThatThrownBy(() -> Instruments.call(dmm, "measure_voltage"))
        .isInstanceOf(InstrumentException.class)
        .hasMessage("simulated error");
    Instruments.call(dmm, "inject_crash");
    Instruments.call(dmm, "CLEAR_FAULTS");
    assertThatCode(() -> Instruments.call(dmm, "measure_voltage")).doesNotThrowAnyException();
  }
}
