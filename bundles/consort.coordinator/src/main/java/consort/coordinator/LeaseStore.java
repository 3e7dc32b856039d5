// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Caller;
import consort.api.LeaseToken;
import consort.api.Role;
import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.zip.CRC32;

/**
 * The folder {@code data/leases}: {@code epoch}, written through to the disk before a lease of it
 * is given, and {@code table}, written now and then. Each file is replaced as a whole; what is torn
 * or strange counts as missing.
 */
final class LeaseStore {

  private static final String HEAD = "consort-leases-1";
  private static final int LONGEST = 16 << 20;
  private static final int FIELDS = 11;

  private final Path folder;

  LeaseStore(Path folder) {
    this.folder = folder;
  }

  /**
   * What was found.
   *
   * @param epoch the last epoch that may have given leases, 0 for none
   * @param leases those that have not expired
   * @param problem what could not be read; empty when all is well
   */
  record Saved(long epoch, List<Grant> leases, String problem) {}

  /** Reads both files. */
  Saved read(long nanoTime, Instant now) {
    List<String> problems = new ArrayList<>();
    long epoch = 0;
    try {
      epoch = Long.parseLong(text("epoch").strip());
    } catch (NoSuchFileException e) {
      // the first start
    } catch (IOException | NumberFormatException e) {
      // A number that no former start can have had, as long as the clock is about right.
      epoch = now.getEpochSecond();
      problems.add(folder.resolve("epoch") + " cannot be read: " + e.getMessage());
    }
    List<Grant> leases = List.of();
    try {
      leases = decode(text("table"), nanoTime, now);
    } catch (NoSuchFileException e) {
      // nothing was ever leased
    } catch (IOException | RuntimeException e) {
      problems.add(folder.resolve("table") + " cannot be read: " + e.getMessage());
    }
    for (Grant lease : leases) {
      epoch = Math.max(epoch, lease.token.epoch());
    }
    return new Saved(epoch, leases, String.join("; ", problems));
  }

  private String text(String file) throws IOException {
    Path path = folder.resolve(file);
    if (Files.size(path) > LONGEST) {
      throw new IOException("longer than " + LONGEST + " bytes");
    }
    return Files.readString(path);
  }

  /** Writes the epoch; on return it is on the disk. */
  void writeEpoch(long epoch) throws IOException {
    replace("epoch", epoch + "\n", true);
  }

  /** Writes the table. */
  void writeTable(Collection<Grant> leases, long nanoTime, Instant now) throws IOException {
    replace("table", encode(leases, nanoTime, now), false);
  }

  private void replace(String file, String text, boolean durably) throws IOException {
    Files.createDirectories(folder);
    Path beside = folder.resolve(file + ".new");
    try (FileChannel channel =
        FileChannel.open(
            beside,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(
        beside,
        folder.resolve(file),
        StandardCopyOption.REPLACE_EXISTING,
        StandardCopyOption.ATOMIC_MOVE);
    if (durably) {
      syncFolder();
    }
  }

  /** So that the new name survives a power loss; not every system can open a folder. */
  private void syncFolder() {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // what the system cannot do is left to it
    }
  }

  /** One line for each lease, with the time it still had when they were saved. */
  static String encode(Collection<Grant> leases, long nanoTime, Instant now) {
    StringBuilder out = new StringBuilder(HEAD).append('\t').append(now.toEpochMilli());
    for (Grant lease : leases) {
      Grant.Terms terms = lease.terms;
      HolderProcess process = terms.process();
      out.append('\n');
      List<Object> fields =
          new ArrayList<>(
              List.of(
                  lease.token.epoch(),
                  lease.token.counter(),
                  lease.left(nanoTime) / 1_000_000,
                  terms.ttl().toMillis(),
                  lease.since.toEpochMilli(),
                  process == null ? 0 : process.pid(),
                  process == null ? 0 : process.started(),
                  terms.readers(),
                  terms.owner().role(),
                  terms.owner().face(),
                  terms.owner().name()));
      fields.add(terms.client());
      fields.add(terms.purpose());
      fields.addAll(terms.names());
      for (int i = 0; i < fields.size(); i++) {
        String text = URLEncoder.encode(String.valueOf(fields.get(i)), StandardCharsets.UTF_8);
        out.append(i == 0 ? "" : "\t").append(text);
      }
    }
    out.append('\n');
    return out.append(checksum(out.toString())).append('\n').toString();
  }

  /**
   * Reads what {@link #encode} wrote. The wall clock only tells how long ago that was: where it was
   * set back, nothing counts as passed, so that no lease holds longer than it had left.
   */
  static List<Grant> decode(String text, long nanoTime, Instant now) {
    int last = text.lastIndexOf('\n', text.length() - 2) + 1;
    if (last <= 0
        || !text.endsWith("\n")
        || !text.substring(last).strip().equals(checksum(text.substring(0, last)))) {
      throw new IllegalArgumentException("it is torn or was changed");
    }
    List<Grant> leases = new ArrayList<>();
    String[] lines = text.substring(0, last).split("\n");
    String[] head = lines[0].split("\t");
    if (!head[0].equals(HEAD)) {
      throw new IllegalArgumentException("it is of another version: " + head[0]);
    }
    long passed = Math.max(0, now.toEpochMilli() - Long.parseLong(head[1]));
    for (String line : Arrays.asList(lines).subList(1, lines.length)) {
      String[] fields = line.split("\t", -1);
      for (int i = 0; i < fields.length; i++) {
        fields[i] = URLDecoder.decode(fields[i], StandardCharsets.UTF_8);
      }
      long left = Long.parseLong(fields[2]) - passed;
      if (left > 0) {
        leases.add(lease(fields, nanoTime + Duration.ofMillis(left).toNanos()));
      }
    }
    return leases;
  }

  private static Grant lease(String[] f, long expires) {
    HolderProcess process =
        f[5].equals("0") ? null : new HolderProcess(Long.parseLong(f[5]), Long.parseLong(f[6]));
    List<Claim> claims =
        Arrays.asList(f).subList(FIELDS + 2, f.length).stream().map(Claim::of).toList();
    return new Grant(
        new LeaseToken(Long.parseLong(f[0]), Long.parseLong(f[1])),
        new Grant.Terms(
            claims,
            new Caller(f[10], Role.valueOf(f[8]), f[9]),
            f[FIELDS],
            Duration.ofMillis(Long.parseLong(f[3])),
            Boolean.parseBoolean(f[7]),
            f[FIELDS + 1],
            process),
        Instant.ofEpochMilli(Long.parseLong(f[4])),
        true,
        expires);
  }

  private static String checksum(String text) {
    CRC32 sum = new CRC32();
    sum.update(text.getBytes(StandardCharsets.UTF_8));
    return Long.toHexString(sum.getValue());
  }
}
