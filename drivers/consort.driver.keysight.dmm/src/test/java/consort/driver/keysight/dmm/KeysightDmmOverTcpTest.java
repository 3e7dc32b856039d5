// SPDX-License-Identifier: Apache-2.0
package consort.driver.keysight.dmm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import consort.api.TimedOut;
import consort.api.driver.Connection;
import consort.api.driver.Setup;
import consort.api.link.LinkSession;
import consort.instruments.Multimeter.Function;
import consort.link.VisaLinks;
import consort.testkit.ScpiSimulator;
import consort.testkit.ScpiSimulator.Mood;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The driver on a socket to a simulator that acts as a 34461A. */
class KeysightDmmOverTcpTest {

  private final ScpiSimulator simulator = new ScpiSimulator();
  private final VisaLinks links = new VisaLinks();
  private final LinkSession session = links.session("DMM1", reason -> {});
  private KeysightDmm dmm;

  @BeforeEach
  void connect() {
    simulator
        .answer("*IDN?", "Keysight Technologies,34461A,MY53220000,A.02.17-02.40-02.17-00.52-04-01")
        .answer("MEAS:VOLT:DC?", "+4.99999700E+00")
        .setting("SAMP:COUN", "1")
        .setting("RES:NPLC", "10")
        .answer("CONF:RES", line -> null)
        .answer("READ?", line -> readings());
    Connection connection = new Connection("VISA", simulator.resource(), Map.of("timeout", 2000));
    dmm =
        new KeysightDmm.Factory()
            .create(new Setup("DMM1", Map.of("nplc", 0.2), connection, session));
    assertThat(dmm.connect().model()).isEqualTo("34461A");
  }

  private String readings() {
    return IntStream.rangeClosed(1, Integer.parseInt(simulator.setting("SAMP:COUN")))
        .mapToObj(i -> "+" + i + ".00000000E+00")
        .collect(Collectors.joining(","));
  }

  @AfterEach
  void end() {
    session.close();
    links.close();
    simulator.close();
  }

  @Test
  void measuresSelectsAndReads() {
    assertThat(dmm.measureVoltage()).isEqualTo(4.999997);

    dmm.setFunction(Function.RESISTANCE);

    assertThat(simulator.setting("RES:NPLC")).isEqualTo("0.2");
    assertThat(dmm.readSeveral(1000)).hasSize(1000).endsWith(1000);
    assertThat(dmm.read()).isEqualTo(1);
    assertThat(simulator.connections()).isEqualTo(1);
  }

  @Test
  void goesOnAfterAnAnswerThatDidNotCome() {
    Connection connection = new Connection("VISA", simulator.resource(), Map.of("timeout", 50));
    KeysightDmm impatient =
        new KeysightDmm.Factory()
            .create(new Setup("DMM1", Map.of("nplc", 10.0), connection, session));
    simulator.mood(Mood.SILENT);
    assertThatExceptionOfType(TimedOut.class).isThrownBy(impatient::measureVoltage);

    simulator.mood(Mood.WELL);

    assertThat(dmm.measureVoltage()).isEqualTo(4.999997);
    assertThat(simulator.connections()).isEqualTo(2);
  }
}
