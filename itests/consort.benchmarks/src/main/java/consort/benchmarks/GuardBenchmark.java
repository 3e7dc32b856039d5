// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import static consort.benchmarks.Measure.print;

import com.sun.management.ThreadMXBean;
import consort.api.Call;
import consort.api.Instrument;
import consort.api.InstrumentException;
import consort.api.State;
import consort.api.coordinator.Coordinator;
import consort.api.coordinator.InstrumentSpec;
import consort.api.driver.Connection;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/** What a guard costs, beside bare hand-overs between threads. */
final class GuardBenchmark {

  private static final int CALLS = 20_000;
  private static final int MANY = 32;
  private static final CountDownLatch END = new CountDownLatch(1);

  private final Node node;
  private final Coordinator coordinator;

  GuardBenchmark(Node node) {
    this.node = node;
    this.coordinator = node.coordinator();
  }

  /** The driver. */
  static final class ProbeDriver implements Probe {
    @Override
    public double nothing(double number) {
      return number;
    }

    @Override
    public void hang() {
      while (END.getCount() > 0) {
        try {
          END.await();
        } catch (InterruptedException e) {
          // a driver that ignores interrupts is the point
        }
      }
    }
  }

  void run() throws InterruptedException {
    node.driver("probe", setup -> new ProbeDriver());
    oneCall();
    manyCallers();
    hungNeighbour();
    overshoot();
    tenThousand();
    END.countDown();
  }

  private Instrument instrument(String name) {
    coordinator.put(InstrumentSpec.of(name, "probe", Connection.NONE));
    Instrument instrument = coordinator.require(name);
    awaitReady(List.of(instrument));
    return instrument;
  }

  private static void awaitReady(List<Instrument> instruments) {
    for (Instrument instrument : instruments) {
      while (instrument.status().state() != State.READY) {
        Thread.onSpinWait();
      }
    }
  }

  private void oneCall() {
    Instrument instrument = instrument("ONE");
    Probe typed = instrument.as(Probe.class);
    try (HandOver bare = new HandOver()) {
      Measure.compare(
          "guarded call, typed", CALLS, () -> typed.nothing(1), "bare hand-over", bare::call);
      Measure.compare(
          "guarded call, dynamic",
          CALLS,
          () -> instrument.call("nothing", 1.0),
          "bare hand-over",
          bare::call);
    }
    print(
        "%-44s %8d bytes",
        "allocated by a guarded call, typed", allocated("ONE", () -> typed.nothing(1)));
    print(
        "%-44s %8d bytes",
        "allocated by a guarded call, dynamic",
        allocated("ONE", () -> instrument.call("nothing", 1.0)));
  }

