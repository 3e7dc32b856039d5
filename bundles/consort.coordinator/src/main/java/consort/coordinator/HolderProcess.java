// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.ErrorCode;
import consort.api.Refused;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * The process of a holder. Its start tells it from a later one of the same number.
 *
 * @param pid its number
 * @param started when it started, ms since 1970; 0 where the system does not tell
 */
record HolderProcess(long pid, long started) {

  /**
   * A process that runs now.
   *
   * @throws Refused when there is none
   */
  static HolderProcess of(long pid) {
    return ProcessHandle.of(pid)
        .filter(handle -> !isZombie(pid))
        .map(handle -> new HolderProcess(pid, started(handle)))
        .orElseThrow(
            () -> new Refused(ErrorCode.BAD_ARGUMENT, "there is no process " + pid + " here"));
  }

  /** Asks the system; quick. {@code ProcessHandle.onExit} may be 5 s late for a stranger. */
  boolean alive() {
    Optional<ProcessHandle> handle = ProcessHandle.of(pid);
    return handle.isPresent() && started(handle.get()) == started && !isZombie(pid);
  }

  private static long started(ProcessHandle handle) {
    return handle.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  /** Dead, and its parent has not asked for it; on Linux, where the file is. */
  private static boolean isZombie(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      return stat.startsWith(" Z", stat.lastIndexOf(')') + 1);
    } catch (IOException e) {
      return false;
    }
  }
}
