// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.api.ParameterInfo;
import consort.api.driver.Connection;
import consort.api.driver.DriverFactory;
import consort.api.driver.Setup;
import consort.api.link.Link;
import consort.api.link.LinkSettings;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Makes the driver instances of a definition. */
final class DefinedFactory implements DriverFactory {

  private static final Pattern HOST_AND_PORT = Pattern.compile("([^:/]+):([0-9]{1,5})");

  private final Definition definition;
  private final List<ParameterInfo> settings;

  DefinedFactory(Definition definition) {
    this.definition = definition;
    this.settings = IoConfig.schema(definition.ios());
  }

  @Override
  public List<ParameterInfo> settings() {
    return settings;
  }

  @Override
  public DefinedDriver create(Setup setup) {
    IoConfig config = IoConfig.of(setup.settings(), definition.ios());
    Connection connection = setup.connection();
    if (connection.type().equalsIgnoreCase("Simulated")) {
      return SimulatedDriver.of(definition, config);
    }
    LinkSettings lines =
        new LinkSettings(
            definition.terminators().read(),
            definition.terminators().write(),
            StandardCharsets.ISO_8859_1,
            LinkSettings.LONGEST_REPLY);
    Link link = setup.links().open(resource(connection), lines);
    return new DefinedDriver(definition, config, link);
  }

  /**
   * The connection by resource name of one by parameters: {@code device} or {@code host} and {@code
   * port}, or an address in short; the other parameters are those of the link.
   */
  static Connection resource(Connection connection) {
    if (!connection.type().equalsIgnoreCase("Custom")) {
      return connection;
    }
    Map<String, Object> settings = new HashMap<>(connection.settings());
    if (settings.remove("custom") instanceof Map<?, ?> custom) {
      custom.forEach((key, value) -> settings.put(key.toString(), value));
    }
    String address = connection.address();
    Object device = settings.remove("device");
    Object host = settings.remove("host");
    Object port = settings.remove("port");
    if (address.isEmpty() && device != null) {
      address = device.toString();
    } else if (address.isEmpty() && host != null) {
      address = host + ":" + port;
    }
    return new Connection("VISA", name(address), settings);
  }

  private static String name(String address) {
    Matcher m = HOST_AND_PORT.matcher(address);
    if (address.contains("::") || address.isEmpty()) {
      return address;
    }
    return m.matches()
        ? "TCPIP::" + m.group(1) + "::" + m.group(2) + "::SOCKET"
        : "ASRL" + address + "::INSTR";
  }
}
