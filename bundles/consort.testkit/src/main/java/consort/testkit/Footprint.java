// SPDX-License-Identifier: Apache-2.0
package consort.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a Java process on Linux holds. Two of them, before and after something that was done again
 * and again, tell what leaks.
 *
 * @param threads how many there are, those of the virtual machine among them
 * @param files open files and sockets
 * @param objects how many objects of each class are reachable, by the name of the class
 */
public record Footprint(long threads, long files, Map<String, Long> objects) {

  private static final Pattern LINE = Pattern.compile(" *\\d+: +(\\d+) +\\d+ +(\\S+).*");

  /** Keeps them. */
  public Footprint {
    objects = Map.copyOf(objects);
  }

  /**
   * Looks at a process, whose garbage is collected for it.
   *
   * @param names which classes are counted: those whose names begin with one of these
   */
  public static Footprint of(ProcessHandle process, String... names) throws IOException {
    String pid = Long.toString(process.pid());
    Process jcmd =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                pid,
                "GC.class_histogram")
            .redirectErrorStream(true)
            .start();
    jcmd.getOutputStream().close();
    String out = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Map<String, Long> objects = new TreeMap<>();
    for (String line : out.lines().toList()) {
      Matcher matcher = LINE.matcher(line);
      if (matcher.matches() && Stream.of(names).anyMatch(matcher.group(2)::startsWith)) {
        // One name may be of the classes of several loaders.
        objects.merge(matcher.group(2), Long.parseLong(matcher.group(1)), Long::sum);
      }
    }
    if (objects.isEmpty()) {
      throw new IOException("jcmd counts no objects of process " + pid + ": " + out.strip());
    }
    Path proc = Path.of("/proc", pid);
    return new Footprint(count(proc.resolve("task")), count(proc.resolve("fd")), objects);
  }

  private static long count(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.count();
    }
  }

  /** What there is more of than there was before, by at least so many; empty for nothing. */
  public List<String> grownSince(Footprint before, long least) {
    List<String> grown = new ArrayList<>();
    compare(grown, "threads", before.threads, threads, least);
    compare(grown, "open files", before.files, files, least);
    objects.forEach(
        (name, count) -> compare(grown, name, before.objects.getOrDefault(name, 0L), count, least));
    return grown;
  }

  private static void compare(List<String> grown, String what, long before, long now, long least) {
    if (now - before >= least) {
      grown.add(what + ": " + before + " before, " + now + " now");
    }
  }
}
