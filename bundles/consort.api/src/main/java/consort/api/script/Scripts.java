// SPDX-License-Identifier: Apache-2.0
package consort.api.script;

import consort.api.Caller;
import org.osgi.annotation.versioning.ProviderType;

/** Runs measurements written in Lua. An OSGi service; all methods may be called by any thread. */
@ProviderType
public interface Scripts {

  /**
   * Runs a script and waits until it is over. What goes wrong in the script, or in a call of it,
   * stands in the result.
   *
   * @param caller who asks; the calls of the script are made with its name and role
   * @throws consort.api.Refused when there is no such file, it is no text of at most 1 MiB, or too
   *     many scripts run already; nothing was run
   */
  ScriptResult run(ScriptRequest request, Caller caller);
}
