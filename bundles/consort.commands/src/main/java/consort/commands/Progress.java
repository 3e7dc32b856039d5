// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Follows a command that goes on after its first reply, for whoever sits before it. Needs nothing
 * but the JDK.
 */
public final class Progress {

  private Progress() {}

  /**
   * Who is asked.
   *
   * @param <E> what is thrown when it cannot be asked
   */
  public interface Asked<E extends Exception> {
    /** Runs a command. */
    Map<String, Object> ask(String command, Map<String, Object> parameters) throws E;
  }

  /**
   * Asks until the command is finished.
   *
   * @param reply the first reply
   * @param lines gets a line for each step
   * @return the last reply; the first where there is nothing to follow
   */
  public static <E extends Exception> Map<String, Object> follow(
      String command, Map<String, Object> reply, Asked<E> node, Consumer<String> lines) throws E {
    if (!reply.containsKey("finished")) {
      return reply;
    }
    Map<String, String> told = new HashMap<>();
    Map<String, Object> last = reply;
    tell(last, told, lines);
    while (Boolean.TRUE.equals(last.get("ok")) && Boolean.FALSE.equals(last.get("finished"))) {
      last = node.ask(command, Map.of("id", last.get("id")));
      tell(last, told, lines);
    }
    return last;
  }

  private static void tell(
      Map<String, Object> reply, Map<String, String> told, Consumer<String> lines) {
    for (Map<String, ?> instrument : Texts.maps(reply, "instruments")) {
      String name = Texts.text(instrument, "name");
      String state = Texts.text(instrument, "state");
      if (!state.equals(told.put(name, state))) {
        lines.accept(Texts.printable(name + "  " + Texts.text(instrument, "text")));
      }
    }
  }
}
