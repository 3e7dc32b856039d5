// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {

  @TempDir Path home;

  private Optional<Settings> read(String text) throws IOException {
    Files.createDirectories(home.resolve("etc"));
    Files.writeString(home.resolve("etc/consort.yaml"), text);
    return Settings.read(home);
  }

  @Test
  void aNodeThatSaysNothingOfZooKeeperDoesNotUseIt() throws IOException {
    assertThat(Settings.read(home)).isEmpty();
    assertThat(read("# discovery:\n")).isEmpty();
    assertThat(read("node: bench1\n")).isEmpty();
  }

  @Test
  void theServersAreEnough() throws IOException {
    assertThat(read("discovery: {zookeeper: {servers: ['zk1:2181', 'zk2:2181']}}\n"))
        .contains(
            new Settings("zk1:2181,zk2:2181", "/consort", Duration.ofSeconds(6), "", "", false));
  }

  @Test
  void everythingCanBeSaid() throws IOException {
    Files.createDirectories(home.resolve("data/keys"));
    Files.writeString(home.resolve("data/keys/zookeeper.password"), "geheim\n");

    Settings settings =
        read("""
                discovery:
                  zookeeper:
                    servers: ['127.0.0.1:2181']
                    root: /lab/two
                    session: 10s
                    user: lab
                    password_file: data/keys/zookeeper.password
                    tls: true
                """)
            .orElseThrow();

    assertThat(settings)
        .isEqualTo(
            new Settings(
                "127.0.0.1:2181", "/lab/two", Duration.ofSeconds(10), "lab", "geheim", true));
    assertThat(settings.toString()).doesNotContain("geheim");
  }

  @Test
  void wrongValuesAreNamed() {
    refuses("servers: [zk1]", "'zk1' is not HOST:PORT");
    refuses("servers: []", "is not HOST:PORT");
    refuses("servers: ['zk1:2181'], root: consort", "'consort' is not a path");
    refuses("servers: ['zk1:2181'], root: /a/", "'/a/' is not a path");
    refuses("servers: ['zk1:2181'], root: /a/..", "is not a path");
    refuses("servers: ['zk1:2181'], session: 1s", "1000 ms is outside [2 s, 60 s]");
    refuses("servers: ['zk1:2181'], session: soon", "session");
    refuses("servers: ['zk1:2181'], user: lab", "belong together");
    refuses("servers: ['zk1:2181'], user: lab, password_file: none", "none is not there");
  }

  private void refuses(String zookeeper, String reason) {
    assertThatThrownBy(() -> read("discovery: {zookeeper: {" + zookeeper + "}}\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("zookeeper")
        .hasMessageContaining(reason);
  }
}
