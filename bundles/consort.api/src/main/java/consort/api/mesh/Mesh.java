// SPDX-License-Identifier: Apache-2.0
package consort.api.mesh;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The connections of this node with others. An OSGi service, there while the node is told to listen
 * for others or to use them. All methods may be called by any thread; none waits.
 */
@ProviderType
public interface Mesh {

  /** What the configuration says of other nodes. */
  MeshPlan plan();

  /**
   * This node as it shows itself to others: the address where it listens, empty for nowhere, and
   * the instruments it offers.
   */
  NodeStatus self();

  /** The nodes this one uses, connected or not, sorted by address. */
  List<NodeStatus> nodes();

  /** The nodes that are connected with this one and use it, sorted by name. */
  List<UserStatus> users();

  /**
   * Connects with a node, now and again whenever the connection breaks, until closed.
   *
   * @param address where it listens: {@code tcp://127.0.0.1:8600}, {@code tls://bench2:8600} or
   *     {@code unix:/run/consort/bench2.sock}
   * @param listener is told what the node offers
   * @throws IllegalArgumentException when it is no such address
   */
  Peer connect(String address, PeerListener listener);

  /** What there is to know of the name of an instrument, one sentence each, for {@code why}. */
  List<String> notes(String instrument);

  /**
   * Says, or no longer says, something of the name of an instrument.
   *
   * @param about tells this note from others of the same name: the id of an endpoint
   * @param text the sentence, null for none any more
   */
  void note(String instrument, String about, String text);

  /** A node that this one stays connected with. */
  interface Peer extends AutoCloseable {
    /** Ends the connection; what the node offers is withdrawn first. */
    @Override
    void close();
  }
}
