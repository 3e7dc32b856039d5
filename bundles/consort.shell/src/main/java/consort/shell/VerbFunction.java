// SPDX-License-Identifier: Apache-2.0
package consort.shell;

import consort.api.Caller;
import consort.api.Refused;
import consort.api.Role;
import consort.commands.Commands;
import consort.commands.Json;
import consort.commands.Progress;
import consort.commands.Texts;
import consort.commands.Verb;
import consort.commands.Watch;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Function;

/** A verb as a function of the shell. Whoever sits at the node's own prompt is administrator. */
final class VerbFunction implements Function {

  static final Caller CALLER = new Caller("shell", Role.ADMINISTRATOR, "shell");

  /** How often the keyboard is looked at while events are awaited. */
  private static final Duration GLANCE = Duration.ofMillis(200);

  private final Verb verb;
  private final Commands commands;

  VerbFunction(Verb verb, Commands commands) {
    this.verb = verb;
    this.commands = commands;
  }

  @Override
  public Object execute(CommandSession session, List<Object> arguments) throws Failed {
    List<String> words = new ArrayList<>();
    Map<String, Object> options = new HashMap<>();
    boolean json = false;
    for (int i = 0; i < arguments.size(); i++) {
      String word = word(arguments.get(i));
      switch (word) {
        case "--help", "-h" -> {
          return "usage: " + verb.synopsis() + " [--json]\n" + verb.doc();
        }
        case "--json" -> json = true;
        default -> {
          Verb.Option option =
              verb.options().stream().filter(o -> o.name().equals(word)).findFirst().orElse(null);
          if (option == null) {
            words.add(word);
          } else if (option.isFlag()) {
            options.put(word, true);
          } else if (i + 1 == arguments.size()) {
            throw misused(word + ": missing " + option.label());
          } else {
            options.put(word, word(arguments.get(++i)));
          }
        }
      }
    }
    Map<String, Object> parameters = parameters(words, options);
    boolean asJson = json;
    try {
      return CtrlC.run(session, verb.name(), () -> carryOut(session, parameters, asJson));
    } catch (CancellationException e) {
      if (verb.streams()) {
        return null;
      }
      throw new Failed("not waited for; what was sent goes on, 'cancel NAME' ends a call");
    }
  }

  private Object carryOut(CommandSession session, Map<String, Object> parameters, boolean json)
      throws Failed {
    if (verb.streams()) {
      watch(session, parameters, json);
      return null;
    }
    Map<String, Object> reply = commands.run(verb.name(), parameters, CALLER);
    reply =
        Progress.follow(
            verb.name(),
            reply,
            (command, more) -> commands.run(command, more, CALLER),
            line -> {
              if (!json) {
                session.getConsole().println(line);
              }
            });
    if (!Boolean.TRUE.equals(reply.get("ok"))) {
      String before = Texts.beforeError(verb.name(), reply);
      if (!before.isEmpty()) {
        session.getConsole().println(before);
      }
      throw new Failed(Texts.error(reply));
    }
    if (json) {
      return Json.pretty(Texts.document(verb.name(), reply));
    }
    String text = Texts.of(verb.name(), reply);
    return text.isEmpty() ? null : text;
  }

  /** Prints events until Enter or Ctrl-C. */
  private void watch(CommandSession session, Map<String, Object> parameters, boolean json)
      throws Failed {
    PrintStream out = session.getConsole();
    InputStream keys = session.getKeyboard();
    try (Watch watch = commands.watch(parameters, CALLER)) {
      while (watch.isOpen() && !pressed(keys) && !out.checkError()) {
        Map<String, Object> event = watch.next(GLANCE);
        if (event != null) {
          out.println(json ? Json.write(event) : Texts.event(event));
        }
      }
    } catch (Refused e) {
      throw new Failed(e.getMessage());
    } catch (InterruptedException e) {
      // Ctrl-C: this thread ends with it
    }
  }

  /** Whether somebody pressed Enter. */
  private static boolean pressed(InputStream keys) {
    try {
      boolean pressed = false;
      while (keys != null && keys.available() > 0) {
        int key = keys.read();
        pressed |= key == '\n' || key == '\r';
      }
      return pressed;
    } catch (IOException e) {
      return true; // the terminal is gone
    }
  }

  private Map<String, Object> parameters(List<String> words, Map<String, ?> options) throws Failed {
    try {
      return verb.parameters(words, options);
    } catch (Verb.Misused e) {
      throw misused(e.getMessage());
    }
  }

  private Failed misused(String message) {
    return new Failed(message + "; usage: " + verb.synopsis());
  }

  /** A list of the shell, {@code [1 2 3]}, is one value. */
  private static String word(Object argument) {
    if (argument instanceof Collection<?> list) {
      return list.stream()
          .map(VerbFunction::word)
          .collect(java.util.stream.Collectors.joining(", ", "[", "]"));
    }
    return String.valueOf(argument);
  }
}
