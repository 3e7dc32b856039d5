// SPDX-License-Identifier: Apache-2.0
package consort.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {

  @TempDir Path home;
  private final Map<String, String> properties = new HashMap<>();

  @BeforeEach
  void name() {
    properties.put("consort.home", home.toString());
  }

  private Settings read() throws IOException {
    return Settings.read(properties::get);
  }

  private void write(String yaml) throws IOException {
    Files.createDirectories(home.resolve("etc"));
    Files.writeString(home.resolve("etc/consort.yaml"), yaml);
  }

  @Test
  void withoutAFileItIsTheDocumentedPortOnLoopback() throws IOException {
    Settings settings = read();

    assertThat(settings.host()).isEqualTo("127.0.0.1");
    assertThat(settings.port()).isEqualTo(8555);
    assertThat(settings.anonymous()).isNull();
    assertThat(settings.node()).isNotBlank();
  }

  @Test
  void theFileSaysNodeHostAndPort() throws IOException {
    write("# mine\nnode: bench1\nhttp:\n  host: localhost\n  port: 9000\n  anonymous: operator\n");

    assertThat(read()).isEqualTo(new Settings(home, "bench1", "localhost", 9000, Role.OPERATOR));
  }

  @Test
  void thePropertyWins() throws IOException {
    write("http: {port: 9000}\n");
    properties.put("consort.http.port", "0");

    assertThat(read().port()).isZero();
  }

  @Test
  void moreThanLoopbackIsRefused() throws IOException {
    for (String host : new String[] {"0.0.0.0", "10.0.0.1", "'::'"}) {
      write("http: {host: " + host + "}\n");

      assertThatThrownBy(this::read).hasMessageContaining("is not a loopback address");
    }
  }

  @Test
  void mistakesAreNamedWithTheirPlace() throws IOException {
    write("node: x\nhttp:\n  prot: 1\n");
    assertThatThrownBy(this::read)
        .hasMessage(
            home + "/etc/consort.yaml:3:3: unknown key 'prot'; http has host, port and anonymous");
    write("node: x\nmesh: {a: 1}\n");
    assertThatThrownBy(this::read)
        .hasMessage(home + "/etc/consort.yaml:2:1: unknown key 'mesh'; the file has node and http");
    write("http:\n  anonymous: root\n");
    assertThatThrownBy(this::read)
        .hasMessage(
            home
                + "/etc/consort.yaml:2:14: 'root' is no role; anonymous is observer, operator or"
                + " administrator");
    write("http:\n  port: many\n");
    assertThatThrownBy(this::read).hasMessage(home + "/etc/consort.yaml:2:9: 'many' is not a port");
    write("http: 5\n");
    assertThatThrownBy(this::read).hasMessageContaining(":1:7: http must be a mapping");
    write("http: {port: 70000}\n");
    assertThatThrownBy(this::read).hasMessageContaining("70000 is outside [0, 65535]");
    write("http: {port: [}\n");
    assertThatThrownBy(this::read).hasMessageContaining("consort.yaml:1:");
    write("http: &a {port: 1}\n");
    assertThatThrownBy(this::read).isInstanceOf(IllegalArgumentException.class);
  }
}
