// SPDX-License-Identifier: Apache-2.0
package consort.api.security;

import java.io.IOException;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The certificate of this node and those it trusts, as TLS between nodes needs them. An OSGi
 * service; it is there also while there are no keys. All methods may be called by any thread; the
 * engines read files, a few milliseconds.
 *
 * <p>Both sides of a connection show a certificate with the name of a node, signed by a trusted
 * authority and valid now; the protocol is TLS 1.3. Every engine uses the files as they are at that
 * moment, and none resumes the session of another: who rotates keys need not restart anything.
 */
@ProviderType
public interface NodeKeys {

  /**
   * Makes the TLS of a connection that another node has opened.
   *
   * @throws IOException when this node has no keys, or they cannot be read; says what to do
   */
  SSLEngine server() throws IOException;

  /**
   * Makes the TLS of a connection that this node opens.
   *
   * @param node the only node to accept there; null: any node with a trusted certificate
   * @throws IOException when this node has no keys, or they cannot be read; says what to do
   */
  SSLEngine client(String node) throws IOException;

  /**
   * The name of the node on the other side, as its certificate says.
   *
   * @throws SSLPeerUnverifiedException when the handshake is not done
   */
  String node(SSLSession session) throws SSLPeerUnverifiedException;

  /**
   * Why a connection was refused, for people: of a failure that an engine threw, one line without
   * the JDK's own words where the case is known.
   */
  String reason(IOException failure);
}
