// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Filter;

/** What {@code etc/consort.yaml} lets other nodes do. */
final class PermissionSettingsTest {

  @TempDir Path home;

  private Settings read(String text) throws IOException {
    Files.createDirectories(home.resolve("etc"));
    Files.writeString(home.resolve("etc/consort.yaml"), text);
    return Settings.read(Map.of("consort.home", home.toString())::get);
  }

  @Test
  void withoutMoreEveryNodeIsAnOperator() throws IOException {
    Permissions permissions = read("remote: {listen: 'tls://0.0.0.0:8600'}\n").permissions();

    assertThat(permissions.of("bench2")).isEqualTo(new Permission(Role.OPERATOR));
    assertThat(permissions.of("")).isEqualTo(new Permission(Role.OPERATOR));
  }

  @Test
  void nodesHaveARoleAndAFilterOfTheirOwn() throws IOException {
    Permissions permissions =
        read("""
                remote:
                  nodes:
                    bench2: operator
                    bench3: {role: operator, instruments: '(consort.instrument=DMM*)'}
                    bench4: {instruments: '(consort.instrument=DMM*)'}
                    bench9: none
                  role: observer
                  listen: tls://0.0.0.0:8600
                """)
            .permissions();

    assertThat(permissions.of("bench2")).isEqualTo(new Permission(Role.OPERATOR));
    Filter filter = permissions.of("bench3").instruments();
    assertThat(filter).hasToString("(consort.instrument=DMM*)");
    assertThat(permissions.of("bench3").role()).isEqualTo(Role.OPERATOR);
    assertThat(permissions.of("bench4")).isEqualTo(new Permission(Role.OBSERVER, filter));
    assertThat(permissions.of("bench9").letsIn()).isFalse();
    assertThat(permissions.of("bench77")).isEqualTo(new Permission(Role.OBSERVER));
  }

  @Test
  void roleNoneLetsInOnlyThoseThatAreNamed() throws IOException {
    Permissions permissions =
        read("remote: {listen: 'tls://0.0.0.0:8600', role: none, nodes: {bench2: observer}}\n")
            .permissions();

    assertThat(permissions.of("bench2")).isEqualTo(new Permission(Role.OBSERVER));
    assertThat(permissions.of("bench3").letsIn()).isFalse();
  }

  @Test
  void namesThatAreNotProvenAreNoReasonForAnything() {
    assertThatThrownBy(
            () ->
                read(
                    """
                    remote:
                      listen: unix:data/run/node.sock
                      nodes: {bench2: observer}
                    """))
        .hasMessageContaining("consort.yaml:3:3: /remote/nodes: only tls:// proves the name")
        .hasMessageContaining("listens on unix:");
    assertThatThrownBy(() -> read("remote:\n  nodes: {bench2: observer}\n"))
        .hasMessageContaining("consort.yaml:2:3: ")
        .hasMessageEndingWith("and this one listens nowhere");
  }

  @Test
  void mistakesAreNamedWithTheirPlace() {
    assertThatThrownBy(
            () ->
                read(
                    """
                    remote:
                      listen: tls://0.0.0.0:8600
                      role: none
                      nodes:
                        bench2: owner
                        bench3: {role: operator, instruments: 'DMM*'}
                        bench4: {instruments: '(consort.instrument=DMM*)'}
                    """))
        .hasMessageContaining(
            "consort.yaml:5:13: /remote/nodes/bench2: 'owner' is no role: observer, operator,")
        .hasMessageContaining(
            "consort.yaml:6:43: /remote/nodes/bench3/instruments: 'DMM*' is no filter")
        .hasMessageContaining("consort.yaml:7:5: /remote/nodes/bench4: the role is missing");
    assertThatThrownBy(() -> read("remote: {listen: 'tls://0.0.0.0:1', role: none}\n"))
        .hasMessageContaining("consort.yaml:1:43: /remote/role: nobody is let in");
  }
}
