// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import java.lang.management.ManagementFactory;

/** Runs all benchmarks and prints each figure beside its floor of the same run. */
public final class Main {

  private Main() {}

  /** Runs them. */
  public static void main(String[] args) throws Exception {
    Measure.print(
        "Java %s, %d processors, load %.1f",
        Runtime.version(),
        Runtime.getRuntime().availableProcessors(),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    if (args.length == 1 && args[0].equals("mesh")) {
      MeshBenchmark.run();
      System.exit(0);
    }
    ProcessBenchmark.run();
    RpcBenchmark.run();
    MeshBenchmark.run();
    try (Node node = new Node()) {
      LinkBenchmark.run(node);
      DefinitionBenchmark.run(node);
      new GroupBenchmark(node).run();
      ScriptBenchmark.run(node);
      LeaseBenchmark.run(node);
      new SwapBenchmark(node).run();
      new GuardBenchmark(node).run();
    }
    DiscoveryBenchmark.run();
    System.exit(0);
  }
}
