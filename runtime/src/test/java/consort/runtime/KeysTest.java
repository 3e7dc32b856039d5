// SPDX-License-Identifier: Apache-2.0
package consort.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import consort.commands.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The verb keys, and the how-to about it, command by command. */
@Timeout(120)
class KeysTest {

  private static final Path HOW_TO = Path.of("../docs/how-to/keys-for-a-laboratory.md");
  private static final Path REFERENCE = Path.of("../docs/reference/cli.md");

  /** The first group is what is in it, of blocks that do not say which language that is. */
  private static final Pattern BLOCK =
      Pattern.compile("^```(?:\\w+\\R.*?|\\R(.*?))^```$", Pattern.DOTALL | Pattern.MULTILINE);

  private static final Pattern COPY = Pattern.compile("scp (\\S+) (\\w+):(\\S*)");

  @TempDir Path root;
  private String out = "";
  private String err = "";

  private int keys(Path home, String... words) {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    ByteArrayOutputStream complained = new ByteArrayOutputStream();
    String[] all = new String[words.length + 3];
    all[0] = "--home";
    all[1] = home.toString();
    all[2] = "keys";
    System.arraycopy(words, 0, all, 3, words.length);
    int code = new Keys(print(printed), print(complained)).run(all);
    out = printed.toString(StandardCharsets.UTF_8);
    err = complained.toString(StandardCharsets.UTF_8);
    return code;
  }

  private static PrintStream print(ByteArrayOutputStream to) {
    return new PrintStream(to, true, StandardCharsets.UTF_8);
  }

  private Path home(String node) throws IOException {
    Path home = root.resolve(node);
    Files.createDirectories(home.resolve("etc"));
    Files.writeString(home.resolve("etc/consort.yaml"), "node: " + node + "\n");
    return home;
  }

  /**
   * Each line with a prompt is carried out on that node; what is printed below is what it prints.
   */
  @Test
  void theHowToDoesWhatItSays() throws IOException {
    int commands = 0;
    StringBuilder said = new StringBuilder();
    for (MatchResult block : BLOCK.matcher(Files.readString(HOW_TO)).results().toList()) {
      if (block.group(1) == null) {
        continue;
      }
      said.setLength(0);
      String printed = "";
      for (String line : block.group(1).lines().toList()) {
        if (!line.matches("[a-z0-9]+\\$ .*")) {
          printed += line + "\n";
          continue;
        }
        assertThat(shape(said.toString())).isEqualTo(shape(printed));
        String node = line.substring(0, line.indexOf('$'));
        String command = line.substring(line.indexOf('$') + 2);
        said.setLength(0);
        said.append(carryOut(node, command));
        printed = "";
        commands++;
        if (!nextPrints(block.group(1), line)) {
          said.setLength(0);
        }
      }
      assertThat(shape(said.toString())).isEqualTo(shape(printed));
    }
    assertThat(commands).isEqualTo(12);
  }

  /** Whether the how-to shows what a command prints; where it does not, nothing is compared. */
  private static boolean nextPrints(String block, String line) {
    String behind = block.substring(block.indexOf(line) + line.length()).stripLeading();
    return !behind.isEmpty() && !behind.matches("(?s)[a-z0-9]+\\$ .*");
  }

  private String carryOut(String node, String command) throws IOException {
    Path home = home(node);
    var copy = COPY.matcher(command);
    if (copy.matches()) {
      Path from = home.resolve(copy.group(1));
      String name = copy.group(3).isEmpty() ? from.getFileName().toString() : copy.group(3);
      Files.write(home(copy.group(2)).resolve(name), Files.readAllBytes(from));
      return "";
    }
    String[] words = command.split(" ");
    assertThat(words).startsWith("consort", "keys");
    for (int i = 0; i < words.length; i++) {
      words[i] = words[i].endsWith(".pem") ? home.resolve(words[i]).toString() : words[i];
    }
    assertThat(keys(home, List.of(words).subList(2, words.length).toArray(String[]::new)))
        .as(command + ": " + err)
        .isZero();
    return out;
  }

  /** Without days and fingerprints, which are others each time. */
  private static String shape(String text) {
    return text.replaceAll("\\d{4}-\\d\\d-\\d\\d", "DAY").replaceAll("[0-9a-f]{16}", "PRINT");
  }

  @Test
  void jsonNamesWhatWasMadeOrWhatIsWrong() throws IOException {
    assertThat(keys(home("bench1"), "list", "--json")).isZero();
    assertThat(json()).isEqualTo(Map.of("ok", true, "keys", List.of()));

    assertThat(keys(home("bench1"), "issue", "bench2", "--json")).isEqualTo(1);
    assertThat(json()).containsEntry("ok", false);
    assertThat((String) json().get("error")).contains("keys init");

    assertThat(keys(home("bench1"), "init", "--json")).isZero();
    assertThat(json().get("keys").toString()).contains("kind=authority", "name=bench1", "until=");
  }

  private Map<String, Object> json() {
    return Json.read(out.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void wrongUsageEndsWith2() throws IOException {
    assertThat(keys(home("bench1"))).isEqualTo(2);
    assertThat(keys(home("bench1"), "make")).isEqualTo(2);
    assertThat(keys(home("bench1"), "issue")).isEqualTo(2);
    assertThat(err).contains("NODE");
    assertThat(keys(home("bench1"), "issue", "../bench2")).isEqualTo(2);
    assertThat(err).contains("'../bench2' is no name of a node");
    assertThat(keys(home("bench1"), "issue", "bench2", "--days", "many")).isEqualTo(2);
    assertThat(keys(home("bench1"), "init", "--help")).isZero();
    assertThat(out).contains("--replace");
  }

  @Test
  void theReferenceSaysWhatTheUsageSays() throws IOException {
    String reference = Files.readString(REFERENCE);
    for (String verb : List.of("init", "issue", "trust", "list")) {
      keys(home("bench1"), verb, "--help");
      String doc = out.lines().skip(1).findFirst().orElseThrow();
      assertThat(reference)
          .containsPattern("\\| `keys " + verb + "[^`]*` \\| " + Pattern.quote(doc));
    }
  }
}
