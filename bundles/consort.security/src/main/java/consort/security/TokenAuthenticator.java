// SPDX-License-Identifier: Apache-2.0
package consort.security;

import consort.api.Authenticator;
import consort.api.Caller;
import consort.api.Role;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** Knows the administrator of this node by the token in {@code data/keys/admin.token}. */
@Component(immediate = true)
public final class TokenAuthenticator implements Authenticator {

  /** The framework property with the node's folder. */
  static final String HOME = "consort.home";

  private final byte[] administrator;

  /** Reads the token, or makes it at the first start; only its hash is kept. */
  @Activate
  public TokenAuthenticator(BundleContext context) {
    this(Path.of(Optional.ofNullable(context.getProperty(HOME)).orElse(".")));
  }

  TokenAuthenticator(Path home) {
    try {
      administrator = hash(new TokenFile(home.resolve("data/keys/admin.token")).readOrMake());
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  @Override
  public Optional<Caller> authenticate(String token, String face) {
    // Hashes have one length, so the time tells nothing about the token.
    return MessageDigest.isEqual(administrator, hash(token))
        ? Optional.of(new Caller("admin", Role.ADMINISTRATOR, face))
        : Optional.empty();
  }

  private static byte[] hash(String token) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has SHA-256
    }
  }
}
