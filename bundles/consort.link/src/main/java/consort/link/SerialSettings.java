// SPDX-License-Identifier: Apache-2.0
package consort.link;

import com.fazecast.jSerialComm.SerialPort;

/** The settings of a serial port, and its errors, as jSerialComm counts them. */
final class SerialSettings {

  private SerialSettings() {}

  static void apply(Options.Line line, SerialPort port, int readTimeoutMillis) {
    port.setComPortParameters(
        line.baudrate(), line.dataBits(), stopBits(line.stopBits()), parity(line.parity()));
    port.setFlowControl(flow(line.flow()));
    port.setComPortTimeouts(SerialPort.TIMEOUT_READ_SEMI_BLOCKING, readTimeoutMillis, 0);
  }

  private static int stopBits(double bits) {
    if (bits == 1.5) {
      return SerialPort.ONE_POINT_FIVE_STOP_BITS;
    }
    return bits == 2 ? SerialPort.TWO_STOP_BITS : SerialPort.ONE_STOP_BIT;
  }

  private static int parity(Options.Parity parity) {
    return switch (parity) {
      case NONE -> SerialPort.NO_PARITY;
      case EVEN -> SerialPort.EVEN_PARITY;
      case ODD -> SerialPort.ODD_PARITY;
      case MARK -> SerialPort.MARK_PARITY;
      case SPACE -> SerialPort.SPACE_PARITY;
    };
  }

  private static int flow(Options.Flow flow) {
    return switch (flow) {
      case NONE -> SerialPort.FLOW_CONTROL_DISABLED;
      case RTS_CTS -> SerialPort.FLOW_CONTROL_RTS_ENABLED | SerialPort.FLOW_CONTROL_CTS_ENABLED;
      case XON_XOFF ->
          SerialPort.FLOW_CONTROL_XONXOFF_IN_ENABLED | SerialPort.FLOW_CONTROL_XONXOFF_OUT_ENABLED;
    };
  }

  /** Why a port did not open, in words. The numbers are the operating system's. */
  static String reason(SerialPort port, String device) {
    int error = port.getLastErrorCode();
    if (System.getProperty("os.name", "").startsWith("Windows")) {
      return switch (error) {
        case 2 -> "there is no port " + device;
        case 5 -> "the port " + device + " is in use by another program";
        default -> "the port " + device + " cannot be opened (error " + error + ")";
      };
    }
    return switch (error) {
      case 2, 6, 19 -> "there is no port " + device;
      case 13 ->
          "the user may not open the port " + device + "; on Linux, join its group (dialout)";
      case 11, 16, 35 -> "the port " + device + " is in use by another program";
      case 22, 25 -> "the port " + device + " does not take these settings";
      default -> "the port " + device + " cannot be opened (error " + error + ")";
    };
  }
}
