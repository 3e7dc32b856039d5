// SPDX-License-Identifier: Apache-2.0
package consort.security;

import consort.api.security.NodeKeys;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The keys in {@code data/keys}, as they are when a connection is made. */
@Component
public final class StoredNodeKeys implements NodeKeys {

  private static final Logger LOG = LoggerFactory.getLogger(StoredNodeKeys.class);
  private static final String PROTOCOL = "TLSv1.3";
  private static final Duration SOON = Duration.ofDays(30);
  // The store is never written; it has a password because the JDK asks for one.
  private static final char[] NONE = "none".toCharArray();

  private final KeyFiles files;
  private KeyFiles.Stamp stamp;
  private KeyManager[] own;
  private X509ExtendedTrustManager trusted;

  @Activate
  public StoredNodeKeys(BundleContext context) {
    this(Path.of(Optional.ofNullable(context.getProperty(TokenAuthenticator.HOME)).orElse(".")));
  }

  StoredNodeKeys(Path home) {
    files = new KeyFiles(home);
  }

  @Override
  public SSLEngine server() throws IOException {
    SSLEngine engine = engine(null);
    engine.setUseClientMode(false);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setNeedClientAuth(true);
    engine.setSSLParameters(parameters);
    return engine;
  }

  @Override
  public SSLEngine client(String node) throws IOException {
    SSLEngine engine = engine(node);
    engine.setUseClientMode(true);
    return engine;
  }

  /** A context of its own for each: sessions of other connections are not resumed. */
  private SSLEngine engine(String node) throws IOException {
    try {
      SSLContext context = SSLContext.getInstance(PROTOCOL);
      synchronized (this) {
        load();
        context.init(own, new TrustManager[] {new NodeTrust(trusted, node)}, null);
      }
      SSLEngine engine = context.createSSLEngine();
      engine.setEnabledProtocols(new String[] {PROTOCOL});
      return engine;
    } catch (GeneralSecurityException e) {
      throw new IOException("the keys of this node cannot be used: " + e.getMessage(), e);
    }
  }

  private void load() throws IOException, GeneralSecurityException {
    KeyFiles.Stamp now = files.stamp();
    if (now.equals(stamp)) {
      return;
    }
    Pem node = files.node();
    X509Certificate[] chain = node.certificates().toArray(X509Certificate[]::new);
    KeyStore store = store();
    store.setKeyEntry("node", node.key().orElseThrow(), NONE, chain);
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, NONE);

    KeyStore authorities = store();
    List<X509Certificate> trustedOnes = files.trusted();
    if (trustedOnes.isEmpty()) {
      throw new IOException(
          "no authority is trusted: "
              + files.trustedFolder()
              + " is empty; 'consort keys trust FILE' takes its certificate");
    }
    for (X509Certificate authority : trustedOnes) {
      authorities.setCertificateEntry(Certificates.fingerprint(authority), authority);
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(authorities);

    own = keys.getKeyManagers();
    trusted = (X509ExtendedTrustManager) trust.getTrustManagers()[0];
    stamp = now;
    Instant end = chain[0].getNotAfter().toInstant();
    if (end.isBefore(Instant.now().plus(SOON))) {
      LOG.warn(
          "the certificate of this node ends on {}; 'consort keys issue' makes a new one", end);
    }
  }

  private static KeyStore store() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, NONE);
    return store;
  }

  @Override
  public String node(SSLSession session) throws SSLPeerUnverifiedException {
    X509Certificate certificate = (X509Certificate) session.getPeerCertificates()[0];
    return Certificates.node(certificate)
        .orElseThrow(() -> new SSLPeerUnverifiedException("the certificate has no name of a node"));
  }

  @Override
  public String reason(IOException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertificateException) {
        return cause.getMessage();
      }
    }
    String text = String.valueOf(failure.getMessage());
    if (text.contains("SSL message") || text.contains("SSL/TLS record")) {
      return "what is there does not speak TLS";
    }
    if (text.contains("supported protocol versions") || text.contains("protocol_version")) {
      return "the other side does not offer TLS 1.3";
    }
    if (text.contains("Empty client certificate chain")) {
      return "the other side shows no certificate";
    }
    if (text.startsWith("Received fatal alert")) {
      return "the other side refused this node's certificate or protocol (%s); its log says why"
          .formatted(text.substring(text.indexOf(':') + 1).strip());
    }
    return text;
  }
}
