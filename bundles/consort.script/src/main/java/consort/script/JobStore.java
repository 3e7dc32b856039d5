// SPDX-License-Identifier: Apache-2.0
package consort.script;

import consort.api.script.JobStatus;
import consort.commands.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Jobs on disk: {@code ID.json} says how one is doing, {@code ID.result.json} what it gave. A disk
 * that fails costs no job, only what a restart would know of it.
 */
final class JobStore {

  private static final Logger LOG = LoggerFactory.getLogger(JobStore.class);
  private static final String STATUS = ".json";
  private static final String RESULT = ".result.json";
  private static final long LONGEST = 64L << 20;

  private final Path folder;

  JobStore(Path folder) {
    this.folder = folder;
  }

  /** All that is known, in the order it came. */
  List<JobStatus> read() {
    List<JobStatus> read = new ArrayList<>();
    if (!Files.isDirectory(folder)) {
      return read;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (name.endsWith(STATUS) && !name.endsWith(RESULT)) {
          read(file, read);
        }
      }
    } catch (IOException e) {
      LOG.warn("the jobs in {} cannot be read: {}", folder, e.getMessage());
    }
    read.sort(Comparator.comparingLong(JobStatus::createdMs).thenComparing(JobStatus::id));
    return read;
  }

  private static void read(Path file, List<JobStatus> into) {
    try {
      Map<String, Object> map = Json.read(bytes(file));
      into.add(
          new JobStatus(
              (String) map.get("id"),
              (String) map.get("type"),
              JobStatus.State.valueOf(((String) map.get("state")).toUpperCase(Locale.ROOT)),
              (String) map.get("by"),
              ((Number) map.get("created_at")).longValue(),
              ((Number) map.get("started_at")).longValue(),
              ((Number) map.get("finished_at")).longValue(),
              (String) map.get("error")));
    } catch (IOException | RuntimeException e) {
      LOG.warn("{} is no job and is left alone: {}", file, e.getMessage());
    }
  }

  private static byte[] bytes(Path file) throws IOException {
    if (Files.size(file) > LONGEST) {
      throw new IOException("it is longer than " + (LONGEST >> 20) + " MiB");
    }
    return Files.readAllBytes(file);
  }

  void write(JobStatus job) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("id", job.id());
    map.put("type", job.type());
    map.put("state", job.state().text());
    map.put("by", job.by());
    map.put("created_at", job.createdMs());
    map.put("started_at", job.startedMs());
    map.put("finished_at", job.finishedMs());
    map.put("error", job.error());
    write(job.id() + STATUS, map);
  }

  void writeResult(String id, Map<String, Object> result) {
    write(id + RESULT, result);
  }

  /** What a job gave; null when there is nothing. */
  Map<String, Object> result(String id) {
    Path file = folder.resolve(id + RESULT);
    if (!Files.exists(file)) {
      return null;
    }
    try {
      return Json.read(bytes(file));
    } catch (IOException | IllegalArgumentException e) {
      LOG.warn("the result {} cannot be read: {}", file, e.getMessage());
      return null;
    }
  }

  void delete(String id) {
    try {
      Files.deleteIfExists(folder.resolve(id + STATUS));
      Files.deleteIfExists(folder.resolve(id + RESULT));
    } catch (IOException e) {
      LOG.warn("the job {} cannot be removed: {}", id, e.getMessage());
    }
  }

  private void write(String name, Map<String, Object> map) {
    try {
      Files.createDirectories(folder);
      Path beside = folder.resolve(name + ".new");
      Files.write(beside, Json.write(map).getBytes(StandardCharsets.UTF_8));
      Files.move(
          beside,
          folder.resolve(name),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.warn("{} cannot be written: {}", folder.resolve(name), e.getMessage());
    }
  }
}
