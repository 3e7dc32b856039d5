// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.CommandInfo;
import consort.api.ErrorCode;
import consort.api.Faulted;
import consort.api.InstrumentException;
import consort.api.ParameterInfo;
import consort.api.Refused;
import consort.api.driver.Connectable;
import consort.api.driver.Driver;
import consort.api.driver.DriverFactory;
import consort.api.typed.TypedDriver;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for each of them. */
class AllInstrumentsTest {

  private static final Bench BENCH = new Bench();

  @AfterAll
  static void close() {
    BENCH.close();
  }

  static Stream<DriverFactory> factories() {
    return Stream.of(
        new SimulatedMultimeter.Factory(BENCH),
        new SimulatedSource.Factory(BENCH),
        new SimulatedOscilloscope.Factory(BENCH),
        new SimulatedBalance.Factory(BENCH),
        new SimulatedPositioner.Factory(BENCH));
  }

  private static Object create(DriverFactory factory, Map<String, ?> settings) throws Exception {
    return factory.create(Instruments.setup("X1", factory, settings));
  }

  @ParameterizedTest
  @MethodSource("factories")
  void needsNoSettingsAndExplainsEach(DriverFactory factory) throws Exception {
    assertThat(factory.settings()).allMatch(ParameterInfo::optional);
    assertThat(factory.settings()).allSatisfy(s -> assertThat(s.doc()).isNotBlank());
    assertThat(factory.settings())
        .extracting(ParameterInfo::name)
        .contains("seed", "delay", "fail_every");
    assertThat(((Connectable) create(factory, Map.of())).connect().vendor()).isEqualTo("Consort");
  }

  @ParameterizedTest
  @MethodSource("factories")
  void refusesWrongSettings(DriverFactory factory) {
    assertThatThrownBy(() -> create(factory, Map.of("sed", 1)))
        .isInstanceOf(Refused.class)
        .hasMessageStartingWith("settings: has no parameter 'sed'");
    assertThatThrownBy(() -> create(factory, Map.of("fail_every", -1)))
        .hasMessageContaining("settings fail_every: -1 is outside [0,");
    assertThatThrownBy(() -> create(factory, Map.of("delay", "PT-1S"))).isInstanceOf(Refused.class);
  }

  @ParameterizedTest
  @MethodSource("factories")
  void documentsEveryCommand(DriverFactory factory) throws Exception {
    Driver driver = TypedDriver.of(create(factory, Map.of()));

    assertThat(driver.info().commands()).allSatisfy(c -> assertThat(c.doc()).isNotBlank());
  }

  /** An injected fault strikes every command but urgent ones and those that inject faults. */
  @ParameterizedTest
  @MethodSource("factories")
  void passesItsFaultsInEveryCommand(DriverFactory factory) throws Exception {
    Driver driver = TypedDriver.of(create(factory, Map.of("fail_every", 1)));
    List<String> unharmed = new ArrayList<>();
    for (CommandInfo command : driver.info().commands()) {
      if (command.name().startsWith("inject_") || command.urgent()) {
        continue;
      }
      try {
        driver.call(command.name(), arguments(command));
        unharmed.add(command.name());
      } catch (Faulted e) {
        assertThat(e.code()).isEqualTo(ErrorCode.INSTRUMENT_ERROR);
        assertThat(e).hasMessage("one of 1 calls fails");
      }
    }
    assertThat(unharmed).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("factories")
  void answersEveryCommand(DriverFactory factory) throws Exception {
    Driver driver = TypedDriver.of(create(factory, Map.of()));
    for (CommandInfo command : driver.info().commands()) {
      if (!command.name().startsWith("inject_")) {
        try {
          Object value = driver.call(command.name(), arguments(command));
          if (value instanceof CompletionStage<?> stage) {
            stage.toCompletableFuture().join();
          }
        } catch (InstrumentException e) {
          assertThat(e).as(command.name()).hasMessageContaining("has no record yet");
        }
      }
    }
  }

  private static Map<String, Object> arguments(CommandInfo command) {
    Map<String, Object> arguments = new LinkedHashMap<>();
    for (ParameterInfo parameter : command.parameters()) {
      Object value =
          switch (parameter.type().kind()) {
            case BOOLEAN -> (Object) true;
            case INT -> 1;
            case DOUBLE -> 0.5;
            case ENUM -> parameter.type().options().get(0);
            default -> parameter.defaultValue();
          };
      arguments.put(parameter.name(), value);
    }
    return arguments;
  }
}
