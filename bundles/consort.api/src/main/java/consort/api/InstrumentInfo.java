// SPDX-License-Identifier: Apache-2.0
package consort.api;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What an instrument is and can do. Immutable. */
public final class InstrumentInfo {

  private final List<String> types;
  private final String doc;
  private final List<CommandInfo> commands;
  private final Map<String, CommandInfo> byName = new HashMap<>();
  private final Map<String, CommandInfo> byFoldedName = new HashMap<>();

  /**
   * Describes an instrument.
   *
   * @param types the simple names of its typed interfaces ({@code Multimeter}); may be empty
   * @param doc one sentence for people
   * @param commands its commands
   * @throws IllegalArgumentException when two commands have one name
   */
  public InstrumentInfo(List<String> types, String doc, List<CommandInfo> commands) {
    this.types = List.copyOf(types);
    this.doc = doc;
    this.commands = List.copyOf(commands);
    for (CommandInfo command : commands) {
      byName.put(command.name(), command);
      CommandInfo other = byFoldedName.put(Names.fold(command.name()), command);
      if (other != null) {
        throw new IllegalArgumentException(
            "two commands have one name: " + other.signature() + " and " + command.signature());
      }
    }
  }

  /** The simple names of the typed interfaces. */
  public List<String> types() {
    return types;
  }

  /** One sentence for people. */
  public String doc() {
    return doc;
  }

  /** All commands, in the order of the driver. */
  public List<CommandInfo> commands() {
    return commands;
  }

  /** The command of this name, ignoring case and underscores. */
  public Optional<CommandInfo> command(String name) {
    CommandInfo exact = byName.get(name);
    return Optional.ofNullable(exact != null ? exact : byFoldedName.get(Names.fold(name)));
  }
}
