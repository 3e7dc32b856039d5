// SPDX-License-Identifier: Apache-2.0
package consort.instruments;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.CommandInfo;
import consort.api.InstrumentInfo;
import consort.api.ParameterInfo;
import consort.api.ValueType;
import consort.api.driver.InstrumentType;
import consort.api.typed.TypedDriver;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One test over all typed interfaces; a new one is found by itself. */
class InterfacesTest {

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9]*(_[a-z0-9]+)*");

  /** Numbers without a unit: counts, and readings in the unit of the function selected last. */
  private static final Set<String> WITHOUT_UNIT =
      Set.of(
          "Multimeter.read",
          "Multimeter.read_several",
          "Multimeter.read_several.count",
          "Oscilloscope.configure_channel.channel",
          "Oscilloscope.configure_acquisition.points",
          "Oscilloscope.configure_trigger.channel",
          "Oscilloscope.read_waveform.channel",
          "Oscilloscope.fetch_waveform.channel");

  static Stream<Class<?>> interfaces() throws Exception {
    URI folder = InterfacesTest.class.getResource("Multimeter.class").toURI();
    try (Stream<Path> files = Files.list(Path.of(folder).getParent())) {
      List<String> names =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.matches("[A-Za-z]+\\.class"))
              .map(name -> name.substring(0, name.length() - ".class".length()))
              .sorted()
              .toList();
      return names.stream()
          .<Class<?>>map(InterfacesTest::load)
          .filter(type -> type.isAnnotationPresent(InstrumentType.class));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName("consort.instruments." + name);
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  private static InstrumentInfo info(Class<?> type) {
    Object nothing =
        Proxy.newProxyInstance(
            type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> null);
    return TypedDriver.of(nothing).info();
  }

  @Test
  void findsTheInterfaces() throws Exception {
    assertThat(interfaces())
        .contains(
            Balance.class,
            DcPowerSupply.class,
            FunctionGenerator.class,
            Multimeter.class,
            Oscilloscope.class,
            Positioner.class);
  }

  @ParameterizedTest
  @MethodSource("interfaces")
  void everyCommandHasALegalNameAndADocSentence(Class<?> type) {
    assertThat(info(type).doc()).isNotBlank();
    for (CommandInfo command : info(type).commands()) {
      String where = type.getSimpleName() + "." + command.name();
      assertThat(command.name()).as(where).matches(NAME);
      assertThat(command.doc()).as("@Doc of %s", where).isNotBlank().doesNotEndWith(".");
      command.parameters().forEach(p -> assertThat(p.name()).as(where).matches(NAME));
    }
  }

  @ParameterizedTest
  @MethodSource("interfaces")
  void everyQuantityHasAUnit(Class<?> type) {
    for (CommandInfo command : info(type).commands()) {
      String where = type.getSimpleName() + "." + command.name();
      unit(where, command.result(), command.unit());
      command.parameters().forEach(p -> unit(where + "." + p.name(), p.type(), p.unit()));
    }
  }

  private static void unit(String where, ValueType type, String unit) {
    switch (type.kind()) {
      case INT, LONG, DOUBLE, ARRAY -> {
        boolean without = WITHOUT_UNIT.contains(where);
        assertThat(unit.isEmpty()).as("@Unit of %s is missing", where).isEqualTo(without);
      }
      case RECORD -> {
        for (ParameterInfo field : type.fields()) {
          unit(where + "." + field.name(), field.type(), field.unit());
        }
      }
      case LIST -> unit(where, type.element(), unit);
      case VOID, BOOLEAN, STRING, ENUM, BYTES, DURATION, INSTANT, QUANTITY ->
          assertThat(unit).as(where).isEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("interfaces")
  void everyWritablePropertyCanBeRead(Class<?> type) {
    InstrumentInfo info = info(type);
    for (CommandInfo command : info.commands()) {
      if (command.name().startsWith("set_")) {
        assertThat(info.command("get_" + command.name().substring(4)))
            .as("%s.%s has a getter", type.getSimpleName(), command.name())
            .isPresent();
      }
    }
  }
}
