// SPDX-License-Identifier: Apache-2.0
package consort.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Caller;
import consort.api.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenAuthenticatorTest {

  @TempDir Path home;
  private Path file;

  @BeforeEach
  void name() {
    file = home.resolve("data/keys/admin.token");
  }

  @Test
  void theFirstStartMakesATokenThatOnlyItsOwnerReads() throws IOException {
    TokenAuthenticator authenticator = new TokenAuthenticator(home);

    String token = Files.readString(file).strip();
    assertThat(token).matches("[0-9a-f]{64}");
    assertThat(mode(file)).isEqualTo("rw-------");
    assertThat(mode(file.getParent())).isEqualTo("rwx------");
    assertThat(file.getParent()).isDirectoryNotContaining("glob:**.new");
    assertThat(authenticator.authenticate(token, "http"))
        .contains(new Caller("admin", Role.ADMINISTRATOR, "http"));
  }

  @Test
  void everyNodeHasATokenOfItsOwnAndKeepsIt() throws IOException {
    new TokenAuthenticator(home);
    String token = Files.readString(file);
    new TokenAuthenticator(home.resolve("other"));

    new TokenAuthenticator(home);

    assertThat(Files.readString(file)).isEqualTo(token);
    assertThat(Files.readString(home.resolve("other/data/keys/admin.token"))).isNotEqualTo(token);
  }

  @Test
  void nobodyElseGetsIn() throws IOException {
    TokenAuthenticator authenticator = new TokenAuthenticator(home);
    String token = Files.readString(file).strip();

    for (String wrong :
        new String[] {"", " ", token + " ", token.substring(1), "x".repeat(100_000)}) {
      assertThat(authenticator.authenticate(wrong, "http")).isEmpty();
    }
  }

  @Test
  void aFileThatOthersMayReadIsClosedAgain() throws IOException {
    new TokenAuthenticator(home);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    Files.setPosixFilePermissions(file.getParent(), PosixFilePermissions.fromString("rwxrwxrwx"));

    new TokenAuthenticator(home);

    assertThat(mode(file)).isEqualTo("rw-------");
    assertThat(mode(file.getParent())).isEqualTo("rwx------");
  }

  @Test
  void aFileWithoutATokenIsRefusedWithWhatToDo() throws IOException {
    for (String content : new String[] {"", "secret", "x".repeat(100_000)}) {
      Files.createDirectories(file.getParent());
      Files.writeString(file, content);

      assertThatThrownBy(() -> new TokenAuthenticator(home))
          .hasMessage(file + " holds no token; remove it, a token is made anew");
    }
  }

  @Test
  void aLinkToElsewhereIsRefused() throws IOException {
    new TokenAuthenticator(home.resolve("other"));
    Files.createDirectories(file.getParent());
    Files.createSymbolicLink(file, home.resolve("other/data/keys/admin.token"));

    assertThatThrownBy(() -> new TokenAuthenticator(home)).hasMessageContaining("symbolic link");
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
