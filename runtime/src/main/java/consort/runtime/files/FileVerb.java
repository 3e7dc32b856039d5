// SPDX-License-Identifier: Apache-2.0
package consort.runtime.files;

import consort.api.deploy.Finding;
import consort.commands.Json;
import consort.declarative.DefinitionFormat;
import consort.deploy.FileCheck;
import consort.yaml.Node;
import consort.yaml.Problems;
import consort.yaml.YamlReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/**
 * The verbs that look at files and need no node, {@code validate}, {@code expand} and {@code
 * new-instrument}, and the stand-alone programs of instrument-script-server that do the same.
 */
public final class FileVerb {

  private static final int OK = 0;
  private static final int INVALID = 1;
  private static final int USAGE = 2;

  /** How the old programs say the two; their usage is 1, as everywhere in that system. */
  private static final int OLD_INVALID = 2;

  private static final int OLD_USAGE = 1;

  private final FileCheck check = new FileCheck(new DefinitionFormat());
  private final PrintStream out;
  private final PrintStream err;

  /** Makes one that prints results to the first stream and errors to the second. */
  public FileVerb(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /** Runs one verb, the first word, and ends the process. */
  public static void main(String[] args) {
    int code = new FileVerb(System.out, System.err).run(List.of(args));
    System.out.flush();
    System.exit(code);
  }

  /**
   * Runs one verb.
   *
   * @param args the verb and its words
   * @return the exit code
   */
  public int run(List<String> args) {
    List<String> words = new ArrayList<>(args);
    boolean json = words.remove("--json");
    int home = words.indexOf("--home");
    if (home >= 0) {
      // no node is asked, so it does not matter which
      words.subList(home, Math.min(home + 2, words.size())).clear();
    }
    String verb = words.isEmpty() ? "" : words.remove(0);
    boolean help = words.stream().anyMatch(w -> w.equals("--help") || w.equals("-h"));
    return switch (verb) {
      case "validate" -> validate(words, json, help);
      case "expand" -> write(words, help, "expand API.yaml [OUT.yaml]", this::expand);
      case "new-instrument" ->
          write(words, help, "new-instrument API.yaml [OUT.yaml]", this::instrument);
      case "validate-instrument-api" -> old(verb, words, help, this::oldApi);
      case "validate-instrument-config" -> old(verb, words, help, check::config);
      case "template-expander" -> oldExpander(words, help);
      case "generate-instrument-config" -> oldGenerator(words, help);
      case "validate-quantum-dot-config" -> {
        err.println(
            verb
                + ": files of quantum-dot devices are not read here; keep the program of"
                + " instrument-script-server for them");
        yield OLD_USAGE;
      }
      default -> throw new IllegalArgumentException(verb);
    };
  }

  private int validate(List<String> words, boolean json, boolean help) {
    String usage = "usage: consort validate config|api FILE [--json]";
    if (help) {
      out.println(usage);
      return OK;
    }
    boolean api = words.size() == 2 && words.get(0).equals("api");
    Path file = words.size() == 2 ? path(words.get(1)) : null;
    if (file == null || !(api || words.get(0).equals("config"))) {
      err.println(usage);
      return USAGE;
    }
    List<Finding> findings = api ? check.api(file) : check.config(file);
    boolean valid = findings.stream().noneMatch(Finding::error);
    if (json) {
      out.println(Json.pretty(reply(valid, findings)));
    } else {
      out.println(valid ? "✓ Configuration is valid" : "✗ Validation failed:");
      errors(findings).forEach(f -> out.println("  - " + f));
      findings.stream().filter(f -> !f.error()).forEach(f -> out.println("  note: " + f));
    }
    return valid ? OK : INVALID;
  }

  private static Map<String, Object> reply(boolean valid, List<Finding> findings) {
    Map<String, Object> reply = new LinkedHashMap<>();
    reply.put("valid", valid);
    List<Map<String, Object>> all = new ArrayList<>();
    for (Finding finding : findings) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("file", finding.file());
      one.put("line", finding.line());
      one.put("column", finding.column());
      one.put("pointer", finding.pointer());
      one.put("error", finding.error());
      one.put("message", finding.message());
      all.add(one);
    }
    reply.put("findings", all);
    return reply;
  }

  private static Stream<Finding> errors(List<Finding> findings) {
    return findings.stream().filter(Finding::error);
  }

  /** Makes a file of a definition. */
  private interface Maker {
    /**
     * The new file's content.
     *
     * @param api the definition's path, as it was given
     */
    Map<String, Object> of(Definition definition, String api);
  }

  private int write(List<String> words, boolean help, String usage, Maker maker) {
    if (help) {
      out.println("usage: consort " + usage);
      return OK;
    }
    if (words.isEmpty() || words.size() > 2 || words.stream().anyMatch(w -> path(w) == null)) {
      err.println("usage: consort " + usage);
      return USAGE;
    }
    return write(words.get(0), words.size() == 2 ? words.get(1) : null, maker);
  }

