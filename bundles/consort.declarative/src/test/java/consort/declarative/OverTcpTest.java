// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.CommandInfo;
import consort.api.NumericArray;
import consort.api.Refused;
import consort.api.Values;
import consort.api.driver.Connection;
import consort.api.driver.Setup;
import consort.api.link.LinkSession;
import consort.link.VisaLinks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A definition's driver on real links to a real socket. */
@Timeout(60)
final class OverTcpTest {

  private final VisaLinks links = new VisaLinks();
  private final LinkSession session = links.session("DMM1", reason -> {});
  private final ExampleServer server;

  OverTcpTest() throws IOException {
    server = new ExampleServer("\n");
  }

  @AfterEach
  void close() throws IOException {
    session.close();
    links.close();
    server.close();
  }

  private DefinedDriver driver(String definition) {
    return driver(definition, Map.of());
  }

  private DefinedDriver driver(String definition, Map<String, Object> ioConfig) {
    DefinedFactory factory = new DefinedFactory(Definitions.good(definition));
    Map<String, Object> settings =
        Values.fields("settings", factory.settings(), Map.of("io_config", ioConfig));
    return factory.create(new Setup("DMM1", settings, Connection.visa(server.resource()), session));
  }

  private static Object call(DefinedDriver driver, String command, Object... arguments) {
    CommandInfo info = driver.info().command(command).orElseThrow();
    return Values.convert(
        info.name(),
        info.result(),
        driver.call(info.name(), Values.bind(info, List.of(arguments), Map.of())));
  }

  @Test
  void IS_08_exactlyTheLineAndALineFeedArrive() throws Exception {
    call(driver(Definitions.DMM), "SET_LEVEL", 5);

    assertThat(server.next()).isEqualTo("VOLT 5\n");
  }

  @Test
  void IS_09_nothingArrivesOfACallOutsideTheLimits() throws Exception {
    DefinedDriver driver = driver(Definitions.DMM);

    assertThatThrownBy(() -> call(driver, "SET_LEVEL", 11)).isInstanceOf(Refused.class);
    call(driver, "SET_LEVEL", 10);

    assertThat(server.next()).isEqualTo("VOLT 10\n");
    assertThat(server.rest()).isEmpty();
  }

  @Test
  void IS_10_aReadingOf3IsSevenWithScale2AndOffset1() {
    server.answer("MEAS?", "3.0");

    Object value =
        call(
            driver(Definitions.DMM, Map.of("reading", Map.of("scale", 2, "offset", 1))), "MEASURE");

    assertThat(value).isEqualTo(7.0);
  }

  @Test
  void IS_20_aTextOf100KilobytesArrivesIntact() throws Exception {
    String definition =
        Definitions.HEAD
            + "io: []\ncommands: {SAY: {template: 'SAY {t}', parameters: [{name: t, type: string}]}}\n";
    String text = "0123456789".repeat(10_000);

    call(driver(definition), "SAY", text);

    assertThat(server.next()).isEqualTo("SAY " + text + "\n");
  }

  @Test
  void IS_20_aWaveformOfAMillionSamplesArrivesIntact() {
    String definition =
        Definitions.HEAD
            + "io: []\ncommands: {WAVE: {template: 'WAV?', returns: block<float32>, byte_order: little}}\n";
    ByteBuffer block = ByteBuffer.allocate(9 + 4_000_000).order(ByteOrder.LITTLE_ENDIAN);
    block.put("#74000000".getBytes(StandardCharsets.US_ASCII));
    float[] samples = new float[1_000_000];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = i * 0.5f;
      block.putFloat(samples[i]);
    }
    server.answer("WAV?", block.array());

    assertThat(call(driver(definition), "WAVE")).isEqualTo(NumericArray.of(samples));
  }

  @Test
  void aBlockOfIndefiniteLengthEndsWithTheLine() {
    String definition =
        Definitions.HEAD + "io: []\ncommands: {WAVE: {template: 'WAV?', returns: block<int8>}}\n";
    server.answer("WAV?", "#0\u0001\u00ff\n\u0002");

    assertThat(call(driver(definition), "WAVE"))
        .isEqualTo(NumericArray.of(new byte[] {1, -1, 10, 2}));
  }

  @Test
  void aTextThatWouldEndTheLineIsRefused() {
    String definition =
        Definitions.HEAD
            + "io: []\ncommands: {SAY: {template: 'SAY {t}', parameters: [{name: t, type: string}]}}\n";

    assertThatThrownBy(() -> call(driver(definition), "SAY", "x\n*RST"))
        .isInstanceOf(Refused.class)
        .hasMessageContaining("contains the end of a line");
  }

  @Test
  void theTerminatorsOfTheDefinitionAreUsedUnlessTheConnectionHasItsOwn() throws Exception {
    try (ExampleServer cr = new ExampleServer("\r\n")) {
      cr.answer("MEAS?", "3");
      String definition =
          Definitions.DMM.replace("{type: VISA}", "{type: VISA, terminator: '\\r\\n'}");
      DefinedFactory factory = new DefinedFactory(Definitions.good(definition));
      DefinedDriver driver =
          factory.create(new Setup("X", Map.of(), Connection.visa(cr.resource()), session));

      assertThat(call(driver, "MEASURE")).isEqualTo(3.0);
      assertThat(cr.next()).isEqualTo("MEAS?\r\n");
    }
  }

  @Test
  void anAnswerThatMakesNoSenseIsNotGivenToTheNextQuestion() {
    server.answer("MEAS?", "banana\n99").answer("*IDN?", "Acme");
    DefinedDriver driver = driver(Definitions.DMM);

    assertThatThrownBy(() -> call(driver, "MEASURE")).hasMessageContaining("banana");
    assertThat(call(driver, "IDN")).isEqualTo("Acme");
  }
}
