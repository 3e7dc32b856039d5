// SPDX-License-Identifier: Apache-2.0
package consort.runtime.cli;

import java.io.PrintStream;
import java.util.List;
import java.util.Map;

/** Words for a shell that completes: {@code complete} names, {@code complete DMM1.} commands. */
record Completion(Node node, PrintStream out) {

  int run(List<String> words) {
    String begun = words.isEmpty() ? "" : words.get(words.size() - 1);
    try {
      int dot = begun.indexOf('.');
      if (dot > 0) {
        String name = begun.substring(0, dot);
        Map<String, Object> reply = node.ask("info", Map.of("name", name));
        if (reply.get("commands") instanceof List<?> commands) {
          for (Object command : commands) {
            print(name + "." + ((Map<?, ?>) command).get("name"), begun);
          }
        }
      } else if (node.ask("list", Map.of()).get("instruments") instanceof List<?> names) {
        names.forEach(name -> print(name.toString(), begun));
      }
      return Cli.OK;
    } catch (Node.Absent e) {
      return Cli.FAILED; // a shell that completes shows nothing
    }
  }

  private void print(String word, String begun) {
    if (word.startsWith(begun)) {
      out.println(word);
    }
  }
}
