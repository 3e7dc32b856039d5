// SPDX-License-Identifier: Apache-2.0
package consort.link;

import consort.api.ErrorCode;
import consort.api.Refused;
import consort.api.driver.Connection;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The settings of a connection, as its file says.
 *
 * @param termination what ends a line in both directions; null leaves it to the driver
 * @param timeout the limit of an operation where no call has a deadline
 * @param line the settings of a serial port; null for a socket
 */
record Options(String termination, Duration timeout, Line line) {

  /**
   * The settings of a serial port.
   *
   * @param quiet how long a line must be silent to count as drained
   */
  record Line(
      int baudrate, int dataBits, Parity parity, double stopBits, Flow flow, Duration quiet) {

    @Override
    public String toString() {
      return "baudrate %d, data_bits %d, parity %s, stop_bits %s, flow_control %s"
          .formatted(
              baudrate,
              dataBits,
              lower(parity),
              stopBits == Math.rint(stopBits) ? String.valueOf((int) stopBits) : "" + stopBits,
              lower(flow));
    }
  }

  enum Parity {
    NONE,
    EVEN,
    ODD,
    MARK,
    SPACE
  }

  enum Flow {
    NONE,
    RTS_CTS,
    XON_XOFF
  }

  static final Duration TIMEOUT = Duration.ofSeconds(5);

  private static final List<String> SOCKET_KEYS = List.of("termination", "timeout");
  private static final List<String> SERIAL_KEYS =
      List.of(
          "termination",
          "timeout",
          "baudrate",
          "data_bits",
          "parity",
          "stop_bits",
          "flow_control",
          "quiet_time");

  static Options of(Connection connection, Resource resource) {
    Reader reader = new Reader(resource.name(), connection.settings());
    reader.allow(resource.isSerial() ? SERIAL_KEYS : SOCKET_KEYS, SERIAL_KEYS);
    return new Options(
        reader.termination(),
        Duration.ofMillis(reader.whole("timeout", (int) TIMEOUT.toMillis(), 1, 86_400_000)),
        resource.isSerial() ? line(reader) : null);
  }

  private static Line line(Reader reader) {
    return new Line(
        reader.whole("baudrate", 9600, 50, 20_000_000),
        reader.whole("data_bits", 8, 5, 8),
        reader.word("parity", Parity.NONE),
        reader.stopBits(),
        reader.word("flow_control", Flow.NONE),
        Duration.ofMillis(reader.whole("quiet_time", 100, 1, 1000)));
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(java.util.Locale.ROOT);
  }

  private record Reader(String name, Map<String, Object> settings) {

    void allow(List<String> keys, List<String> known) {
      Set<String> unknown = new TreeSet<>(settings.keySet());
      keys.forEach(unknown::remove);
      if (!unknown.isEmpty()) {
        String key = unknown.iterator().next();
        throw known.contains(key)
            ? refused(key, "is a setting of serial ports, not of a socket")
            : refused(key, "is unknown; a connection takes " + String.join(", ", keys));
      }
    }

    String termination() {
      Object value = settings.get("termination");
      if (value == null) {
        return null;
      }
      // A file may write '\n' between single quotes, where YAML leaves the two characters.
      String text = value.toString().replace("\\r", "\r").replace("\\n", "\n");
      if (!(value instanceof String) || text.isEmpty() || text.length() > 3) {
        throw refused("termination", "is not 1 to 3 characters of text: " + value);
      }
      if (text.chars().anyMatch(c -> c > 255)) {
        throw refused("termination", "has a character that is not one byte: " + value);
      }
      return text;
    }

    int whole(String key, int otherwise, int min, int max) {
      Object value = settings.getOrDefault(key, otherwise);
      if (!(value instanceof Integer || value instanceof Long)) {
        throw refused(key, value + " is not a whole number");
      }
      long number = ((Number) value).longValue();
      if (number < min || number > max) {
        throw refused(key, number + " is outside [" + min + ", " + max + "]");
      }
      return (int) number;
    }

    double stopBits() {
      Object value = settings.getOrDefault("stop_bits", 1);
      if (value instanceof Number number && List.of(1.0, 1.5, 2.0).contains(number.doubleValue())) {
        return number.doubleValue();
      }
      throw refused("stop_bits", value + " is not one of 1, 1.5, 2");
    }

    <E extends Enum<E>> E word(String key, E otherwise) {
      Object value = settings.getOrDefault(key, lower(otherwise));
      E[] all = otherwise.getDeclaringClass().getEnumConstants();
      return Arrays.stream(all)
          .filter(one -> lower(one).equals(value))
          .findFirst()
          .orElseThrow(
              () ->
                  refused(
                      key,
                      value
                          + " is not one of "
                          + Arrays.stream(all)
                              .map(Options::lower)
                              .collect(Collectors.joining(", "))));
    }

    private Refused refused(String key, String what) {
      return new Refused(ErrorCode.BAD_REQUEST, name + ": connection." + key + ": " + what);
    }
  }
}
