// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SettingsTest {

  @TempDir private Path home;
  private final Map<String, String> properties = new HashMap<>();

  private Settings read() throws IOException {
    return Settings.read(properties::get);
  }

  private void file(String text) throws IOException {
    Files.writeString(Files.createDirectory(home.resolve("etc")).resolve("consort.yaml"), text);
    properties.put("consort.home", home.toString());
  }

  @Test
  void anApplicationWithoutAHomeSaysItsPeersToTheFramework() throws IOException {
    properties.put("consort.peers", "tcp://127.0.0.1:8600, unix:/run/bench2.sock");

    assertThat(read().plan().peers())
        .containsExactly("tcp://127.0.0.1:8600", "unix:/run/bench2.sock");
    assertThat(read().listen()).isNull();
  }

  @Test
  void nothingIsReadAndNobodyUsedWithoutEither() throws IOException {
    assertThat(read().plan().peers()).isEmpty();
    assertThat(read().needsKeys()).isFalse();
  }

  @Test
  void thePeersOfTheFrameworkComeInPlaceOfThoseOfTheFile() throws IOException {
    file("peers: ['tcp://127.0.0.1:1']\nimports: {a.DMM1: DMM9}\n");
    properties.put("consort.peers", "unix:a.sock");

    assertThat(read().plan().peers()).containsExactly("unix:" + home.resolve("a.sock"));
    assertThat(read().plan().names()).containsEntry("a.DMM1", "DMM9");
  }

  @Test
  void aWrongPeerIsSaidWithThePropertyItStandsIn() {
    properties.put("consort.peers", "tcp://127.0.0.1:8600,bench2");

    assertThatThrownBy(this::read)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("the framework property consort.peers: 'bench2' is no address");
  }

  @Test
  void keysAreNeededForTlsAlone() throws IOException {
    properties.put("consort.peers", "tcp://127.0.0.1:8600,unix:/run/bench2.sock");
    assertThat(read().needsKeys()).isFalse();

    properties.put("consort.peers", "tcp://127.0.0.1:8600,tls://bench2:8600");
    assertThat(read().needsKeys()).isTrue();
  }

  @Test
  void aListenerWithTlsNeedsKeys() throws IOException {
    file("remote: {listen: 'tls://127.0.0.1:8600'}\n");

    assertThat(read().needsKeys()).isTrue();
  }
}
