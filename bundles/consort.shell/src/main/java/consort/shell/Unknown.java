// SPDX-License-Identifier: Apache-2.0
package consort.shell;

import consort.commands.Verb;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Function;

/**
 * What {@code etc/gosh_profile} runs in place of a command that is not there; Gogo itself would
 * answer with the name of a class.
 */
final class Unknown implements Function {

  @Override
  public Object execute(CommandSession session, List<Object> arguments) throws Failed {
    String word = arguments.isEmpty() ? "" : String.valueOf(arguments.get(0));
    if (List.of("exit", "quit", "bye", "logout").contains(word)) {
      throw new Failed("there is no command '" + word + "'; Ctrl-D ends the node");
    }
    throw new Failed(
        "there is no command '"
            + word
            + "'; there are "
            + Verb.ALL.stream()
                .filter(verb -> !verb.isElsewhere())
                .map(Verb::name)
                .collect(Collectors.joining(", "))
            + ", and those that 'help' lists");
  }
}
