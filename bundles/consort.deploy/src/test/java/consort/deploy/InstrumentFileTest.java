// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import consort.api.State;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.Reconnect;
import consort.api.coordinator.Requirement;
import consort.api.deploy.Finding;
import consort.api.driver.Connection;
import consort.deploy.InstrumentFile.Reading;
import consort.yaml.Problems;
import consort.yaml.YamlReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class InstrumentFileTest {

  private static final InstrumentFile READER = new InstrumentFile();

  @TempDir private Path folder;

  private Reading read(String text) {
    return READER.read("i.yaml", folder.resolve("i.yaml"), text.getBytes(StandardCharsets.UTF_8));
  }

  private InstrumentSpec spec(String text) {
    Reading reading = read(text);
    assertThat(reading.findings()).isEmpty();
    return reading.spec();
  }

  private static List<String> texts(Reading reading) {
    return reading.findings().stream().map(Finding::toString).toList();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("consort.deploy.BadFiles#all")
  void saysWhatIsWrongAndWhere(String what, String text, List<String> findings) {
    Reading reading = read(text);

    assertThat(texts(reading))
        .isEqualTo(findings.stream().map(f -> f.replace("@", folder.toString())).toList());
    assertThat(reading.spec()).isNull();
  }

  @Test
  void aSmallFileIsAnInstrumentWithTheUsualRest() {
    assertThat(spec("name: DMM1\ndriver: acme.dmm\n"))
        .isEqualTo(InstrumentSpec.of("DMM1", "acme.dmm", Connection.NONE).from("i.yaml"));
  }

  @Test
  void everyKeyArrives() {
    InstrumentSpec spec =
        spec(
            """
            name: dmm_1
            driver: acme.dmm
            version: "1.2"
            connection:
              type: VISA
              address: ASRL/dev/ttyUSB0::INSTR
              baudrate: 115200
              data_bits: 7
              parity: even
              stop_bits: 1.5
              flow_control: rts_cts
              timeout: 2000
              termination: "\\r\\n"
              custom: {unit: 3}
            settings:
              seed: 7
              big: 3000000000
              noise: 1e-6
              mask: 0xff
              fast: true
              label: "no"
              points: [1, 2.5, three]
              nested: {deep: [{a: b}]}
            startup: {init_commands: ["*CLS", '*RST'], delay_ms: 10}
            reconnect: {first: 1s, cap: 2min, startup: true}
            deadline: 1.5s
            health: {interval: 10s}
            requires: [{instrument: CRYO}, {instrument: LASER, state: STOPPED}]
            isolation: none
            export: true
            labels: {room: B214, inventory: "0042"}
            """);

    assertThat(spec.connection())
        .isEqualTo(
            new Connection(
                "VISA",
                "ASRL/dev/ttyUSB0::INSTR",
                Map.of(
                    "baudrate",
                    115200,
                    "data_bits",
                    7,
                    "parity",
                    "even",
                    "stop_bits",
                    1.5,
                    "flow_control",
                    "rts_cts",
                    "timeout",
                    2000,
                    "termination",
                    "\r\n",
                    "custom",
                    Map.of("unit", 3))));
    assertThat(spec.settings())
        .isEqualTo(
            Map.of(
                "seed",
                7,
                "big",
                3000000000L,
                "noise",
                1e-6,
                "mask",
                255,
                "fast",
                true,
                "label",
                "no",
                "points",
                List.of(1, 2.5, "three"),
                "nested",
                Map.of("deep", List.of(Map.of("a", "b")))));
    assertThat(spec)
        .isEqualTo(
            new InstrumentSpec(
                "dmm_1",
                "acme.dmm",
                "1.2",
                spec.connection(),
                spec.settings(),
                List.of("*CLS", "*RST"),
                Duration.ofMillis(10),
                Duration.ofMillis(1500),
                new Reconnect(true, Duration.ofSeconds(1), Duration.ofMinutes(2), true),
                true,
                Map.of("room", "B214", "inventory", "0042"),
                Duration.ofSeconds(10),
                List.of(
                    new Requirement("CRYO", State.READY), new Requirement("LASER", State.STOPPED)),
                "i.yaml"));
  }

  @Test
  void aTextIsShortForAVisaConnection() {
    assertThat(spec("name: A\ndriver: d\nconnection: TCPIP::host::5025::SOCKET\n").connection())
        .isEqualTo(Connection.visa("TCPIP::host::5025::SOCKET"));
  }

  @Test
  void reconnectingCanBeSwitchedOff() {
    assertThat(spec("name: A\ndriver: d\nreconnect: false\n").reconnect().enabled()).isFalse();
    assertThat(spec("name: A\ndriver: d\nreconnect: true\n").reconnect())
        .isEqualTo(Reconnect.DEFAULT);
    assertThat(spec("name: A\ndriver: d\nreconnect: {first: 1min}\n").reconnect().cap())
        .isEqualTo(Duration.ofMinutes(1));
  }

  @Test
  void aTerminationMayBeWrittenWithoutDoubleQuotes() {
    assertThat(
            spec("name: A\ndriver: d\nconnection: {type: None, termination: '\\r\\n'}\n")
                .connection()
                .settings())
        .isEqualTo(Map.of("termination", "\r\n"));
  }

  @Test
  void jsonIsReadAsWell() {
    assertThat(spec("{\"name\": \"A\", \"driver\": \"d\", \"settings\": {\"x\": [1]}}").settings())
        .isEqualTo(Map.of("x", List.of(1)));
  }

  @Test
  void aByteOrderMarkAndWindowsLineEndsAreNoObstacle() {
    assertThat(spec("\uFEFF---\r\nname: A\r\ndriver: d\r\n...\r\n").name()).isEqualTo("A");
  }

  @Test
  void equalFilesGiveEqualSpecifications() {
    String text = "name: A\ndriver: d\nsettings: {a: [1, {b: 2}], c: 0.5}\n";

    assertThat(spec(text)).isEqualTo(spec(text));
  }

  @Test
  void aDefinitionIsFoundBesideTheFileAndByUri() throws IOException {
    Path definition = Files.writeString(folder.resolve("dmm.yaml"), "").toRealPath();
    for (String reference :
        List.of("dmm.yaml", "./dmm.yaml", definition.toString(), "file://" + definition)) {
      Reading reading =
          read("name: A\nconnection: TCPIP::h::5025::SOCKET\nio_config: {}\napi_ref: " + reference);

      assertThat(reading.spec().driver()).as(reference).isEqualTo("definition:" + definition);
      assertThat(texts(reading)).isEmpty();
    }
  }

  @Test
  void aDefinitionIsLookedForInTheWorkingFolderToo() throws IOException {
    // the working folder of the build is the bundle's own
    assertThat(read("name: A\nconnection: X\napi_ref: pom.xml").spec().driver())
        .isEqualTo("definition:" + Path.of("pom.xml").toRealPath());
  }

  @Test
  void anAbsentDefinitionIsAwaited() {
    Reading reading = read("name: A\nconnection: X\nio_config: {}\napi_ref: apis/dmm.yaml");

    assertThat(texts(reading))
        .containsExactly(
            "i.yaml:4:10: /api_ref: API definition file not found: "
                + folder.resolve("apis/dmm.yaml"));
    assertThat(reading.awaited()).isEqualTo(folder.resolve("apis/dmm.yaml"));
  }

  @Test
  void filesOfInstrumentScriptServerAreTakenWithNotes() throws IOException {
    Files.writeString(folder.resolve("dmm.yaml"), "");
    Reading reading =
        read(
            """
            name: dmm1
            api_ref: dmm.yaml
            connection:
              type: VISA
              address: TCPIP::192.168.0.1::INSTR::0
              timeout: 5000
              termination: "\\n"
            io_config:
              range: {type: float, role: setting, unit: V, offset: 0, scale: 1}
            """);

    assertThat(reading.usable()).isTrue();
    assertThat(reading.findings()).noneMatch(Finding::error);
    assertThat(texts(reading))
        .containsExactly(
            "i.yaml:1:7: /name: instrument-script-server takes capitals, digits and underscores only",
            "i.yaml:5:12: /connection/address: VXI-11, HiSLIP, USB and GPIB are not spoken yet: the instrument will be"
                + " OFFLINE; most LXI instruments also take TCPIP::<host>::5025::SOCKET",
            "i.yaml:5:12: /connection/address: the usual form of this address is TCPIP::host::INSTR; accepted",
            "i.yaml:6:12: /connection/timeout: this key is not in the schema of instrument-script-server; accepted",
            "i.yaml:7:16: /connection/termination: this key is not in the schema of instrument-script-server; accepted",
            "i.yaml:9:30: /io_config/range/role: the role setting is not in the schema of"
                + " instrument-script-server; accepted");
    assertThat(reading.spec().settings())
        .isEqualTo(
            Map.of(
                "io_config",
                Map.of(
                    "range",
                    Map.of(
                        "type", "float", "role", "setting", "unit", "V", "offset", 0, "scale",
                        1))));
  }

  @Test
  void aFileWithoutInputsAndOutputsIsTakenWithANote() throws IOException {
    Files.writeString(folder.resolve("dmm.yaml"), "");

    assertThat(texts(read("name: A\napi_ref: dmm.yaml\nconnection: X\n")))
        .contains("i.yaml:1:1: io_config is absent; instrument-script-server wants it");
  }

  @Test
  void bytesThatAreNoTextAreRefusedWithTheirLine() {
    byte[] bytes =
        "name: A\ndriver: d\nlabels: {a: \u00e4}\n".getBytes(StandardCharsets.ISO_8859_1);

    assertThat(texts(READER.read("i.yaml", folder, bytes)))
        .containsExactly("i.yaml:3: this is not UTF-8 text; save the file as UTF-8");
  }

  @Test
  void aHugeFileIsRefusedUnread() {
    assertThat(texts(READER.read("i.yaml", folder, new byte[YamlReader.LONGEST + 1])))
        .containsExactly("i.yaml: the file has 1048577 bytes; at most 1 MiB is read");
  }

  @Test
  void endlessFindingsAreCut() {
    StringBuilder text = new StringBuilder("name: A\ndriver: d\n");
    for (int i = 0; i < 1000; i++) {
      text.append("x").append(i).append(": 1\n");
    }

    List<Finding> findings = read(text.toString()).findings();

    assertThat(findings).hasSize(Problems.MOST + 1);
    assertThat(findings.get(Problems.MOST).message()).isEqualTo("900 more findings");
  }

  private static Stream<Arguments> slow() {
    return Stream.of(
        Arguments.of("digits", "name: " + "9".repeat(900_000)),
        Arguments.of("hexadecimal digits", "name: 0x" + "f".repeat(900_000)),
        Arguments.of("underscores", "name: " + "9_".repeat(400_000) + "x"),
        Arguments.of("sexagesimal", "name: 1" + ":1".repeat(400_000)),
        Arguments.of("duration", "name: A\ndriver: d\ndeadline: \"" + "1".repeat(900_000) + "s\""),
        Arguments.of("path", "name: A\napi_ref: \"" + "../".repeat(300_000) + "x\""),
        Arguments.of(
            "unknown keys",
            IntStream.range(0, 80_000).mapToObj(i -> "k" + i + ": 1\n").collect(joining())));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("slow")
  void aFileThatIsMadeToTakeLongTakesNoLonger(String what, String text) {
    Reading reading = assertTimeoutPreemptively(Duration.ofSeconds(10), () -> read(text));

    assertThat(reading.spec()).isNull();
    assertThat(texts(reading)).allSatisfy(f -> assertThat(f).hasSizeLessThan(1100));
  }

  @Test
  void aLongNumberIsTooLargeAndALongTextIsText() {
    assertThat(texts(read("name: A\ndriver: d\nsettings: {a: " + "9".repeat(101) + "}\n")))
        .containsExactly(
            "i.yaml:3:15: /settings/a: this number is too large; put it in quotes if it is text");
    String text = "9".repeat(101) + "x";
    assertThat(spec("name: A\ndriver: d\nsettings: {a: " + text + "}\n").settings())
        .isEqualTo(Map.of("a", text));
  }

  @Test
  void aLongWordOfAFileIsNotAllSaid() {
    assertThat(texts(read("&" + "a".repeat(900_000))))
        .allSatisfy(f -> assertThat(f).hasSizeLessThan(1100));
  }

  @Test
  void whateverIsInAFileItGivesAnInstrumentOrAnError() {
    String wild =
        """
        name: DMM1 # it
        driver: acme.dmm
        connection: {type: VISA, address: "TCPIP::h::INSTR", termination: '\\n'}
        settings: &a {x: [1, 2.5, -3e4], y: ~, z: |
          text
          }
        startup:
          - !!str {a: b}
        deadline: 30s
        reconnect: {first: 1s, cap: 2min}
        <<: *a
        ---
        """;
    String alphabet = "abc019:-?,[]{}&*!|>'\"%@`# \n\t\r\u0000\u0085\u2028\uFEFF~.<=";
    long seed = 20_260_102;
    Random random = new Random(seed);
    for (int i = 0; i < 10_000; i++) {
      StringBuilder text =
          new StringBuilder(i % 2 == 0 ? wild : "name: A\ndriver: d\nsettings: {a: [1, x]}\n");
      for (int changes = random.nextInt(8); changes >= 0 && text.length() > 0; changes--) {
        int at = random.nextInt(text.length());
        switch (random.nextInt(3)) {
          case 0 -> text.deleteCharAt(at);
          case 1 -> text.insert(at, alphabet.charAt(random.nextInt(alphabet.length())));
          default -> text.setLength(at);
        }
      }

      Reading reading = read(text.toString());

      assertThat(reading.usable())
          .as(() -> "seed " + seed + ": " + text)
          .isEqualTo(reading.findings().stream().noneMatch(Finding::error));
    }
  }
}
