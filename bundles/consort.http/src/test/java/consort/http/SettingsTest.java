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
  void whatSingleNodesMayDoIsARoleOrARoleAndAFilter() throws IOException {
    write(
        """
        remote:
          listen: tls://0.0.0.0:8600
          nodes: {b2: observer, b3: {role: operator, instruments: '(a=b)'}, b9: none}
        """);
    assertThat(read().port()).isEqualTo(Settings.PORT);

    write("remote:\n  nodes: {b2: obsrver, b3: {rule: none}, b4: [none], b5: {role: owner}}\n");
    assertThatThrownBy(this::read)
        .hasMessageContaining(
            ":2:15: /remote/nodes/b2: 'obsrver' is not one of observer, operator,")
        .hasMessageContaining(
            ":2:29: /remote/nodes/b3/rule: unknown key 'rule'; did you mean 'role'?")
        .hasMessageContaining(":2:46: /remote/nodes/b4: this is a list, not text or a map")
        .hasMessageContaining(":2:65: /remote/nodes/b5/role: 'owner' is not one of");
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
    write("node: x\nhttp:\n  prot: 1\n  anonymous: root\nmesh: {a: 1}\n");
    String file = home + "/etc/consort.yaml";
    assertThatThrownBy(this::read)
        .hasMessage(
            file
                + ":3:3: /http/prot: unknown key 'prot'; did you mean 'port'?\n"
                + file
                + ":4:14: /http/anonymous: 'root' is not one of observer, operator, administrator\n"
                + file
                + ":5:1: /mesh: unknown key 'mesh';"
                + " allowed are discovery, http, imports, node, peers, remote");
    write("http:\n  port: many\n");
    assertThatThrownBy(this::read)
        .hasMessage(file + ":2:9: /http/port: 'many' is text, not an integer");
    write("http: 5\n");
    assertThatThrownBy(this::read).hasMessageContaining(":1:7: /http: 5 is an integer, not a map");
    write("http: {port: 70000}\n");
    assertThatThrownBy(this::read).hasMessageContaining("70000 is outside [0, 65535]");
    write("http: {port: [}\n");
    assertThatThrownBy(this::read).hasMessageContaining("consort.yaml:1:");
    write("http: &a {port: 1}\n");
    assertThatThrownBy(this::read).isInstanceOf(IllegalArgumentException.class);
  }
}
