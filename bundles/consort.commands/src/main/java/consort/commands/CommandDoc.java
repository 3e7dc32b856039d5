// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.Role;
import java.util.List;

/**
 * What a command takes, for references and help.
 *
 * @param name its name
 * @param role who may run it
 * @param parameters its parameters
 * @param doc one sentence for people
 */
public record CommandDoc(String name, Role role, List<Parameter> parameters, String doc) {

  /** Copies. */
  public CommandDoc {
    parameters = List.copyOf(parameters);
  }

  /** A parameter: its name, what it is in words, and whether it may be left out. */
  public record Parameter(String name, String doc, boolean optional) {}
}
