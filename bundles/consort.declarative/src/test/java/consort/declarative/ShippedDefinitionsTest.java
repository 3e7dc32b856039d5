// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.CommandInfo;
import consort.api.ParameterInfo;
import consort.api.ValueType;
import consort.api.Values;
import consort.api.driver.Connection;
import consort.api.driver.Setup;
import consort.api.link.LinkSession;
import consort.declarative.Definition.Example;
import consort.link.VisaLinks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every definition of {@code drivers/definitions}: complete, cited, and played over a socket. */
@Timeout(120)
final class ShippedDefinitionsTest {

  private static final Path FOLDER = Path.of("../../drivers/definitions");

  static Stream<String> all() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".yaml"))
          .sorted()
          .collect(Collectors.toList())
          .stream();
    }
  }

  private static Definition read(String file) throws IOException {
    DefinitionReader.Reading reading =
        new DefinitionReader().read(file, Files.readAllBytes(FOLDER.resolve(file)));
    assertThat(reading.findings()).isEmpty();
    return reading.definition();
  }

  @Test
  void thereAreAtLeastEight() throws IOException {
    assertThat(all()).hasSizeGreaterThanOrEqualTo(8);
  }

  @ParameterizedTest
  @MethodSource("all")
  void citesItsSource(String file) throws IOException {
    String head =
        Files.readAllLines(FOLDER.resolve(file)).stream()
            .takeWhile(line -> line.startsWith("#"))
            .collect(Collectors.joining(" "));

    assertThat(head).contains("Source: ").containsAnyOf("chapter", "section");
  }

  @ParameterizedTest
  @MethodSource("all")
  void hasADocAnExampleUnitsAndLimitsForEachCommand(String file) throws IOException {
    Definition definition = read(file);
    Set<String> shown = new HashSet<>();
    definition.examples().forEach(example -> shown.add(String.valueOf(example.command())));
    for (Definition.Command command : definition.commands()) {
      CommandInfo info = new DefinedCommand(command, IoConfig.none()).info();
      assertThat(shown).contains(info.name());
      assertThat(info.doc()).as(info.name()).endsWith(".");
      info.parameters().forEach(p -> complete(info, p));
      command.parameters().stream()
          .filter(p -> p.type().isNumeric() && !p.name().equals(command.channel()))
          .forEach(p -> assertThat(p.unit()).as("unit of " + info.name()).isNotEmpty());
      if (command.reply() != null) {
        command.reply().outputs().stream()
            .filter(o -> o.type().isNumeric())
            .forEach(o -> assertThat(o.unit()).as("unit of " + info.name()).isNotEmpty());
      }
    }
    assertThat(definition.identity()).isNotNull();
    assertThat(definition.doc()).isNotEmpty();
  }

  private static void complete(CommandInfo command, ParameterInfo parameter) {
    String name = command.name() + " " + parameter.name();
    assertThat(parameter.doc()).as(name).endsWith(".");
    boolean number =
        parameter.type().kind() == ValueType.Kind.DOUBLE
            || parameter.type().kind() == ValueType.Kind.LONG;
    if (number) {
      assertThat(parameter.limits() != null || !parameter.options().isEmpty())
          .as("limits of " + name)
          .isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void itsExamplesHoldOverASocket(String file) throws Exception {
    Definition definition = read(file);
    VisaLinks links = new VisaLinks();
    LinkSession session = links.session("X", reason -> {});
    try (ExampleServer server = new ExampleServer(definition.terminators().write())) {
      DefinedDriver driver =
          new DefinedFactory(definition)
              .create(new Setup("X", Map.of(), Connection.visa(server.resource()), session));
      for (Example example : definition.examples()) {
        if (example.command() == null) {
          server.answer(example.sent(), example.reply());
        }
      }
      assertThat(driver.connect().model()).isNotEmpty();
      driver.startup(List.of());
      for (Example example : definition.examples()) {
        if (example.command() != null) {
          play(driver, server, example, definition.terminators().write());
        }
      }
    } finally {
      session.close();
      links.close();
    }
  }

  private static void play(
      DefinedDriver driver, ExampleServer server, Example example, String terminator)
      throws InterruptedException {
    CommandInfo info = driver.info().command(example.command()).orElseThrow();
    if (example.reply() != null) {
      server.answer(example.sent(), example.reply());
    }
    server.forget();
    Object result = driver.call(info.name(), Values.bind(info, List.of(), example.arguments()));
    assertThat(server.next()).isEqualTo(example.sent() + terminator);
    if (example.result() != null) {
      assertThat(Values.convert("", info.result(), result))
          .isEqualTo(Values.convert("", info.result(), example.result()));
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void isSimulatedByItsExamples(String file) throws Exception {
    Definition definition = read(file);
    DefinedDriver driver =
        new DefinedFactory(definition)
            .create(
                new Setup(
                    "X", Map.of(), new Connection("Simulated", "", Map.of()), (c, s) -> null));
    assertThat(driver.connect().model()).isNotEmpty();
    driver.startup(List.of());
    for (Example example : definition.examples()) {
      if (example.command() != null) {
        CommandInfo info = driver.info().command(example.command()).orElseThrow();
        driver.call(info.name(), Values.bind(info, List.of(), example.arguments()));
      }
    }
  }

  /** Of each command set_x whose example has one value, and get_x. */
  @ParameterizedTest
  @MethodSource("all")
  void whatIsSetInTheSimulatedOneIsReadBack(String file) throws Exception {
    Definition definition = read(file);
    DefinedDriver driver = SimulatedDriver.of(definition, IoConfig.none());
    int pairs = 0;
    for (Example example : definition.examples()) {
      String set = String.valueOf(example.command());
      CommandInfo get = driver.info().command(set.replaceFirst("^set_", "get_")).orElse(null);
      if (!set.startsWith("set_") || get == null) {
        continue;
      }
      CommandInfo info = driver.info().command(set).orElseThrow();
      Map<String, Object> arguments = Values.bind(info, List.of(), example.arguments());
      driver.call(set, arguments);
      Map<String, Object> channel = new HashMap<>(arguments);
      channel.keySet().retainAll(Set.of("channel"));
      Object found = driver.call(get.name(), channel);
      arguments.forEach(
          (name, value) -> {
            if (!name.equals("channel")) {
              assertThat(found instanceof Map<?, ?> fields ? fields.get(name) : found)
                  .as(get.name())
                  .isEqualTo(value);
            }
          });
      pairs++;
    }
    assertThat(pairs).isPositive();
  }
}
