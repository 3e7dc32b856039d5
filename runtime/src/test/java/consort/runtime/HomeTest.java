// SPDX-License-Identifier: Apache-2.0
package consort.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HomeTest {

  @TempDir private Path folder;
  private Home home;

  @BeforeEach
  void makeDefaults() throws IOException {
    for (String name : new String[] {"etc", "drivers", "definitions", "instruments", "scripts"}) {
      Files.writeString(
          Files.createDirectories(folder.resolve("defaults").resolve(name)).resolve("a"), name);
    }
    home = new Home(folder.resolve("home"));
  }

  @Test
  void fillsAFreshFolderAndKeepsWhatIsThere() throws IOException {
    Path mine = Files.createDirectories(home.root().resolve("etc")).resolve("mine");
    Files.writeString(mine, "x");

    home.prepare(folder.resolve("defaults"));

    assertThat(home.root().resolve("drivers/a")).hasContent("drivers");
    assertThat(home.root().resolve("etc/a")).doesNotExist();
    assertThat(mine).hasContent("x");
    assertThat(home.logs()).isDirectory();
  }

  @Test
  void aFileLeftByAKilledNodeIsNoProcess() throws IOException {
    home.prepare(folder.resolve("defaults"));
    assertThat(home.process()).isEmpty();

    Files.writeString(home.pidFile(), ProcessHandle.current().pid() + "\n");

    assertThat(home.process()).as("alive, but it holds no lock").isEmpty();
  }

  @Test
  void readsTheNodesFileOnlyWhenItIsComplete() throws IOException {
    home.prepare(folder.resolve("defaults"));
    Files.writeString(home.nodeFile(), "{\"pid\":12,");
    assertThat(home.node()).isEmpty();

    Files.writeString(
        home.nodeFile(),
        "{\"pid\": 12, \"port\": 8555, \"node\": \"bench1\", \"started\": \"2026-01-01T00:00:00Z\"}");

    assertThat(home.node()).contains(new Home.Node(12, 8555, "bench1"));
  }

  @Test
  void takesItsNameFromTheConfigurationElseFromTheComputer() throws IOException {
    home.prepare(folder.resolve("defaults"));
    assertThat(home.nodeName()).isNotBlank();

    Files.writeString(
        home.root().resolve("etc/consort.yaml"), "# node: no\nnode: \"bench1\" # mine\n");

    assertThat(home.nodeName()).isEqualTo("bench1");
  }

  @Test
  void saysWhatIsWrongWithAFolder() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "x");

    assertThatThrownBy(() -> Files.createDirectory(file))
        .satisfies(
            e ->
                assertThat(Home.said((IOException) e))
                    .isEqualTo(file + " is a file; a folder is needed there"));
    assertThatThrownBy(() -> Files.createFile(folder.resolve("no/file")))
        .satisfies(
            e ->
                assertThat(Home.said((IOException) e))
                    .isEqualTo(folder.resolve("no/file") + " is not there and cannot be made"));
  }
}
