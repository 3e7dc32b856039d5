// SPDX-License-Identifier: Apache-2.0
package consort.api.mesh;

import consort.api.LeaseToken;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/**
 * A lease that another node gave to this one. That node is the authority for it: it counts the
 * time, and it ends the lease when the connection with this node breaks. Methods may be called by
 * any thread; none waits.
 */
@ProviderType
public interface RemoteLease {

  /** The node that gave it. */
  Owner owner();

  /** Its token at that node; it means nothing here. */
  LeaseToken token();

  /**
   * Says what this node calls it: from now on a call that shows that token to an instrument of the
   * other node is made under this lease.
   */
  void bind(LeaseToken here);

  /**
   * Makes it hold so long from when the other node hears of it.
   *
   * @return completes when it does, or exceptionally with an {@link
   *     consort.api.InstrumentException}
   */
  CompletionStage<Void> renew(Duration ttl);

  /** Completes when it is over, with how that came about, in words: {@code expired}. */
  CompletionStage<String> ended();

  /** Lets it go; nothing when it is over. */
  void release();
}
