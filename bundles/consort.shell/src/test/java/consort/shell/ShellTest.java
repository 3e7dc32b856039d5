// SPDX-License-Identifier: Apache-2.0
package consort.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import consort.api.Caller;
import consort.commands.CommandDoc;
import consort.commands.Commands;
import consort.commands.Verb;
import consort.commands.Watch;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.felix.gogo.runtime.CommandProcessorImpl;
import org.apache.felix.gogo.runtime.threadio.ThreadIOImpl;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Function;
import org.jline.reader.Candidate;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.junit.jupiter.api.Test;

/** The functions in a real session of Gogo. */
class ShellTest {

  private static final Path PROFILE = Path.of("../../runtime/src/dist/etc/gosh_profile");

  private final List<String> ran = new ArrayList<>();

  /** Two events; then the node ends, or somebody presses Enter. */
  private final Deque<Map<String, Object>> events =
      new ArrayDeque<>(
          List.of(
              Map.of("topic", "consort/instrument/READY", "instrument", "DMM1", "state", "READY"),
              Map.of("topic", "consort/lease/TAKEN", "text", "by alice")));

  private boolean closed;
  private boolean endless;

  private final Watch watch =
      new Watch() {
        @Override
        public Map<String, Object> next(Duration atMost) {
          return events.poll();
        }

        @Override
        public boolean isOpen() {
          return endless || !events.isEmpty();
        }

        @Override
        public void close() {
          closed = true;
        }
      };

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private String keys = "";

  private final Commands commands =
      new Commands() {
        @Override
        public Map<String, Object> run(String command, Map<String, ?> parameters, Caller caller) {
          assertThat(caller).isEqualTo(VerbFunction.CALLER);
          ran.add(command + parameters);
          return switch (command) {
            case "list" ->
                Map.of("ok", true, "instruments", List.of("DMM1", "PSU1"), "details", List.of());
            case "call" -> Map.of("ok", true, "text", "3.3 V");
            case "info" ->
                Map.of(
                    "ok",
                    true,
                    "commands",
                    List.of(
                        Map.of("name", "measure", "signature", "measure() -> double"),
                        Map.of(
                            "name",
                            "set",
                            "signature",
                            "set(volts: double, range: double)",
                            "parameters",
                            List.of(
                                Map.of("name", "volts", "doc", "the voltage"),
                                Map.of("name", "range", "doc", "its range")))));
            default -> Map.of("ok", false, "error", "instrument not found: X");
          };
        }

        @Override
        public Watch watch(Map<String, ?> parameters, Caller caller) {
          ran.add("watch" + parameters);
          return watch;
        }

        @Override
        public List<CommandDoc> commands() {
          return List.of();
        }
      };

  private Object execute(String line) throws Exception {
    CommandProcessorImpl processor = new CommandProcessorImpl(new ThreadIOImpl());
    for (Verb verb : Verb.ALL) {
      if (!verb.isElsewhere()) {
        add(processor, verb.name(), new VerbFunction(verb, commands));
      }
    }
    add(processor, "help", new Help());
    add(processor, "_names", new Completion(commands, false));
    add(processor, "_calls", new Completion(commands, true));
    add(processor, "_unknown", new Unknown());
    try (CommandSession session =
        processor.createSession(
            new ByteArrayInputStream(keys.getBytes(StandardCharsets.US_ASCII)),
            out,
            new ByteArrayOutputStream())) {
      session.put("SCOPE", "consort:gogo:felix:*");
      session.execute("default = { consort:_unknown $args }");
      return session.execute(line);
    } finally {
      processor.stop();
    }
  }

  private static void add(CommandProcessorImpl processor, String name, Function function) {
    processor.addCommand("consort", function, name);
  }

  @Test
  void aVerbGivesTheTextOfTheCommandLine() throws Exception {
    assertThat(execute("list")).isEqualTo("No instruments running");
    assertThat(execute("consort:call DMM1.measure_voltage")).isEqualTo("3.3 V");
  }

  @Test
  void watchPrintsWhatHappensUntilTheNodeEnds() throws Exception {
    assertThat(execute("watch DMM1")).isNull();

    assertThat(ran).containsExactly("watch{name=DMM1}");
    assertThat(out.toString(StandardCharsets.UTF_8).lines().map(String::strip))
        .satisfiesExactly(
            ready -> assertThat(ready).matches("DMM1 +READY"),
            lease -> assertThat(lease).matches("lease taken +by alice"));
    assertThat(closed).isTrue();
  }

  @Test
  void watchEndsWhenEnterIsPressed() throws Exception {
    endless = true;
    keys = "\n";
    execute("watch --json");

    assertThat(ran).containsExactly("watch{}");
    assertThat(closed).isTrue();
  }

  @Test
  void wordsArriveAsTyped() throws Exception {
    execute("call DMM1.measure_voltage range=10");
    execute("call DMM1.set_voltage 3.30");
    execute("call DMM1.set_voltage -3.3 --deadline 500ms");
    execute("call DMM1.set_serial 007");
    execute("call DMM1.set_points [1 2 3]");
    execute("call DMM1.set_text 'two words' on=true");

    assertThat(ran)
        .containsExactly(
            "call{name=DMM1, verb=measure_voltage, text={range=10}}",
            "call{name=DMM1, verb=set_voltage, text_args=[3.30]}",
            "call{name=DMM1, verb=set_voltage, text_args=[-3.3], deadline=500ms}",
            "call{name=DMM1, verb=set_serial, text_args=[007]}",
            "call{name=DMM1, verb=set_points, text_args=[[1, 2, 3]]}",
            "call{name=DMM1, verb=set_text, text_args=[two words], text={on=true}}");
  }