  /** The definition must be in order; what is there already is not overwritten. */
  private int write(String api, String target, Maker maker) {
    List<Finding> findings = check.api(Path.of(api));
    if (errors(findings).findAny().isPresent()) {
      errors(findings).forEach(err::println);
      return INVALID;
    }
    Problems problems = new Problems(api);
    Node root = YamlReader.read(FileCheck.bytes(Path.of(api), problems), problems);
    String text = yaml(maker.of(new Definition(root), api));
    if (target == null) {
      out.print(text);
      return OK;
    }
    try {
      Files.writeString(Path.of(target), text);
      return OK;
    } catch (IOException e) {
      err.println(target + " cannot be written: " + e);
      return INVALID;
    }
  }

  private static String yaml(Map<String, Object> content) {
    DumperOptions options = new DumperOptions();
    options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
    options.setIndicatorIndent(2);
    options.setIndentWithIndicator(true);
    options.setAllowUnicode(true);
    options.setWidth(120);
    // the same list or map twice would be an alias, which is refused when it is read
    options.setDereferenceAliases(true);
    return new Yaml(options).dump(content);
  }

  private Map<String, Object> expand(Definition definition, String api) {
    return definition.expanded();
  }

  /** An instrument file to fill in: name and address are the user's. */
  private Map<String, Object> instrument(Definition definition, String api) {
    return instrument(definition, api, "TCPIP::192.168.0.1::5025::SOCKET");
  }

  private static Map<String, Object> instrument(Definition definition, String api, String address) {
    Map<String, Object> connection = new LinkedHashMap<>();
    connection.put("type", "VISA");
    connection.put("address", address);
    Map<String, Object> ios = new LinkedHashMap<>();
    for (Map<String, Object> io : definition.ios()) {
      if (List.of("input", "output", "inout").contains(io.get("role"))) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("type", type((String) io.get("type")));
        entry.put("role", io.get("role"));
        if (io.get("unit") != null) {
          entry.put("unit", io.get("unit"));
        }
        entry.put("offset", 0);
        entry.put("scale", 1);
        ios.put((String) io.get("name"), entry);
      }
    }
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("name", "INSTRUMENT_NAME");
    all.put("api_ref", api);
    all.put("connection", connection);
    all.put("io_config", ios);
    return all;
  }

  /** The type of an io as instrument files write it; an array has that of its elements. */
  private static String type(String written) {
    return switch (written) {
      case "int", "integer", "int64", "array<int>" -> "int";
      case "bool", "boolean" -> "bool";
      case "string" -> "string";
      default -> "float";
    };
  }

  private interface Check {
    List<Finding> of(Path file);
  }

  private int old(String name, List<String> words, boolean help, Check check) {
    Path file = words.size() == 1 && !help ? path(words.get(0)) : null;
    if (file == null) {
      err.println("Usage: " + name + " <input.yaml>");
      return help ? OK : OLD_USAGE;
    }
    List<Finding> wrong = errors(check.of(file)).toList();
    out.println(wrong.isEmpty() ? "Validation succeeded." : "Validation failed:");
    wrong.forEach(f -> out.println("  - " + OldWords.of(f)));
    return wrong.isEmpty() ? OK : OLD_INVALID;
  }

  /** As a node sees it, and what the old validator wants beside: groups that are written out. */
  private List<Finding> oldApi(Path file) {
    List<Finding> all = new ArrayList<>(check.api(file));
    if (errors(all).findAny().isPresent()) {
      return all;
    }
    Problems problems = new Problems(file.toString());
    Node root = YamlReader.read(FileCheck.bytes(file, problems), problems);
    Node at = root.get("io") == null ? root : root.get("io");
    for (Definition.GroupIo io : new Definition(root).missing()) {
      problems.error(
          at,
          "Missing IO entry for channel group '%s', channel %d, suffix '%s' (expected name: '%s')"
              .formatted(io.group(), io.channel(), io.suffix(), io.name()));
    }
    return problems.all();
  }

  private int oldExpander(List<String> words, boolean help) {
    if (help || words.size() != 2 || words.stream().anyMatch(w -> path(w) == null)) {
      err.println("Usage: template-expander <input.yaml> <output.yaml>");
      return help ? OK : OLD_USAGE;
    }
    return write(words.get(0), words.get(1), this::expand);
  }

  private int oldGenerator(List<String> words, boolean help) {
    if (help || words.size() != 2 || words.stream().anyMatch(w -> path(w) == null)) {
      err.println(
          "Usage: generate-instrument-config <instrument-api.yaml> <instrument_configuration.yaml>");
      return help ? OK : OLD_USAGE;
    }
    Maker maker = (definition, api) -> instrument(definition, api, "TCPIP::192.168.0.1::INSTR::0");
    int code = write(words.get(0), words.get(1), maker);
    if (code == OK) {
      out.println("Generated instrument configuration: " + words.get(1));
    }
    return code;
  }

  /** Null when a word is no path. */
  private static Path path(String word) {
    try {
      return word.startsWith("--") ? null : Path.of(word);
    } catch (InvalidPathException e) {
      return null;
    }
  }
}
