// SPDX-License-Identifier: Apache-2.0
package consort.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import consort.api.Refused;
import consort.api.driver.Connection;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConnectionTest {

  @ParameterizedTest
  @CsvSource({
    "TCPIP::dmm.lab::5025::SOCKET, dmm.lab, 5025",
    "tcpip0::DMM.lab::5025::socket, dmm.lab, 5025",
    "TCPIP1::192.168.1.7::1::SOCKET, 192.168.1.7, 1",
    "TCPIP::[fe80::1]::5025::SOCKET, fe80::1, 5025"
  })
  void readsAddressesOfSockets(String name, String host, int port) {
    Resource resource = Resource.parse(name);

    assertThat(resource.host()).isEqualTo(host);
    assertThat(resource.port()).isEqualTo(port);
    assertThat(resource.isSerial()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "ASRL/dev/ttyUSB0::INSTR, /dev/ttyUSB0",
    "asrlCOM3::instr, COM3",
    "ASRL/dev/serial/by-id/usb-FTDI::INSTR, /dev/serial/by-id/usb-FTDI"
  })
  void readsAddressesOfSerialPorts(String name, String device) {
    assertThat(Resource.parse(name).device()).isEqualTo(device);
  }

  @Test
  void writesOfOneAddressAreOneChannel() {
    assertThat(Resource.parse("tcpip0::A::1::socket").key())
        .isEqualTo(Resource.parse("TCPIP::a::1::SOCKET").key());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "TCPIP::dmm::INSTR | VXI-11 and HiSLIP are not spoken yet",
        "USB0::0x2A8D::0x1301::MY1::INSTR | USB is not spoken yet",
        "GPIB0::22::INSTR | GPIB is not spoken yet",
        "TCPIP::dmm::SOCKET | it reads TCPIP::<host>::<port>::SOCKET",
        "TCPIP::dmm::70000::SOCKET | the port 70000 is outside [1, 65535]",
        "192.168.1.7:5025 | is no VISA resource name",
        "'' | the connection has no address"
      })
  void saysWhatIsWrongWithAnAddress(String name, String message) {
    assertThatExceptionOfType(Refused.class)
        .isThrownBy(() -> Resource.parse(name))
        .withMessageContaining(message);
  }

  @Test
  void aSerialPortHasSettings() {
    Options options =
        serial(
            Map.of(
                "baudrate",
                115200,
                "data_bits",
                7,
                "parity",
                "even",
                "stop_bits",
                2,
                "flow_control",
                "rts_cts"));

    assertThat(options.line())
        .hasToString(
            "baudrate 115200, data_bits 7, parity even, stop_bits 2, flow_control rts_cts");
    assertThat(serial(Map.of()).line())
        .hasToString("baudrate 9600, data_bits 8, parity none, stop_bits 1, flow_control none");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "parity | sometimes | connection.parity: sometimes is not one of none, even, odd, mark, space",
        "flow_control | RTS | connection.flow_control: RTS is not one of none, rts_cts, xon_xoff",
        "baudrate | fast | connection.baudrate: fast is not a whole number",
        "stop_bits | 3 | connection.stop_bits: 3 is not one of 1, 1.5, 2",
        "termination | abcd | connection.termination: is not 1 to 3 characters of text: abcd",
        "baud | 9600 | connection.baud: is unknown; a connection takes termination, timeout, baudrate"
      })
  void saysWhatIsWrongWithASetting(String key, String value, String message) {
    assertThatExceptionOfType(Refused.class)
        .isThrownBy(() -> serial(Map.of(key, value)))
        .withMessageContaining(message);
  }

  @Test
  void aSocketHasNoBaudrate() {
    Connection connection =
        new Connection("VISA", "TCPIP::dmm::5025::SOCKET", Map.of("baudrate", 9600));

    assertThatExceptionOfType(Refused.class)
        .isThrownBy(() -> Options.of(connection, Resource.parse(connection.address())))
        .withMessage(
            "TCPIP::dmm::5025::SOCKET: connection.baudrate: is a setting of serial ports, not of a"
                + " socket");
  }

  @Test
  void aTimeoutIsInMilliseconds() {
    assertThat(serial(Map.of("timeout", 250)).timeout()).hasMillis(250);
    assertThatExceptionOfType(Refused.class)
        .isThrownBy(() -> serial(Map.of("timeout", 0)))
        .withMessageEndingWith("connection.timeout: 0 is outside [1, 86400000]");
  }

  private static Options serial(Map<String, Object> settings) {
    String name = "ASRL/dev/ttyUSB0::INSTR";
    return Options.of(new Connection("VISA", name, settings), Resource.parse(name));
  }
}
