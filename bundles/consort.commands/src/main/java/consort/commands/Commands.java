// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.Caller;
import java.util.List;
import java.util.Map;
import org.osgi.annotation.versioning.ProviderType;

/** Runs the operator's commands. An OSGi service; all methods may be called by any thread. */
@ProviderType
public interface Commands {

  /**
   * Runs a command. Never throws for a wrong request: the reply says so.
   *
   * @param command the name of the command
   * @param parameters its parameters: booleans, numbers, text, lists and maps
   * @param caller who asks
   * @return the reply: {@code ok}, and what the command gives; or {@code error}, {@code code} and
   *     the origin. Booleans, numbers, text, lists and maps only
   */
  Map<String, Object> run(String command, Map<String, ?> parameters, Caller caller);

  /**
   * Begins to watch the events of this node. The first ones say how the instruments are now; they
   * carry {@code initial}.
   *
   * @param parameters {@code name}: the only instrument of interest; without it all
   * @param caller who asks
   * @throws consort.api.Refused when a parameter is wrong, or too many watch already
   */
  Watch watch(Map<String, ?> parameters, Caller caller);

  /** All commands, in the order people read them. */
  List<CommandDoc> commands();
}