  @Test
  void anErrorIsOneLine() {
    assertThatThrownBy(() -> execute("why X")).hasToString("instrument not found: X");
    assertThatThrownBy(() -> execute("call DMM1"))
        .hasToString(
            "'DMM1' is not NAME.VERB, such as DMM1.measure_voltage;"
                + " usage: call NAME.VERB [VALUE|NAME=VALUE ...] [--deadline D] [--lease ID]");
    assertThatThrownBy(() -> execute("status")).hasToString("missing NAME; usage: status NAME");
    assertThatThrownBy(() -> execute("list --nonsense")).hasMessageContaining("unknown option");
    assertThatThrownBy(() -> execute("list --deadline 5s")).hasMessageContaining("unknown option");
  }

  @Test
  void aWordThatIsNoCommandShowsNoClassName() throws IOException {
    assertThat(catchThrowable(() -> execute("lst DMM1")).toString())
        .startsWith("there is no command 'lst'; there are list, status, ")
        .endsWith(", findings, and those that 'help' lists");
    assertThatThrownBy(() -> execute("exit"))
        .hasToString("there is no command 'exit'; Ctrl-D ends the node");
    assertThat(Files.readString(PROFILE)).contains("default = { consort:_unknown $args }");
  }

  @Test
  void helpAndJsonAreThereToo() throws Exception {
    assertThat(execute("status --help").toString()).startsWith("usage: status NAME");
    assertThat(execute("call DMM1.measure --json").toString()).contains("\"text\" : \"3.3 V\"");
  }

  @Test
  void completionKnowsNamesAndTheirCommands() throws Exception {
    assertThat(words(execute("_names D"))).containsExactly("DMM1", "PSU1");
    assertThat(words(execute("_calls ''"))).containsExactly("DMM1.", "PSU1.");
    assertThat(words(execute("_calls DMM1.me"))).containsExactly("DMM1.measure", "DMM1.set");
  }

  @Test
  void behindWhatIsCompleteNothingIsOfferedASecondTime() throws Exception {
    assertThat(words(execute("_names D 1"))).containsExactly("DMM1", "PSU1");
    assertThat(words(execute("_names '' 2"))).isEmpty();
    assertThat(words(execute("_calls '' 2 [call DMM1.set '']")))
        .containsExactly("volts=", "range=");
    assertThat(words(execute("_calls '' 3 [call DMM1.set 'volts=1' '']")))
        .containsExactly("range=");
    assertThat(words(execute("_calls '' 2 [call DMM1.nothing '']"))).isEmpty();
  }

  private static List<String> words(Object candidates) {
    return ((List<?>) candidates).stream().map(c -> ((Candidate) c).value()).toList();
  }

  @Test
  void ctrlCEndsTheWaitingAndGivesTheHandlerBack() throws Exception {
    CountDownLatch waits = new CountDownLatch(1);
    CommandProcessorImpl processor = new CommandProcessorImpl(new ThreadIOImpl());
    try (Terminal terminal =
            TerminalBuilder.builder()
                .type("dumb")
                .streams(new ByteArrayInputStream(new byte[0]), new ByteArrayOutputStream())
                .build();
        CommandSession session =
            processor.createSession(new ByteArrayInputStream(new byte[0]), out, out)) {
      Terminal.SignalHandler gogo = signal -> {};
      terminal.handle(Terminal.Signal.INT, gogo);
      session.put(".terminal", terminal);
      Thread presses =
          new Thread(
              () -> {
                try {
                  waits.await();
                  terminal.raise(Terminal.Signal.INT);
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
      presses.start();

      assertThatThrownBy(
              () ->
                  CtrlC.run(
                      session,
                      "call",
                      () -> {
                        waits.countDown();
                        return new CountDownLatch(1).await(20, TimeUnit.SECONDS);
                      }))
          .isInstanceOf(CancellationException.class);
      assertThat(CtrlC.run(session, "list", () -> "done")).isEqualTo("done");
      assertThat(terminal.handle(Terminal.Signal.INT, gogo)).isSameAs(gogo);
      presses.join();
    }
  }

  @Test
  void helpListsTheVerbsInTheOrderOfTheReference() throws Exception {
    assertThat(execute("help").toString().lines())
        .startsWith("list        All instruments and their states.")
        .endsWith("help VERB: how one is written; felix:help: what else there is")
        .hasSize((int) Verb.ALL.stream().filter(verb -> !verb.isElsewhere()).count() + 1);
    assertThat(execute("help cancel").toString())
        .startsWith("usage: cancel NAME [--lease ID] [--json]\nCancels the running call");
    assertThatThrownBy(() -> execute("help nonsense"))
        .hasMessage("'nonsense' is none of these; 'felix:help nonsense' may know");
  }

  @Test
  void theReferenceListsEveryVerb() throws IOException {
    String written =
        Verb.ALL.stream()
            .filter(verb -> !verb.isElsewhere())
            .map(verb -> "| `" + verb.synopsis().replace("|", "\\|") + "` | " + verb.doc() + " |")
            .collect(Collectors.joining("\n"));

    assertThat(Files.readString(Path.of("../../docs/reference/shell.md"))).contains(written);
  }

  @Test
  void theProfileCompletesEveryVerbThatTakesAnInstrument() throws IOException {
    String profile = Files.readString(PROFILE);

    assertThat(profile).contains("SCOPE = 'consort:gogo:felix:*'");
    for (Verb verb : Verb.ALL) {
      if (!verb.isElsewhere()
          && !verb.parameters().isEmpty()
          && !verb.parameters().get(0).startsWith("FILE.")
          && !verb.name().equals("test")) {
        assertThat(profile).contains("complete -c consort:" + verb.name() + " -a 'consort:_");
      }
    }
  }
}
