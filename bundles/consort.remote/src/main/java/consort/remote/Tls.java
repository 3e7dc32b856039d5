// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Arrays;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;

/** The node's key and whom it trusts; TLS 1.3 only, both sides prove who they are. */
final class Tls {

  private final SSLContext context;

  private Tls(SSLContext context) {
    this.context = context;
  }

  /**
   * Reads two PKCS #12 files.
   *
   * @param key holds the node's key and its certificate, whose common name is the node's name
   * @param trust holds the certificates of those who certify nodes
   * @param password a file whose first line opens both
   */
  static Tls read(Path key, Path trust, Path password) throws IOException {
    try (var lines = Files.lines(password)) {
      char[] secret = lines.findFirst().orElse("").strip().toCharArray();
      KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
      keys.init(store(key, secret), secret);
      TrustManagerFactory trusted = TrustManagerFactory.getInstance("PKIX");
      trusted.init(store(trust, secret));
      Arrays.fill(secret, ' ');
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      context.init(keys.getKeyManagers(), trusted.getTrustManagers(), null);
      return new Tls(context);
    } catch (NoSuchFileException e) {
      throw new IOException("there is no " + e.getMessage(), e);
    } catch (GeneralSecurityException e) {
      throw new IOException("the keys cannot be used: " + e.getMessage(), e);
    }
  }

  private static KeyStore store(Path file, char[] secret)
      throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, secret);
    } catch (NoSuchFileException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException(file + " cannot be read: " + e.getMessage(), e);
    }
    return store;
  }

  /** The side that connects; the name in the other's certificate must be the one of the address. */
  SSLEngine client(Address address) {
    SSLEngine engine = context.createSSLEngine(address.host(), address.port());
    engine.setUseClientMode(true);
    SSLParameters parameters = parameters(engine);
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    engine.setSSLParameters(parameters);
    return engine;
  }

  /** The side that is connected to. */
  SSLEngine server() {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    SSLParameters parameters = parameters(engine);
    parameters.setNeedClientAuth(true);
    engine.setSSLParameters(parameters);
    return engine;
  }

  private static SSLParameters parameters(SSLEngine engine) {
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(new String[] {"TLSv1.3"});
    return parameters;
  }
}
