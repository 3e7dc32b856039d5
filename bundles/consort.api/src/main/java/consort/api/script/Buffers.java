// SPDX-License-Identifier: Apache-2.0
package consort.api.script;

import consort.api.Caller;
import consort.api.LeaseToken;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Arrays that are too long for a reply, kept for a while. An OSGi service; all methods may be
 * called by any thread. A buffer is released by its caller, with the lease it was made under, after
 * 10 minutes during which nobody asked for it, or when newer ones need the room.
 */
@ProviderType
public interface Buffers {

  /**
   * Keeps an array.
   *
   * @param data a {@link consort.api.NumericArray}, or a {@code byte[]} that counts as unsigned
   * @param owner who may read it; administrators may, too
   * @param lease the lease with which it is released, null for none
   * @throws consort.api.Refused when it is larger than all the room there is
   */
  Buffer keep(Object data, Caller owner, LeaseToken lease);

  /**
   * A buffer, which thereby stays for another while.
   *
   * @throws consort.api.Refused when there is none of that id, or none any more; also when it is
   *     another caller's
   */
  Buffer get(String id, Caller caller);

  /**
   * Releases a buffer.
   *
   * @throws consort.api.Refused as {@link #get}
   */
  void release(String id, Caller caller);
}
