// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Time is the test's: it passes between two looks only. */
final class FolderTest {

  private static final Duration MOMENT = Duration.ofMillis(20);
  private static final Instant START = Instant.parse("2026-01-01T12:00:00.123Z");

  @TempDir private Path path;
  private final List<String> seen = new ArrayList<>();
  private final Time time = new Time();
  private boolean accepting = true;
  private String unbearable;
  private Folder folder;

  private static final class Time extends Clock {
    private Duration passed = Duration.ZERO;

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return START.plus(passed);
    }
  }

  private final Folder.Listener listener =
      new Folder.Listener() {
        @Override
        public boolean changed(Path file, byte[] bytes, boolean last) {
          if (file.getFileName().toString().equals(unbearable)) {
            throw new StackOverflowError();
          }
          boolean accepted = accepting || last;
          seen.add(
              file.getFileName()
                  + " "
                  + new String(bytes, StandardCharsets.UTF_8)
                  + (accepted ? "" : " (not yet)"));
          return accepted;
        }

        @Override
        public void unreadable(Path file, String why) {
          seen.add(file.getFileName() + " unreadable: " + why);
        }

        @Override
        public void gone(Path file) {
          seen.add(file.getFileName() + " gone");
        }

        @Override
        public void folder(String why) {
          if (why != null) {
            seen.add("folder: " + why);
          }
        }
      };

  @BeforeEach
  void make() {
    folder = Folder.of(path, name -> name.endsWith(".x"), 10, time);
  }

  private List<String> look() {
    seen.clear();
    folder.look(time.passed.toNanos(), listener);
    return List.copyOf(seen);
  }

  private List<String> lookAfter(Duration duration) {
    time.passed = time.passed.plus(duration);
    return look();
  }

  private Path write(String name, String text) throws IOException {
    Path file = Files.writeString(path.resolve(name), text);
    return Files.setLastModifiedTime(file, FileTime.from(time.instant()));
  }

  private void old(Path file) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(START.minusSeconds(60)));
  }

  @Test
  void oldFilesAreReadAtTheFirstLookInTheOrderOfNames() throws IOException {
    old(write("b.x", "2"));
    old(write("a.x", "1"));

    assertThat(look()).containsExactly("a.x 1", "b.x 2");
    assertThat(folder.busy()).isFalse();
    assertThat(lookAfter(MOMENT)).isEmpty();
  }

  @Test
  void aYoungFileIsReadWhenItHasNotChangedForAWhile() throws IOException {
    write("a.x", "1");

    assertThat(look()).isEmpty();
    assertThat(folder.busy()).isTrue();
    assertThat(lookAfter(MOMENT)).isEmpty();
    assertThat(lookAfter(Folder.STABLE)).containsExactly("a.x 1");
    assertThat(folder.busy()).isFalse();
  }

  @Test
  void aFileThatAppearsLaterIsLookedAtTwiceHoweverOldItSaysToBe() throws IOException {
    look();
    old(write("a.x", "1"));

    assertThat(lookAfter(Duration.ofMinutes(1))).isEmpty();
    assertThat(lookAfter(Folder.STABLE)).containsExactly("a.x 1");
  }

  @Test
  void aFileThatGrowsIsNotReadBeforeItStops() throws IOException {
    look();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 9; i++) {
      write("a.x", text.append(i).toString());
      assertThat(lookAfter(MOMENT.multipliedBy(4))).isEmpty();
    }

    assertThat(lookAfter(Folder.STABLE)).containsExactly("a.x 012345678");
  }

  @Test
  void aFileThatMakesNoSenseIsOfferedAgainWhenPatienceIsOver() throws IOException {
    look();
    accepting = false;
    write("a.x", "na");
    look();

    assertThat(lookAfter(Folder.STABLE)).containsExactly("a.x na (not yet)");
    assertThat(lookAfter(MOMENT)).isEmpty();
    assertThat(folder.busy()).isTrue();
    assertThat(lookAfter(Folder.PATIENCE)).containsExactly("a.x na");
    assertThat(folder.busy()).isFalse();
  }

  @Test
  void aFileThatIsCompletedInTimeIsNeverTakenHalf() throws IOException {
    look();
    accepting = false;
    write("a.x", "na");
    look();
    lookAfter(Folder.STABLE);
    accepting = true;
    write("a.x", "name");
    lookAfter(MOMENT);

    assertThat(lookAfter(Folder.STABLE)).containsExactly("a.x name");
  }

  @Test
  void aChangeOfEqualLengthIsSeenByItsTime() throws IOException {
    old(write("a.x", "1"));
    look();
    time.passed = Duration.ofMillis(5);
    write("a.x", "2");

    assertThat(look()).isEmpty();
    assertThat(lookAfter(Folder.STABLE)).containsExactly("a.x 2");
  }

  @Test
  void aChangeWithinOneSecondOfACoarseClockIsNotMissed() throws IOException {
    FileTime second = FileTime.from(Instant.parse("2026-01-01T12:00:00Z"));
    Path file = Files.setLastModifiedTime(write("a.x", "1"), second);
    assertThat(look()).containsExactly("a.x 1");
    Files.writeString(file, "2");
    Files.setLastModifiedTime(file, second);

    assertThat(lookAfter(Duration.ofSeconds(1))).isEmpty();
    assertThat(lookAfter(Duration.ofSeconds(3))).containsExactly("a.x 2");
    assertThat(lookAfter(Duration.ofSeconds(3))).isEmpty();
  }

  @Test
  void aFileIsGoneWhenItWasAbsentForAWhile() throws IOException {
    Path file = write("a.x", "1");
    old(file);
    look();
    Files.delete(file);

    assertThat(lookAfter(MOMENT)).isEmpty();
    assertThat(folder.present(file)).isFalse();
    assertThat(lookAfter(Folder.ABSENT)).containsExactly("a.x gone");
    assertThat(lookAfter(Folder.ABSENT)).isEmpty();
  }

  @Test
  void aFileThatIsDeletedAndWrittenAnewIsAChange() throws IOException {
    Path file = write("a.x", "1");
    old(file);
    look();
    Files.delete(file);
    lookAfter(MOMENT);
    write("a.x", "22");
    lookAfter(MOMENT);

    assertThat(lookAfter(Folder.STABLE)).containsExactly("a.x 22");
    assertThat(lookAfter(Folder.ABSENT)).isEmpty();
  }

  @Test
  void aRenamedFileIsKnownByItsNewNameBeforeItsOldOneIsGone() throws IOException {
    Path file = write("a.x", "1");
    old(file);
    look();
    Files.move(file, path.resolve("b.x"));
    lookAfter(MOMENT);

    assertThat(lookAfter(Folder.STABLE)).containsExactly("b.x 1");
    assertThat(lookAfter(Folder.ABSENT)).containsExactly("a.x gone");
  }

  @Test
  void aFileWrittenElsewhereAndMovedHereIsReadAfterTwoLooks() throws IOException {
    look();
    Files.move(write("a.x.tmp", "1"), path.resolve("a.x"));
    look();

    assertThat(lookAfter(Folder.STABLE)).containsExactly("a.x 1");
  }

  @Test
  void namesThatProgramsUseForThemselvesAreIgnored() throws IOException {
    for (String name : List.of(".a.x", "a.x~", "a.x.tmp", "a.x.part", "a.y")) {
      old(write(name, "1"));
    }
    Files.createDirectory(path.resolve("folder.x"));

    assertThat(look()).isEmpty();
    assertThat(folder.busy()).isFalse();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFileThatMayBeReadNowIsRead() throws IOException {
    Path file = write("a.x", "1");
    old(file);
    Files.setPosixFilePermissions(file, Set.of());
    assumeFalse(Files.isReadable(file), "root reads everything");

    assertThat(look())
        .containsExactly("a.x unreadable: the file cannot be read: permission denied");
    assertThat(lookAfter(MOMENT)).isEmpty();
    Files.setPosixFilePermissions(file, Set.of(PosixFilePermission.OWNER_READ));
    assertThat(lookAfter(MOMENT)).containsExactly("a.x 1");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aDeviceIsNotReadAsItHasNoEnd() throws IOException {
    Files.createSymbolicLink(path.resolve("a.x"), Path.of("/dev/zero"));
    old(write("b.x", "2"));

    look();
    assertThat(lookAfter(Folder.PATIENCE))
        .containsExactly("a.x unreadable: this is a device, a pipe or a socket, not a file");
    assertThat(folder.busy()).isFalse();
  }

  @Test
  void aFileThatItsReaderCannotBearKeepsNoOtherFromBeingRead() throws IOException {
    old(write("a.x", "1"));
    old(write("b.x", "2"));
    unbearable = "a.x";

    assertThat(look())
        .containsExactly(
            "a.x unreadable: it cannot be read: java.lang.StackOverflowError", "b.x 2");
    assertThat(folder.busy()).isFalse();
  }

  @Test
  void aHugeFileIsNotRead() throws IOException {
    old(write("a.x", "12345678901"));

    assertThat(look())
        .containsExactly("a.x unreadable: the file has 11 bytes; at most 10 are read");
  }

  @Test
  void aLinkToNothingIsNoFile() throws IOException {
    Files.createSymbolicLink(path.resolve("a.x"), path.resolve("nowhere"));

    assertThat(look()).isEmpty();
  }

  @Test
  void aFolderThatIsAwayTakesNothingWithIt() throws IOException {
    Path inner = Files.createDirectory(path.resolve("inner"));
    folder = Folder.of(inner, name -> true, 10, time);
    old(Files.writeString(inner.resolve("a"), "1"));
    look();
    Files.move(inner, path.resolve("away"));

    assertThat(lookAfter(Folder.ABSENT)).containsExactly("folder: it does not exist");
    assertThat(lookAfter(Folder.ABSENT)).containsExactly("folder: it does not exist");

    Files.move(path.resolve("away"), inner);
    assertThat(lookAfter(Folder.ABSENT)).isEmpty();
  }
}
