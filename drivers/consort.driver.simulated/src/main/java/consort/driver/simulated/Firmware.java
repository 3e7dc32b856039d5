// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import consort.api.driver.Identity;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** Who the simulated instruments say they are. */
final class Firmware {

  private Firmware() {}

  /** The identity of a model; its firmware is the version of this bundle. */
  static Identity identity(String model, String instrument) {
    return new Identity("Consort", model, instrument, version());
  }

  private static String version() {
    Properties properties = new Properties();
    try (InputStream in = Firmware.class.getResourceAsStream("firmware.properties")) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("version");
  }
}
