// SPDX-License-Identifier: Apache-2.0
package consort.security;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Date;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/** Trusts nodes whose certificates a trusted authority has signed; says of the others why not. */
final class NodeTrust extends X509ExtendedTrustManager {

  private final X509ExtendedTrustManager chains;
  private final String expected;

  /**
   * @param chains checks signatures
   * @param expected the only node to trust, null for all
   */
  NodeTrust(X509ExtendedTrustManager chains, String expected) {
    this.chains = chains;
    this.expected = expected;
  }

  /** Checks a chain; the JDK's words about a chain are for those who know its classes. */
  private interface Chain {
    void check() throws CertificateException;
  }

  private void check(X509Certificate[] shown, Chain chain) throws CertificateException {
    X509Certificate certificate = shown[0];
    String name =
        Certificates.node(certificate)
            .orElseThrow(
                () ->
                    new CertificateException(
                        "the certificate of %s has no name of a node; 'consort keys issue' makes such"
                            .formatted(Certificates.owner(certificate))));
    Certificates.checkDays(certificate, new Date());
    try {
      chain.check();
    } catch (CertificateException e) {
      throw new CertificateException(
          "the certificate of %s is not signed by an authority that is trusted here, but by '%s';"
                  .formatted(name, Certificates.issuer(certificate))
              + " 'consort keys trust' takes another one",
          e);
    }
    if (expected != null && !expected.equals(name)) {
      throw new CertificateException("expected the node " + expected + ", but it is " + name);
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    check(chain, () -> chains.checkClientTrusted(chain, kind, engine));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    check(chain, () -> chains.checkServerTrusted(chain, kind, engine));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    check(chain, () -> chains.checkClientTrusted(chain, kind, socket));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    check(chain, () -> chains.checkServerTrusted(chain, kind, socket));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    check(chain, () -> chains.checkClientTrusted(chain, kind));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    check(chain, () -> chains.checkServerTrusted(chain, kind));
  }

  /** Not told to the other side: one of another authority would not show what it has. */
  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
