// SPDX-License-Identifier: Apache-2.0
package consort.runtime;

import consort.commands.Json;
import consort.security.LaboratoryKeys;
import consort.security.LaboratoryKeys.Entry;
import consort.security.LaboratoryKeys.Kind;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;

/** The verb {@code keys}: works on the files of a home, and asks no node. */
@Command(name = "consort")
public final class Keys {

  private static final int FAILED = 1;
  private static final int USAGE = 2;
  private static final List<String> HEAD =
      List.of("KIND", "NAME", "VALID UNTIL", "FINGERPRINT", "FILE");

  private final PrintStream out;
  private final PrintStream err;

  @Option(
      names = "--home",
      scope = ScopeType.INHERIT,
      paramLabel = "DIR",
      description = "The node's folder; default: CONSORT_HOME, else the distribution.")
  private String folder;

  @Option(names = "--json", scope = ScopeType.INHERIT, description = "The result as JSON.")
  private boolean json;

  @Option(
      names = {"-h", "--help"},
      scope = ScopeType.INHERIT,
      usageHelp = true,
      description = "This text.")
  private boolean help;

  Keys(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /** Runs one command and ends the process with 0 (ok), 1 (failed) or 2 (wrong usage). */
  public static void main(String[] args) {
    int code = new Keys(System.out, System.err).run(args);
    System.out.flush();
    System.exit(code);
  }

  int run(String... words) {
    return new CommandLine(this)
        .addSubcommand(new Verbs())
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(words);
  }

  /** Makes or takes keys. */
  private interface Work {
    List<Entry> on(LaboratoryKeys keys) throws IOException;
  }

  /** What follows {@code keys}; its methods are called by name. */
  @Command(
      name = "keys",
      description = "Makes and takes the keys by which nodes know each other; needs no node.",
      synopsisSubcommandLabel = "init|issue NODE|trust FILE|list",
      footer = {"", "Exit codes: 0 ok, 1 failed, 2 wrong usage."})
  private final class Verbs {

    @Command(description = "Makes the authority of a laboratory, and this node's own key.")
    int init(
        @Option(names = "--replace", description = "A new authority; the old stays trusted.")
            boolean replace) {
      return carryOut("init", keys -> keys.init(replace));
    }

    @Command(description = "Makes the key of a node, where the authority is.")
    int issue(
        @Parameters(paramLabel = "NODE", description = "The node's name.") String name,
        @Option(
                names = "--days",
                paramLabel = "N",
                defaultValue = "" + LaboratoryKeys.NODE_DAYS,
                description = "How long it is valid: 1 to 3650; ${DEFAULT-VALUE}.")
            int days,
        @Option(names = "--replace", description = "Replaces the key that is there.")
            boolean replace) {
      return carryOut("issue", keys -> List.of(keys.issue(name, days, replace)));
    }

    @Command(description = "Takes the key made for this node, or another authority.")
    int trust(
        @Parameters(paramLabel = "FILE", description = "What issue made, or a ca.pem.") Path file,
        @Option(names = "--replace", description = "Replaces this node's key.") boolean replace) {
      return carryOut("trust", keys -> keys.trust(file, replace));
    }

    @Command(description = "Shows the keys of this node.")
    int list() {
      return carryOut("list", LaboratoryKeys::list);
    }
  }

  private int carryOut(String verb, Work work) {
    Home home = home();
    try {
      List<Entry> entries = work.on(new LaboratoryKeys(home.root(), home.nodeName()));
      if (json) {
        Map<String, Object> reply = new LinkedHashMap<>();
        reply.put("ok", true);
        reply.put("keys", entries.stream().map(Keys::json).toList());
        out.println(Json.pretty(reply));
      } else {
        out.print(text(verb, entries, home.root()));
      }
      return 0;
    } catch (IOException | IllegalArgumentException e) {
      String said = e instanceof IOException io ? Home.said(io) : e.getMessage();
      if (json) {
        out.println(Json.pretty(Map.of("ok", false, "error", said)));
      } else {
        err.println("consort: " + said);
      }
      return e instanceof IOException ? FAILED : USAGE;
    }
  }

  private Home home() {
    String environment = System.getenv("CONSORT_HOME");
    String path =
        Optional.ofNullable(folder)
            .or(() -> Optional.ofNullable(environment).filter(text -> !text.isBlank()))
            .orElse(System.getProperty("consort.dist", "."));
    return new Home(Path.of(path).toAbsolutePath().normalize());
  }

  private static Map<String, Object> json(Entry entry) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("kind", entry.kind().name().toLowerCase(Locale.ROOT));
    map.put("file", entry.file().toString());
    map.put("name", entry.name());
    map.put("until", entry.until().toString());
    map.put("fingerprint", entry.fingerprint());
    return map;
  }

  private static String text(String verb, List<Entry> entries, Path home) {
    List<String> lines = new ArrayList<>();
    if (entries.isEmpty()) {
      lines.add("No keys; 'consort keys init' makes the first of a laboratory.");
    } else {
      lines.addAll(table(entries, home));
    }
    if (verb.equals("init")) {
      lines.add("Whoever has data/keys/ca.key can make nodes: keep it, and keep it secret.");
    }
    for (Entry entry : entries) {
      if (verb.equals("issue") && entry.kind() == Kind.ISSUED) {
        lines.add("Carry it to " + entry.name() + ", then there: consort keys trust FILE");
      }
    }
    return String.join(System.lineSeparator(), lines) + System.lineSeparator();
  }

  private static List<String> table(List<Entry> entries, Path home) {
    List<List<String>> rows = new ArrayList<>(List.of(HEAD));
    for (Entry entry : entries) {
      rows.add(
          List.of(
              entry.kind().name().toLowerCase(Locale.ROOT),
              entry.name(),
              LocalDate.ofInstant(entry.until(), ZoneOffset.UTC).toString(),
              entry.fingerprint(),
              home.relativize(entry.file()).toString()));
    }
    int[] widths = new int[HEAD.size()];
    rows.forEach(
        row -> {
          for (int i = 0; i < widths.length; i++) {
            widths[i] = Math.max(widths[i], row.get(i).length());
          }
        });
    List<String> lines = new ArrayList<>();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        line.append(row.get(i)).append(" ".repeat(widths[i] + 2 - row.get(i).length()));
      }
      lines.add(line.toString().stripTrailing());
    }
    return lines;
  }
}
