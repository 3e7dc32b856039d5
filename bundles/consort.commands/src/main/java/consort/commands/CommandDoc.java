// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.Role;
import java.util.List;
import java.util.Set;

/**
 * What a command takes, for references and help.
 *
 * @param name its name
 * @param role who may run it
 * @param parameters its parameters
 * @param doc one sentence for people
 */
public record CommandDoc(String name, Role role, List<Parameter> parameters, String doc) {

  private static final Set<String> LENIENT =
      Set.of(
          "daemon",
          "start",
          "stop",
          "status",
          "list",
          "measure",
          "test",
          "discover",
          "plugins",
          "submit_job",
          "submit_measure",
          "job_status",
          "job_result",
          "job_list",
          "job_cancel");

  /**
   * Whether this is a command of instrument-script-server, whose clients may send what their server
   * never looked at. Such a command ignores it and says so in {@code ignored}; others refuse it.
   */
  public static boolean isLenient(String command) {
    return LENIENT.contains(command);
  }

  /** Copies. */
  public CommandDoc {
    parameters = List.copyOf(parameters);
  }

  /** A parameter: its name, what it is in words, and whether it may be left out. */
  public record Parameter(String name, String doc, boolean optional) {}
}