  /** Bytes of the caller's thread and of the guard's. */
  private static long allocated(String name, Runnable call) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    call.run();
    long guard =
        Thread.getAllStackTraces().keySet().stream()
            .filter(t -> t.getName().equals("guard " + name))
            .mapToLong(Thread::getId)
            .findFirst()
            .orElseThrow();
    long[] both = {Thread.currentThread().getId(), guard};
    long[] before = threads.getThreadAllocatedBytes(both);
    for (int i = 0; i < CALLS; i++) {
      call.run();
    }
    long[] after = threads.getThreadAllocatedBytes(both);
    return (after[0] - before[0] + after[1] - before[1]) / CALLS;
  }

  private void manyCallers() throws InterruptedException {
    List<Runnable> guarded = new ArrayList<>();
    List<Runnable> bare = new ArrayList<>();
    List<HandOver> floors = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      Probe probe = instrument("MANY" + i).as(Probe.class);
      guarded.add(() -> probe.nothing(1));
      HandOver floor = new HandOver();
      floors.add(floor);
      bare.add(floor::call);
    }
    double[] ratios = new double[9];
    double[] rates = new double[9];
    together(guarded);
    together(bare);
    for (int i = 0; i < ratios.length; i++) {
      double floor = together(bare);
      rates[i] = together(guarded);
      ratios[i] = rates[i] / floor;
    }
    print(
        "%-44s %8.0f /s   of %d bare hand-overs: ratio %.2f",
        MANY + " callers on " + MANY + " instruments",
        Measure.median(rates),
        MANY,
        Measure.median(ratios));
    floors.forEach(HandOver::close);
  }

  /** Calls per second when each runs on a thread of its own. */
  private static double together(List<Runnable> calls) throws InterruptedException {
    int each = 1000;
    List<Thread> threads = new ArrayList<>();
    CountDownLatch go = new CountDownLatch(1);
    for (Runnable call : calls) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  go.await();
                } catch (InterruptedException e) {
                  return;
                }
                for (int i = 0; i < each; i++) {
                  call.run();
                }
              });
      thread.start();
      threads.add(thread);
    }
    long begin = System.nanoTime();
    go.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    return each * calls.size() / ((System.nanoTime() - begin) / 1e9);
  }

  private void hungNeighbour() {
    Probe probe = instrument("NEIGHBOUR").as(Probe.class);
    Runnable call = () -> probe.nothing(1);
    double[] ratios = new double[9];
    Measure.each(CALLS, call);
    for (int i = 0; i < ratios.length; i++) {
      double alone = Measure.quantile(Measure.each(CALLS, call), 0.5);
      Instrument hung = instrument("HUNG" + i);
      ignoring(() -> hung.call(Call.of("hang").within(Duration.ofMillis(1))));
      ratios[i] = Measure.quantile(Measure.each(CALLS, call), 0.5) / alone;
    }
    print(
        "%-44s ratio %.2f",
        "median of a call beside hung drivers, to alone", Measure.median(ratios));
  }

  private static void ignoring(Runnable call) {
    try {
      call.run();
    } catch (InstrumentException e) {
      // the deadline is the point
    }
  }

  private void overshoot() {
    int samples = 200;
    Duration limit = Duration.ofMillis(20);
    long[] over = new long[samples];
    for (int i = 0; i < samples; i++) {
      Instrument hung = instrument("LATE" + i);
      Consumer<Instrument> call = h -> ignoring(() -> h.call(Call.of("hang").within(limit)));
      long begin = System.nanoTime();
      call.accept(hung);
      over[i] = System.nanoTime() - begin - limit.toNanos();
    }
    print(
        "%-44s p50 %.2f ms   p99 %.2f ms   (%d drivers that never return)",
        "overshoot of a deadline of 20 ms",
        Measure.quantile(over, 0.5) / 1e6,
        Measure.quantile(over, 0.99) / 1e6,
        samples);
  }

  private void tenThousand() {
    int count = 10_000;
    List<Instrument> ten = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      ten.add(instrument("TEN" + i));
    }
    double few;
    double many;
    try (HandOver bare = new HandOver()) {
      few = inTurn("calls on 10 instruments in turn", ten, bare);
      long begin = System.nanoTime();
      List<Instrument> all = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        coordinator.put(InstrumentSpec.of("SIM" + i, "probe", Connection.NONE));
        all.add(coordinator.require("SIM" + i));
      }
      awaitReady(all);
      double seconds = (System.nanoTime() - begin) / 1e9;
      System.gc();
      Runtime runtime = Runtime.getRuntime();
      double heap = (runtime.totalMemory() - runtime.freeMemory()) / 1e6;
      print("%-44s %8.2f s    heap %.0f MB", "10,000 instruments from put to READY", seconds, heap);
      many = inTurn("calls on 10 of 10,000 instruments in turn", all.subList(5000, 5010), bare);
    }
    print("%-44s ratio %.2f", "cost of a call with 10,000 to that with 10", many / few);
  }

  private static double inTurn(String what, List<Instrument> instruments, HandOver bare) {
    int[] next = {0};
    return Measure.compare(
        what,
        CALLS / 4,
        () -> instruments.get(next[0]++ % instruments.size()).call("nothing", 1.0),
        "bare hand-over",
        bare::call);
  }
}
