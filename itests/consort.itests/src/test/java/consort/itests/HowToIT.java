// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The how-tos say what happens: their commands are run, and what they print is compared. */
final class HowToIT {

  private static final Path HOW_TO = Path.of("../../docs/how-to");
  private static NodeProcess node;

  @BeforeAll
  static void start() throws Exception {
    Path home = Folders.home("how-to");
    Files.createDirectories(home.resolve("instruments"));
    for (String name : new String[] {"PSU1", "PSU2", "DMM1"}) {
      Files.writeString(
          home.resolve("instruments/" + name + ".yaml"),
          "name: %s\ndriver: simulated.%s\nconnection: {type: Simulated}\n"
              .formatted(name, name.startsWith("PSU") ? "source" : "multimeter"));
    }
    Files.copy(HOW_TO.resolve("ramp.lua"), home.resolve("ramp.lua"));
    node = NodeProcess.start(home);
    node.await(
        "all are ready",
        () -> run("consort list").lines().filter(l -> l.contains("READY")).count() == 3);
  }

  @AfterAll
  static void end() {
    node.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"share-a-rack.md", "run-instruments-together.md", "measure-with-lua.md"})
  void theCommandsPrintWhatTheDocumentSays(String document) throws Exception {
    List<Transcript.Entry> entries = Transcript.of(HOW_TO.resolve(document));
    assertThat(entries).hasSizeGreaterThan(2);
    MatchResult written = null;
    MatchResult given = null;
    for (Transcript.Entry entry : entries) {
      String printed = run(Transcript.moved(entry.command(), written, given));
      if (written == null) {
        written = Transcript.lease(entry.printed());
        given = Transcript.lease(printed);
      }
      assertThat(Transcript.plain(printed))
          .as("%s: %s printed\n%s", document, entry.command(), printed)
          .isEqualTo(Transcript.plain(Transcript.moved(entry.printed(), written, given)));
    }
  }

  /** Runs a line as a person does, in the home of the node. */
  private static String run(String command) {
    return run(node, command);
  }

  /** Runs a line as a person does, in the home of a node. */
  static String run(NodeProcess node, String command) {
    try {
      Path out = Files.createTempFile(node.home(), "out", ".txt");
      ProcessBuilder builder =
          new ProcessBuilder(
                  "bash", "-c", command.replace("127.0.0.1:8555", "127.0.0.1:" + node.port()))
              .directory(node.home().toFile())
              .redirectErrorStream(true)
              .redirectOutput(out.toFile());
      builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
      builder.environment().put("CONSORT_HOME", node.home().toString());
      builder
          .environment()
          .merge("PATH", Folders.distribution().resolve("bin").toString(), (a, b) -> b + ":" + a);
      Process shell = builder.start();
      assertThat(shell.waitFor(60, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
      return Files.readString(out);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
