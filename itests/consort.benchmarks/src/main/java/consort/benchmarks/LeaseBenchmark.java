// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import static consort.benchmarks.Measure.print;

import consort.api.Instrument;
import consort.api.State;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.Lease;
import consort.api.coordinator.LeaseRequest;
import consort.api.coordinator.Leases;
import consort.api.driver.Connection;
import java.time.Duration;

/** What leases cost: to take one, and each call once there are some. */
final class LeaseBenchmark {

  private static final int CALLS = 20_000;
  private static final int ROUNDS = 15;

  private LeaseBenchmark() {}

  static void run(Node node) {
    Leases leases = node.service(Leases.class);
    node.driver("leased", setup -> new GuardBenchmark.ProbeDriver());
    takeAndRelease(leases);
    calls(node, leases);
  }

  private static void takeAndRelease(Leases leases) {
    LeaseRequest one = LeaseRequest.of("FREE");
    LeaseRequest three = LeaseRequest.of("FREE1", "FREE2", "FREE3");
    for (LeaseRequest request : new LeaseRequest[] {one, three}) {
      Runnable both = () -> leases.take(request).close();
      Measure.each(CALLS * 5, both);
      long[] nanos = Measure.each(CALLS, both);
      print(
          "%-44s p50 %.2f µs   p99 %.2f µs   (aim: under 10)",
          "lease on " + request.resources().size() + " taken and released",
          Measure.quantile(nanos, 0.5) / 1e3,
          Measure.quantile(nanos, 0.99) / 1e3);
    }
  }

  private static void calls(Node node, Leases leases) {
    node.coordinator().put(InstrumentSpec.of("LEASED", "leased", Connection.NONE));
    Instrument instrument = node.coordinator().require("LEASED");
    while (instrument.status().state() != State.READY) {
      Thread.onSpinWait();
    }
    Probe free = instrument.as(Probe.class);
    Measure.each(CALLS, () -> free.nothing(1));
    double[] ratios = new double[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      double off = rate(free);
      LeaseRequest request = LeaseRequest.of("LEASED").ttl(Duration.ofMinutes(10));
      try (Lease lease = leases.take(request)) {
        ratios[round] = rate(lease.instrument("LEASED", Probe.class)) / off;
      }
    }
    print(
        "%-44s ratio %.2f   (aim: at least 0.95)",
        "calls/s under a lease, to without leases", Measure.median(ratios));
  }

  private static double rate(Probe probe) {
    long begin = System.nanoTime();
    for (int i = 0; i < CALLS; i++) {
      probe.nothing(1);
    }
    return CALLS / ((System.nanoTime() - begin) / 1e9);
  }
}
