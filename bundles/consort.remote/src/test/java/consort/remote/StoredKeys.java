// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.security.NodeKeys;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManagerFactory;

/** Keys of a node in PKCS #12 files, as keytool makes them. */
final class StoredKeys implements NodeKeys {

  private final SSLContext context;

  private StoredKeys(SSLContext context) {
    this.context = context;
  }

  /**
   * Reads two PKCS #12 files.
   *
   * @param key holds the node's key and its certificate, whose common name is the node's name
   * @param trust holds the certificates of those who certify nodes
   * @param password a file whose first line opens both
   */
  static StoredKeys read(Path key, Path trust, Path password) throws IOException {
    try (var lines = Files.lines(password)) {
      char[] secret = lines.findFirst().orElse("").strip().toCharArray();
      KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
      keys.init(store(key, secret), secret);
      TrustManagerFactory trusted = TrustManagerFactory.getInstance("PKIX");
      trusted.init(store(trust, secret));
      Arrays.fill(secret, ' ');
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      context.init(keys.getKeyManagers(), trusted.getTrustManagers(), null);
      return new StoredKeys(context);
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

  @Override
  public SSLEngine client(String node) {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(true);
    engine.setSSLParameters(parameters(engine));
    return engine;
  }

  @Override
  public SSLEngine server() {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    SSLParameters parameters = parameters(engine);
    parameters.setNeedClientAuth(true);
    engine.setSSLParameters(parameters);
    return engine;
  }

  @Override
  public String node(SSLSession session) throws SSLPeerUnverifiedException {
    X509Certificate certificate = (X509Certificate) session.getPeerCertificates()[0];
    return certificate.getSubjectX500Principal().getName().replaceAll("CN=", "");
  }

  @Override
  public String reason(IOException failure) {
    return failure.getMessage();
  }

  private static SSLParameters parameters(SSLEngine engine) {
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(new String[] {"TLSv1.3"});
    return parameters;
  }
}
