// SPDX-License-Identifier: Apache-2.0
package consort.http;

import consort.api.Caller;
import consort.commands.CommandDoc;
import consort.commands.Commands;
import consort.commands.Watch;
import java.util.List;
import java.util.Map;

/** Where a test needs no commands. */
final class NoCommands implements Commands {

  @Override
  public Map<String, Object> run(String command, Map<String, ?> parameters, Caller caller) {
    return Map.of("ok", false, "error", "unknown command: " + command);
  }

  @Override
  public Watch watch(Map<String, ?> parameters, Caller caller) {
    throw new UnsupportedOperationException("there is nothing to watch");
  }

  @Override
  public List<CommandDoc> commands() {
    return List.of();
  }
}
