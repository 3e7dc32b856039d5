// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.Caller;
import java.util.Map;

/** A command and what it does. */
record Command(CommandDoc doc, Action action) {

  /** What a command does. Gives the reply without {@code ok}. */
  interface Action {
    Map<String, Object> run(Parameters parameters, Caller caller);
  }

  String name() {
    return doc.name();
  }
}
