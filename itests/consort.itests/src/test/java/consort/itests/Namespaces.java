// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/**
 * Computers in a laboratory: a network namespace for each, with a cable to a switch in one more.
 * Nothing of the network of this machine is touched. Close it in any case: namespaces outlive the
 * processes that made them.
 */
final class Namespaces implements AutoCloseable {

  /** The packages of Debian that have the programs needed. */
  private static final Map<String, String> PROGRAMS =
      Map.of("ip", "iproute2", "tc", "iproute2", "faketime", "faketime");

  private static final String SUBNET = "10.77.0.";

  /** What a packet gets that is sent to nobody. */
  private static final String NOBODY = "02:00:00:00:00:99";

  /** Classic BPF: load a random number of 32 bits. */
  private static final String RANDOM = "32 0 0 4294963256";

  private final String prefix = "consort-" + ProcessHandle.current().pid() + "-";
  private final List<String> made = new ArrayList<>();
  private final List<String> computers = new ArrayList<>();

  /** Makes computers of these names; those of all laboratories of this process differ. */
  Namespaces(String... names) throws IOException {
    try {
      add("switch");
      ip("-n", space("switch"), "link", "add", "lab", "type", "bridge");
      ip("-n", space("switch"), "link", "set", "lab", "up");
      for (String name : names) {
        add(name);
        computers.add(name);
        String space = space(name);
        ip(
            "-n",
            space("switch"),
            "link",
            "add",
            "name",
            name,
            "type",
            "veth",
            "peer",
            "cable",
            "netns",
            space);
        ip("-n", space("switch"), "link", "set", "dev", name, "master", "lab", "up");
        ip("-n", space, "addr", "add", address(name) + "/24", "dev", "cable");
        ip("-n", space, "link", "set", "lo", "up");
        ip("-n", space, "link", "set", "cable", "up");
      }
    } catch (IOException | RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** What is missing here, and what to do; empty when nothing is. */
  static String missing() throws IOException {
    if (!"root".equals(System.getProperty("user.name"))) {
      return "only root makes network namespaces: run it as root, as CI does";
    }
    for (Map.Entry<String, String> program : new TreeMap<>(PROGRAMS).entrySet()) {
      if (run(List.of("sh", "-c", "command -v " + program.getKey())).code() != 0) {
        return "there is no " + program.getKey() + ": apt-get install " + program.getValue();
      }
    }
    String name = "consort-" + ProcessHandle.current().pid() + "-try";
    Ended tried = run(List.of("ip", "netns", "add", name));
    if (tried.code() != 0) {
      return "this machine makes no network namespaces: " + tried.out();
    }
    run(List.of("ip", "netns", "del", name));
    return "";
  }

  /** The address of a computer. */
  String address(String name) {
    return SUBNET + (computers.indexOf(name) + 1);
  }

  /** Lets processes run on a computer. */
  UnaryOperator<ProcessBuilder> on(String name) {
    return builder -> {
      List<String> command = new ArrayList<>(List.of("ip", "netns", "exec", space(name)));
      command.addAll(builder.command());
      return builder.command(command);
    };
  }

  /** The same, with a clock that is so far ahead; {@code -} in front for behind. */
  UnaryOperator<ProcessBuilder> on(String name, String ahead) throws IOException {
    // The program itself would be one process more, and not the one that ends when it is asked to.
    String library = check(List.of("faketime", "-f", ahead, "printenv", "LD_PRELOAD")).strip();
    return builder -> {
      // Only the clock on the wall: intervals are measured by another one, and waited for.
      builder
          .environment()
          .putAll(
              Map.of(
                  "LD_PRELOAD",
                  library,
                  "FAKETIME",
                  ahead,
                  "FAKETIME_DONT_FAKE_MONOTONIC",
                  "1",
                  "FAKETIME_FORCE_MONOTONIC_FIX",
                  "0"));
      return on(name).apply(builder);
    };
  }

  /** Pulls the cable of a computer out of the switch. */
  void cut(String name) throws IOException {
    ip("-n", space("switch"), "link", "set", "dev", name, "down");
  }

  /** Puts it in again. */
  void mend(String name) throws IOException {
    ip("-n", space("switch"), "link", "set", "dev", name, "up");
  }

  /** From now on what one sends never reaches the other, who is heard as before. */
  void mute(String from, String to) throws IOException {
    ip("-n", space(from), "neigh", "replace", address(to), "lladdr", NOBODY, "dev", "cable");
  }

  /** What was muted is heard again. */
  void unmute(String from, String to) throws IOException {
    ip("-n", space(from), "neigh", "del", address(to), "dev", "cable");
  }

  /**
   * Makes both ways of a cable slow, and loses and overtakes some of its packets. By classes and
   * not by {@code netem}, which many kernels are built without.
   */
  void spoil(String name) throws IOException {
    for (String[] end : new String[][] {{space("switch"), name}, {space(name), "cable"}}) {
      tc(end[0], "qdisc add dev %s root handle 1: htb default 1", end[1]);
      tc(end[0], "class add dev %s parent 1: classid 1:1 htb rate 4mbit quantum 1514", end[1]);
      tc(end[0], "class add dev %s parent 1: classid 1:2 htb rate 4mbit quantum 1514", end[1]);
      // One packet at a time, each of which the next one waits for some 20 ms.
      tc(
          end[0],
          "class add dev %s parent 1: classid 1:3 htb rate 40kbit burst 1 cburst 1 quantum 1514",
          end[1]);
      tc(end[0], "qdisc add dev %s parent 1:2 pfifo limit 0", end[1]);
      String choose =
          "6,%s,53 0 1 %d,6 0 0 %d,53 0 1 %d,6 0 0 %d,6 0 0 %d"
              .formatted(RANDOM, above(0.97), 0x10002, above(0.87), 0x10003, 0x10001);
      check(
          List.of(
              "tc",
              "-n",
              end[0],
              "filter",
              "add",
              "dev",
              end[1],
              "parent",
              "1:",
              "bpf",
              "bytecode",
              choose));
    }
  }

  /** How many packets to and from a computer were lost. */
  int lost(String name) throws IOException {
    return dropped(space("switch"), name) + dropped(space(name), "cable");
  }

  private static int dropped(String space, String device) throws IOException {
    String out = check(List.of("tc", "-n", space, "-s", "qdisc", "show", "dev", device));
    String count = out.replaceAll("(?s).*parent 1:2 .*?dropped (\\d+).*", "$1");
    return Integer.parseInt(count);
  }

  /** Repairs it. */
  void repair(String name) throws IOException {
    tc(space("switch"), "qdisc del dev %s root", name);
    tc(space(name), "qdisc del dev %s root", "cable");
  }

  /** Takes a computer away, with its cable. */
  void remove(String name) throws IOException {
    ip("netns", "del", space(name));
    made.remove(name);
  }

  private static long above(double quantile) {
    return Math.round(quantile * 0xFFFF_FFFFL);
  }

  private String space(String name) {
    return prefix + name;
  }

  private void add(String name) throws IOException {
    ip("netns", "add", space(name));
    made.add(name);
  }

  private static void ip(String... words) throws IOException {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(words));
    check(command);
  }

  private static void tc(String space, String words, String device) throws IOException {
    List<String> command = new ArrayList<>(List.of("tc", "-n", space));
    command.addAll(List.of(words.formatted(device).split(" ")));
    check(command);
  }

  private static String check(List<String> command) throws IOException {
    Ended ended = run(command);
    if (ended.code() != 0) {
      throw new AssertionError(String.join(" ", command) + ": " + ended.out());
    }
    return ended.out();
  }

  private record Ended(int code, String out) {}

  private static Ended run(List<String> command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
    return new Ended(process.exitValue(), out.strip());
  }

  /** Takes all away; their processes must have ended. */
  @Override
  public void close() throws IOException {
    AssertionError failed = null;
    for (String name : List.copyOf(made)) {
      try {
        remove(name);
      } catch (AssertionError e) {
        failed = e;
      }
    }
    if (failed != null) {
      throw failed;
    }
  }
}
