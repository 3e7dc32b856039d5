// SPDX-License-Identifier: Apache-2.0
package consort.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.security.LaboratoryKeys.Entry;
import consort.security.LaboratoryKeys.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class LaboratoryKeysTest {

  @TempDir static Path made;
  private static List<Entry> entries;

  @TempDir Path root;
  private Path home;
  private LaboratoryKeys keys;

  @BeforeAll
  static void make() throws IOException {
    entries = new LaboratoryKeys(made, "bench1").init(false);
  }

  @BeforeEach
  void copy() throws IOException {
    home = root.resolve("bench1");
    Homes.copy(made, home);
    keys = new LaboratoryKeys(home, "bench1");
  }

  private Path file(String name) {
    return home.resolve("data/keys").resolve(name);
  }

  @Test
  void initMakesAnAuthorityAndThisNodesKeyThatOnlyItsOwnerReads() throws IOException {
    assertThat(entries)
        .extracting(Entry::kind)
        .containsExactly(Kind.AUTHORITY, Kind.TRUSTED, Kind.NODE);
    assertThat(entries)
        .extracting(Entry::name)
        .containsExactly("Consort CA of bench1", "Consort CA of bench1", "bench1");
    assertThat(entries.get(2).until())
        .isBetween(
            Instant.now().plus(Duration.ofDays(396)), Instant.now().plus(Duration.ofDays(397)));
    assertThat(new LaboratoryKeys(made, "bench1").list())
        .containsExactlyInAnyOrderElementsOf(entries);
    try (Stream<Path> all = Files.walk(made.resolve("data/keys"))) {
      assertThat(all)
          .allSatisfy(
              path ->
                  assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                      .endsWith("------"))
          .noneMatch(path -> path.toString().matches(".*(\\.new|\\.work|\\.p12).*"));
    }
  }

  @Test
  void nothingIsReplacedUnasked() throws IOException {
    Entry issued = keys.issue("bench2", 10, false);
    byte[] authority = Files.readAllBytes(file("ca.key"));
    byte[] own = Files.readAllBytes(file("node.pem"));
    byte[] others = Files.readAllBytes(issued.file());

    assertThatThrownBy(() -> keys.init(false))
        .hasMessage(
            file("ca.pem")
                + " is there, and the nodes it signed trust it; --replace makes a new one");
    assertThatThrownBy(() -> keys.issue("bench1", 10, false))
        .hasMessage(file("node.pem") + " is there, the key of bench1; --replace makes a new one");
    assertThatThrownBy(() -> keys.issue("bench2", 10, false)).hasMessageContaining("--replace");

    assertThat(file("ca.key")).hasBinaryContent(authority);
    assertThat(file("node.pem")).hasBinaryContent(own);
    assertThat(issued.file()).hasBinaryContent(others);
  }

  @Test
  void whatWasIssuedIsTakenByTheNodeItIsFor() throws IOException {
    Entry issued = keys.issue("bench2", 10, false);
    assertThat(issued.file()).isEqualTo(file("issued/bench2.pem"));
    LaboratoryKeys bench2 = new LaboratoryKeys(root.resolve("bench2"), "bench2");

    assertThat(bench2.trust(issued.file(), false))
        .extracting(Entry::kind)
        .containsExactly(Kind.TRUSTED, Kind.NODE);
    // Once more is no harm.
    bench2.trust(issued.file(), false);

    assertThat(bench2.list()).extracting(Entry::name).contains("bench2", "Consort CA of bench1");
    assertThatThrownBy(
            () -> new LaboratoryKeys(root.resolve("bench3"), "bench3").trust(issued.file(), false))
        .hasMessageContaining("is for the node 'bench2', and this one is called 'bench3'");
    assertThat(root.resolve("bench3")).doesNotExist();
  }

  @Test
  void anotherKeyOfANodeIsTakenOnlyWhenAsked() throws IOException {
    LaboratoryKeys bench2 = new LaboratoryKeys(root.resolve("bench2"), "bench2");
    bench2.trust(keys.issue("bench2", 10, false).file(), false);
    Entry second = keys.issue("bench2", 20, true);

    assertThatThrownBy(() -> bench2.trust(second.file(), false)).hasMessageContaining("--replace");
    assertThat(bench2.trust(second.file(), true).get(1).fingerprint())
        .isEqualTo(second.fingerprint());
  }

  @Test
  void aKeyThatDoesNotFitIsNotTaken() throws IOException {
    Pem one = Pem.read(keys.issue("bench2", 10, false).file());
    Pem other = Pem.read(keys.issue("bench2", 10, true).file());
    Path mixed =
        Files.write(root.resolve("mixed.pem"), new Pem(one.key(), other.certificates()).bytes());
    LaboratoryKeys bench2 = new LaboratoryKeys(root.resolve("bench2"), "bench2");

    assertThatThrownBy(() -> bench2.trust(mixed, false))
        .hasMessage(mixed + ": the key is not that of the certificate");
    assertThat(root.resolve("bench2")).doesNotExist();
  }

  @Test
  void aFileWithoutAnAuthorityIsNotTaken() throws IOException {
    Pem node = Pem.read(file("node.pem"));
    Path alone =
        Files.write(
            root.resolve("alone.pem"),
            new Pem(java.util.Optional.empty(), node.certificates().subList(0, 1)).bytes());

    assertThatThrownBy(() -> keys.trust(alone, false))
        .hasMessageContaining("holds no certificate of an authority");
    assertThatThrownBy(() -> keys.trust(root.resolve("nowhere"), false))
        .hasMessage(root.resolve("nowhere") + " is not there");
  }

  @Test
  void withoutAnAuthorityNothingIsIssued() {
    LaboratoryKeys alone = new LaboratoryKeys(root.resolve("alone"), "alone");

    assertThatThrownBy(() -> alone.issue("bench2", 10, false))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("issue keys on the node where 'consort keys init' was run");
  }

  @Test
  void namesThatNoCertificateCanHaveAndWrongDaysAreRefused() throws IOException {
    for (String name : new String[] {"", "../x", "a b", "-x", "x,O=y", "ä", "x".repeat(64)}) {
      assertThatThrownBy(() -> keys.issue(name, 10, false))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("1 to 63 letters");
    }
    assertThatThrownBy(() -> keys.issue("bench2", 0, false)).hasMessageContaining("[1, 3650]");
    assertThat(file("issued")).doesNotExist();
  }

  @Test
  void aNodesCertificateDoesNotOutliveItsAuthority() throws IOException {
    Pem brief = new Keytool(root).authority("brief", new Keytool.Validity("-1d", 6));
    Files.write(file("ca.key"), brief.bytes());

    assertThatThrownBy(() -> keys.issue("bench2", 30, false))
        .hasMessageContaining("before 30 days are over")
        .hasMessageContaining("keys init --replace");
    assertThat(keys.issue("bench2", 2, false).name()).isEqualTo("bench2");
  }

  @Test
  void namesThatAreNoHostNamesAreNamesOfNodes() throws IOException {

    assertThat(keys.issue("bench_2.left", 10, false).name()).isEqualTo("bench_2.left");
  }
}
