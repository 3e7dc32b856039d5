// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import java.lang.management.ManagementFactory;
import java.util.List;

/** Runs all benchmarks and prints each figure beside its floor of the same run. */
public final class Main {

  private Main() {}

  /**
   * Runs them.
   *
   * @param args {@code all}, or the names of those to run: {@code process}, {@code rpc}, {@code
   *     mesh}, {@code node}, {@code discovery}
   */
  public static void main(String[] args) {
    try {
      run(args);
      System.exit(0);
    } catch (Exception e) {
      e.printStackTrace();
      System.exit(1);
    }
  }

  private static void run(String[] args) throws Exception {
    Measure.print(
        "Java %s, %d processors, load %.1f",
        Runtime.version(),
        Runtime.getRuntime().availableProcessors(),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    List<String> wanted =
        args[0].equals("all")
            ? List.of("process", "rpc", "mesh", "node", "discovery")
            : List.of(args);
    for (String benchmark : wanted) {
      switch (benchmark) {
        case "process" -> ProcessBenchmark.run();
        case "rpc" -> RpcBenchmark.run();
        case "mesh" -> MeshBenchmark.run();
        case "node" -> onOneNode();
        case "discovery" -> DiscoveryBenchmark.run();
        default -> throw new IllegalArgumentException(benchmark + " is none of the benchmarks");
      }
    }
  }

  private static void onOneNode() throws Exception {
    try (Node node = new Node()) {
      LinkBenchmark.run(node);
      DefinitionBenchmark.run(node);
      new GroupBenchmark(node).run();
      ScriptBenchmark.run(node);
      LeaseBenchmark.run(node);
      new SwapBenchmark(node).run();
      new GuardBenchmark(node).run();
    }
  }
}
