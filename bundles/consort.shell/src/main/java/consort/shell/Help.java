// SPDX-License-Identifier: Apache-2.0
package consort.shell;

import consort.commands.Verb;
import java.util.List;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Function;

/** Our verbs in the order people read them; Gogo's own list has them among a hundred others. */
final class Help implements Function {

  @Override
  public Object execute(CommandSession session, List<Object> arguments) throws Failed {
    StringBuilder out = new StringBuilder();
    if (arguments.isEmpty()) {
      for (Verb verb : Verb.ALL) {
        if (!verb.isElsewhere()) {
          out.append(String.format("%-10s  %s%n", verb.name(), verb.doc()));
        }
      }
      return out.append("help VERB: how one is written; felix:help: what else there is").toString();
    }
    String name = String.valueOf(arguments.get(0));
    return Verb.ALL.stream()
        .filter(verb -> !verb.isElsewhere() && verb.name().equals(name))
        .findFirst()
        .map(verb -> "usage: " + verb.synopsis() + " [--json]\n" + verb.doc())
        .orElseThrow(
            () ->
                new Failed("'" + name + "' is none of these; 'felix:help " + name + "' may know"));
  }
}
