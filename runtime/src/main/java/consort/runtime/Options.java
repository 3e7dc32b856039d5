// SPDX-License-Identifier: Apache-2.0
package consort.runtime;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The words of a command line that concern the process itself: the home, the port, the verb and
 * what follows it.
 */
record Options(
    Path dist,
    Home home,
    String port,
    String logLevel,
    Path pidFile,
    boolean shell,
    boolean once,
    String call,
    List<String> words) {

  private static final Set<String> LEVELS = Set.of("trace", "debug", "info", "warn", "error");

  /** A command line that says something unknown. */
  static final class Wrong extends Exception {
    private static final long serialVersionUID = 1;

    Wrong(String message) {
      super(message);
    }
  }

  static Options parse(String... args) throws Wrong {
    Path dist = Path.of(System.getProperty("consort.dist", ".")).toAbsolutePath().normalize();
    String fromEnvironment = System.getenv("CONSORT_HOME");
    String home =
        fromEnvironment == null || fromEnvironment.isBlank() ? dist.toString() : fromEnvironment;
    String port = null;
    String logLevel = "info";
    Path pidFile = null;
    boolean shell = false;
    boolean once = false;
    String call = null;
    List<String> words = new ArrayList<>();
    for (int i = 0; i < args.length; i++) {
      String arg = args[i];
      switch (arg.replaceFirst("=.*", "")) {
        case "--home" -> home = folder(arg.contains("=") ? after(arg) : next(args, ++i));
        case "--port" -> port = checkPort(arg.contains("=") ? after(arg) : next(args, ++i));
        case "--log-level" -> logLevel = arg.contains("=") ? after(arg) : next(args, ++i);
        case "--pid-file" ->
            pidFile = Path.of(arg.contains("=") ? after(arg) : next(args, ++i)).toAbsolutePath();
        case "--shell" -> shell = true;
        case "--once" -> {
          once = true;
          call = arg.contains("=") ? after(arg) : null;
        }
        default -> {
          if (arg.startsWith("-")) {
            throw new Wrong("unknown option " + arg);
          }
          words.add(arg);
        }
      }
    }
    return new Options(
        dist,
        new Home(Path.of(home).toAbsolutePath().normalize()),
        port,
        // An unknown level means info, as scripts written for instrument-script-server expect.
        LEVELS.contains(logLevel) ? logLevel : "info",
        pidFile,
        shell,
        once,
        call,
        List.copyOf(words));
  }

  private static String after(String arg) {
    return arg.substring(arg.indexOf('=') + 1);
  }

  /** A script whose variable is empty does not mean the folder it stands in. */
  private static String folder(String home) throws Wrong {
    if (home.isBlank()) {
      throw new Wrong("--home needs the name of a folder");
    }
    return home;
  }

  private static String next(String[] args, int index) throws Wrong {
    if (index == args.length) {
      throw new Wrong(args[index - 1] + " needs a value");
    }
    return args[index];
  }

  private static String checkPort(String text) throws Wrong {
    try {
      int port = Integer.parseInt(text);
      if (port >= 0 && port <= 65535) {
        return text;
      }
    } catch (NumberFormatException notANumber) {
      // Said below, with the range.
    }
    throw new Wrong("--port " + text + " is not a port: 0 to 65535, 0 takes a free one");
  }
}
