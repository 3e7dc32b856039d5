// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder, or a set of files, that is looked at again and again. A file is offered when its size,
 * time and identity were the same in two looks {@link #STABLE} apart; it is gone when it was absent
 * for {@link #ABSENT}, so that one that is renamed or written anew is not. Looking works where
 * notifications do not (network shares), and loses nothing.
 *
 * <p>Not threadsafe: the deploy watcher's.
 */
final class Folder {

  static final Duration STABLE = Duration.ofMillis(100);
  static final Duration ABSENT = Duration.ofMillis(300);

  /** A file that makes no sense may still be half written; after this time it is taken as it is. */
  static final Duration PATIENCE = Duration.ofSeconds(1);

  static final String NO_FILE = "this is a device, a pipe or a socket, not a file";

  private static final Logger LOG = LoggerFactory.getLogger(Folder.class);

  /** What becomes of the files. */
  interface Listener {
    /**
     * A file is new or has changed.
     *
     * @param last false when the file may be half written: it comes again if it is not accepted
     * @return whether it is accepted
     */
    boolean changed(Path file, byte[] bytes, boolean last);

    /** A file cannot be read. */
    void unreadable(Path file, String why);

    /** A file is gone. */
    void gone(Path file);

    /** The folder itself cannot be read, or can again when the reason is null. */
    void folder(String why);
  }

  private record Sign(long size, FileTime modified, Object key, boolean ordinary) {}

  private static final class Seen {
    Sign sign;
    long since;
    long absentSince = -1;
    boolean offered;
    boolean accepted;
    boolean again;

    /** Whether it could not be read; that it may be read by now does not show in its sign. */
    boolean denied;
  }

  /** Which files there are, or should be. */
  interface Listing {
    /** Those that count; some may be absent. */
    Collection<Path> files() throws IOException;
  }

  private final Listing listing;

  /** Whether a file that appears is judged by its age, and not by how long it was looked at. */
  private final boolean byAge;

  private final long largest;
  private final Clock clock;
  private final Map<Path, Seen> files = new TreeMap<>();
  private boolean first = true;
  private boolean busy;

  private Folder(Listing listing, boolean byAge, long largest, Clock clock) {
    this.listing = listing;
    this.byAge = byAge;
    this.largest = largest;
    this.clock = clock;
  }

  /**
   * A folder.
   *
   * @param wanted which names count; those of hidden, backup and temporary files never do
   * @param largest the most bytes a file may have
   * @param clock the wall clock, to which files' times are compared
   */
  static Folder of(Path path, Predicate<String> wanted, long largest, Clock clock) {
    return new Folder(() -> list(path, wanted), false, largest, clock);
  }

  /**
   * Files wherever they are, which somebody asked for by name.
   *
   * @param files which they are now
   * @param largest the most bytes a file may have
   * @param clock the wall clock, to which files' times are compared
   */
  static Folder ofFiles(Supplier<? extends Collection<Path>> files, long largest, Clock clock) {
    return new Folder(files::get, true, largest, clock);
  }

  private static List<Path> list(Path path, Predicate<String> wanted) throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(path, p -> ordinary(name(p)) && wanted.test(name(p)))) {
      entries.forEach(found::add);
    }
    return found;
  }

  /** Whether a name is one that no editor or copying program uses for its own purposes. */
  static boolean ordinary(String name) {
    return !name.startsWith(".")
        && !name.endsWith("~")
        && !name.endsWith(".tmp")
        && !name.endsWith(".part");
  }

  /** Whether a file is being waited for: the next look should come soon. */
  boolean busy() {
    return busy;
  }

  /** Whether a file is there, as far as the last look saw. */
  boolean present(Path file) {
    Seen seen = files.get(file);
    return seen != null && seen.absentSince < 0;
  }

  /**
   * Looks once.
   *
   * @param now monotonic, in nanoseconds
   */
  void look(long now, Listener listener) {
    Map<Path, Sign> signs;
    try {
      signs = signs();
    } catch (IOException | DirectoryIteratorException e) {
      // what ran goes on: a share that is away for a moment must not take all instruments with it
      listener.folder(reason(e));
      first = false;
      return;
    }
    listener.folder(null);
    signs.forEach((file, sign) -> compare(file, sign, now));
    busy = false;
    // first what is new, then what is gone: then a renamed file is known under its new name
    for (Map.Entry<Path, Seen> entry : List.copyOf(files.entrySet())) {
      if (signs.containsKey(entry.getKey())) {
        offer(entry.getKey(), entry.getValue(), now, listener);
      }
    }
    for (Map.Entry<Path, Seen> entry : List.copyOf(files.entrySet())) {
      if (!signs.containsKey(entry.getKey())) {
        absent(entry.getKey(), entry.getValue(), now, listener);
      }
    }
    first = false;
  }

  private Map<Path, Sign> signs() throws IOException {
    Collection<Path> found = listing.files();
    Map<Path, Sign> signs = new HashMap<>(found.size() * 2);
    for (Path file : found) {
      try {
        BasicFileAttributes a = Files.readAttributes(file, BasicFileAttributes.class);
        if (!a.isDirectory()) {
          signs.put(file, sign(a));
        }
      } catch (NoSuchFileException e) {
        // it went between listing and looking, or is a link to nothing
      } catch (IOException e) {
        Seen seen = files.get(file);
        if (seen != null) {
          signs.put(file, seen.sign);
        }
      }
    }
    return signs;
  }

  private static String name(Path file) {
    return file.getFileName().toString();
  }

  private static Sign sign(BasicFileAttributes a) {
    return new Sign(a.size(), a.lastModifiedTime(), a.fileKey(), a.isRegularFile());
  }

  private void compare(Path file, Sign sign, long now) {
    Seen seen = files.get(file);
    boolean aged = first || (byAge && seen == null);
    if (seen == null) {
      seen = new Seen();
      files.put(file, seen);
    }
    seen.absentSince = -1;
    if (!sign.equals(seen.sign)) {
      seen.sign = sign;
      seen.since = aged ? now - Math.max(0, age(sign).toNanos()) : now;
      seen.offered = false;
      seen.accepted = false;
      seen.again = coarse(sign);
      seen.denied = false;
    } else if (seen.denied && Files.isReadable(file)) {
      seen.accepted = false;
      seen.offered = false;
      seen.denied = false;
    } else if (seen.accepted && seen.again && age(sign).compareTo(Duration.ofSeconds(3)) > 0) {
      // the clock of this file system counts seconds: a change within one may have been missed
      seen.accepted = false;
      seen.offered = false;
      seen.again = false;
    }
  }

  private Duration age(Sign sign) {
    return Duration.between(sign.modified().toInstant(), clock.instant());
  }

  private boolean coarse(Sign sign) {
    return sign.modified().toMillis() % 1000 == 0 && age(sign).compareTo(Duration.ofSeconds(3)) < 0;
  }

  private void offer(Path file, Seen seen, long now, Listener listener) {
    if (seen.accepted) {
      return;
    }
    long stable = now - seen.since;
    boolean last = stable >= PATIENCE.toNanos();
    if (last || (stable >= STABLE.toNanos() && !seen.offered)) {
      seen.offered = true;
      seen.accepted = read(file, seen, last, listener);
    }
    busy |= !seen.accepted;
  }

  private boolean read(Path file, Seen seen, boolean last, Listener listener) {
    if (!seen.sign.ordinary()) {
      // reading a pipe or a device may never end
      if (last) {
        listener.unreadable(file, NO_FILE);
      }
      return last;
    }
    if (seen.sign.size() > largest) {
      if (last) {
        listener.unreadable(
            file, "the file has " + seen.sign.size() + " bytes; at most " + largest + " are read");
      }
      return last;
    }
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
      if (!seen.sign.equals(sign(Files.readAttributes(file, BasicFileAttributes.class)))) {
        return false; // changed meanwhile: the next look sees it
      }
    } catch (IOException e) {
      seen.denied = e instanceof AccessDeniedException;
      if (last) {
        listener.unreadable(file, "the file cannot be read: " + reason(e));
      }
      return last;
    }
    try {
      return listener.changed(file, bytes, last);
    } catch (RuntimeException | Error e) {
      // whatever a file does to its reader: the others are read
      if (last) {
        LOG.error("{} cannot be read", file, e);
        listener.unreadable(file, "it cannot be read: " + e);
      }
      return last;
    }
  }

  private void absent(Path file, Seen seen, long now, Listener listener) {
    if (seen.absentSince < 0) {
      seen.absentSince = now;
    }
    if (now - seen.absentSince >= ABSENT.toNanos()) {
      files.remove(file);
      listener.gone(file);
    } else {
      busy = true;
    }
  }

  private static String reason(Exception e) {
    Throwable cause = e instanceof DirectoryIteratorException ? e.getCause() : e;
    if (cause instanceof NoSuchFileException) {
      return "it does not exist";
    }
    if (cause instanceof AccessDeniedException) {
      return "permission denied";
    }
    return cause.getMessage();
  }
}
