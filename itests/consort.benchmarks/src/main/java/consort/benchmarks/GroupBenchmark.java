// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import static consort.benchmarks.Measure.print;

import consort.api.coordinator.Group;
import consort.api.coordinator.Groups;
import consort.api.coordinator.InstrumentSpec;
import consort.api.driver.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.stream.IntStream;

/** What a barrier over instruments costs, beside a bare one over as many threads. */
final class GroupBenchmark {

  private static final int[] SIZES = {3, 10, 50, 100};

  private final Node node;
  private final Groups groups;

  GroupBenchmark(Node node) {
    this.node = node;
    this.groups = node.service(Groups.class);
  }

  void run() {
    node.driver("grouped", setup -> new GuardBenchmark.ProbeDriver());
    for (int size : SIZES) {
      Group.Step[] steps =
          IntStream.range(0, size)
              .mapToObj(i -> Group.Step.of(instrument(i), "nothing", 1.0))
              .toArray(Group.Step[]::new);
      Group group = Group.parallel(steps);
      try (BareBarrier bare = new BareBarrier(size)) {
        Measure.compare(
            "barrier over " + size + " instruments",
            20_000 / size,
            () -> groups.run(group).orThrow(),
            "barrier + hand-overs",
            bare::round);
      }
      skew(size, steps);
    }
  }

  private String instrument(int i) {
    String name = "GROUPED" + i;
    node.coordinator().put(InstrumentSpec.of(name, "grouped", Connection.NONE));
    node.coordinator().require(name).call("nothing", 1.0);
    return name;
  }

  private void skew(int size, Group.Step... steps) {
    Group together = Group.startTogether(steps);
    long[] skews = new long[10_000 / size];
    for (int i = 0; i < skews.length; i++) {
      skews[i] = groups.run(together).orThrow().skew(0).toNanos();
    }
    print(
        "%-44s p50 %.0f µs   p99 %.0f µs",
        "skew of a start together of " + size,
        Measure.quantile(skews, 0.5) / 1e3,
        Measure.quantile(skews, 0.99) / 1e3);
  }

  /**
   * The floor: as many threads that each get one hand-over and then meet at a {@link
   * CyclicBarrier}, and whoever handed over waits for the last.
   */
  private static final class BareBarrier implements AutoCloseable {
    private final CyclicBarrier begin;
    private final CyclicBarrier end;
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean ended;

    BareBarrier(int size) {
      begin = new CyclicBarrier(size + 1);
      end = new CyclicBarrier(size + 1);
      for (int i = 0; i < size; i++) {
        Thread thread = new Thread(this::serve, "bare barrier");
        thread.setDaemon(true);
        thread.start();
        threads.add(thread);
      }
    }

    private void serve() {
      while (!ended) {
        await(begin);
        await(end);
      }
    }

    void round() {
      await(begin);
      await(end);
    }

    private static void await(CyclicBarrier barrier) {
      try {
        barrier.await();
      } catch (InterruptedException | BrokenBarrierException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() {
      ended = true;
      threads.forEach(Thread::interrupt);
    }
  }
}
