// SPDX-License-Identifier: Apache-2.0
package consort.shell;

import consort.commands.Commands;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Function;
import org.jline.reader.Candidate;

/**
 * What {@code etc/gosh_profile} completes with: the names of instruments, or, for {@code call},
 * names, behind a dot the commands, and behind a command its parameters. Its arguments are the word
 * begun, its place in the line, and for calls the words of the line; names without a place are
 * names everywhere.
 */
final class Completion implements Function {

  private final Commands commands;
  private final boolean calls;

  Completion(Commands commands, boolean calls) {
    this.commands = commands;
    this.calls = calls;
  }

  @Override
  public Object execute(CommandSession session, List<Object> arguments) {
    String begun = arguments.isEmpty() ? "" : String.valueOf(arguments.get(0));
    if (arguments.size() > 1 && Integer.parseInt(String.valueOf(arguments.get(1))) > 1) {
      return calls ? parameters((List<?>) arguments.get(2)) : List.of();
    }
    int dot = begun.indexOf('.');
    List<Candidate> candidates = new ArrayList<>();
    if (calls && dot > 0) {
      String name = begun.substring(0, dot);
      for (Object command : list("info", Map.of("name", name), "commands")) {
        Map<?, ?> info = (Map<?, ?>) command;
        String signature = String.valueOf(info.get("signature"));
        candidates.add(
            new Candidate(name + "." + info.get("name"), signature, null, null, null, null, true));
      }
    } else {
      for (Object name : list("list", Map.of(), "instruments")) {
        String word = calls ? name + "." : name.toString();
        candidates.add(new Candidate(word, word, null, null, null, null, !calls));
      }
    }
    return candidates;
  }

  /** The parameters that a call does not have yet. */
  private List<Candidate> parameters(List<?> words) {
    String[] target = String.valueOf(words.get(1)).split("\\.", 2);
    List<Candidate> candidates = new ArrayList<>();
    for (Object command : list("info", Map.of("name", target[0]), "commands")) {
      Map<?, ?> info = (Map<?, ?>) command;
      if (target.length > 1 && info.get("name").equals(target[1])) {
        for (Object parameter : (List<?>) info.get("parameters")) {
          Map<?, ?> p = (Map<?, ?>) parameter;
          String word = p.get("name") + "=";
          if (words.stream().noneMatch(w -> w.toString().startsWith(word))) {
            String doc = String.valueOf(p.get("doc"));
            candidates.add(new Candidate(word, word, null, doc, null, null, false));
          }
        }
      }
    }
    return candidates;
  }

  private List<?> list(String command, Map<String, ?> parameters, String member) {
    return commands.run(command, parameters, VerbFunction.CALLER).get(member)
            instanceof List<?> list
        ? list
        : List.of();
  }
}
