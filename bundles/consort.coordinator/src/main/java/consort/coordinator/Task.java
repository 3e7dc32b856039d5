// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.CommandInfo;
import consort.api.ValueType;
import java.util.List;

/**
 * What a guard does with a driver that is no command of it, on the way of a call.
 *
 * @param command what it is called, and whether it overtakes
 * @param own whether it is the guard's own doing: it is not counted, and needs no lease
 * @param body what is done; on a thread that may be in the driver
 */
record Task(CommandInfo command, boolean own, Body body) {

  /** What is done with an instance. */
  interface Body {
    Object on(Instance instance) throws Exception;
  }

  /** Sends a line over the link that the driver uses. */
  static Task ask(String text, boolean answer) {
    return new Task(
        new CommandInfo(
            "ask",
            List.of(),
            ValueType.STRING,
            "",
            false,
            false,
            null,
            "Sends raw text over the link."),
        false,
        instance -> instance.ask(text, answer));
  }

  /** Looks whether the hardware is well. */
  static final Task CHECK =
      new Task(
          new CommandInfo("check", List.of(), ValueType.VOID, "", false, true, null, "Is it well?"),
          true,
          instance -> {
            instance.check();
            return null;
          });

  /** Brings the hardware into its safe state, beside a running call. */
  static final Task SAFE_STATE =
      new Task(
          new CommandInfo(
              "safe_state", List.of(), ValueType.VOID, "", true, false, null, "Makes it safe."),
          true,
          instance -> {
            instance.safeState();
            return null;
          });
}
