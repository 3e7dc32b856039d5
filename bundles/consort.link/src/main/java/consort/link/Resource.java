// SPDX-License-Identifier: Apache-2.0
package consort.link;

import consort.api.ErrorCode;
import consort.api.Refused;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a VISA resource name names. Source: VPP-4.3, section 4.3 (address string grammar).
 *
 * @param name how it is shown to people, as written
 * @param key the same for every way of writing it
 * @param host the host of a socket; empty for a serial port
 * @param port the port of a socket; 0 for a serial port
 * @param device the name of a serial port; empty for a socket
 */
record Resource(String name, String key, String host, int port, String device) {

  private static final Pattern SOCKET =
      Pattern.compile(
          "TCPIP\\d*::(\\[[0-9A-F:.%]+]|[^:\\[\\]]+)::(\\d{1,6})::SOCKET",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern SERIAL =
      Pattern.compile("ASRL(.+?)(?:::INSTR)?", Pattern.CASE_INSENSITIVE);
  private static final String SUPPORTED =
      "supported are TCPIP::<host>::<port>::SOCKET and ASRL<port>::INSTR";

  boolean isSerial() {
    return !device.isEmpty();
  }

  static Resource parse(String name) {
    String text = name.strip();
    Matcher socket = SOCKET.matcher(text);
    if (socket.matches()) {
      String host = socket.group(1).toLowerCase(Locale.ROOT);
      int port = Integer.parseInt(socket.group(2));
      if (port < 1 || port > 65_535) {
        throw refused(text + ": the port " + port + " is outside [1, 65535]");
      }
      String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
      return new Resource(text, "TCPIP::" + host + "::" + port + "::SOCKET", bare, port, "");
    }
    Matcher serial = SERIAL.matcher(text);
    if (serial.matches()) {
      String device = device(text, serial.group(1));
      return new Resource(text, "ASRL" + device + "::INSTR", "", 0, device);
    }
    throw refused(reason(text));
  }

  private static String device(String text, String port) {
    if (!port.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return port;
    }
    int number = port.length() > 4 ? 0 : Integer.parseInt(port);
    String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    if (number > 0 && system.startsWith("windows")) {
      return "COM" + number;
    }
    // As VISA for Linux counts: ASRL1 is the first port.
    if (number > 0 && system.startsWith("linux")) {
      return "/dev/ttyS" + (number - 1);
    }
    throw refused(
        text
            + ": the serial port "
            + port
            + " has no default name here; write it out, as in"
            + " ASRL/dev/ttyUSB0::INSTR");
  }

  private static String reason(String text) {
    if (text.isEmpty()) {
      return "the connection has no address; " + SUPPORTED;
    }
    String upper = text.toUpperCase(Locale.ROOT);
    if (upper.startsWith("TCPIP") && upper.endsWith("SOCKET")) {
      return text + " is no address of a socket: it reads TCPIP::<host>::<port>::SOCKET";
    }
    if (upper.startsWith("TCPIP")) {
      return text
          + ": VXI-11 and HiSLIP are not spoken yet; most LXI instruments also take"
          + " TCPIP::<host>::5025::SOCKET; "
          + SUPPORTED;
    }
    for (String kind : new String[] {"USB", "GPIB", "VXI", "PXI"}) {
      if (upper.startsWith(kind)) {
        return text + ": " + kind + " is not spoken yet; " + SUPPORTED;
      }
    }
    return text + " is no VISA resource name; " + SUPPORTED;
  }

  private static Refused refused(String message) {
    return new Refused(ErrorCode.BAD_REQUEST, message);
  }
}
