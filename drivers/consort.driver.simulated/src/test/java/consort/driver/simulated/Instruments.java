// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import consort.api.CommandInfo;
import consort.api.Values;
import consort.api.driver.Connection;
import consort.api.driver.Driver;
import consort.api.driver.DriverFactory;
import consort.api.driver.Setup;
import consort.api.typed.TypedDriver;
import java.util.List;
import java.util.Map;

/** What a guard does to make and call a driver, in a few lines. */
final class Instruments {

  private Instruments() {}

  static Setup setup(String name, DriverFactory factory, Map<String, ?> settings) {
    return new Setup(
        name,
        Values.fields("settings", factory.settings(), settings),
        Connection.NONE,
        (connection, link) -> {
          throw new AssertionError("a simulated instrument needs no link");
        });
  }

  static <R extends Record> R settings(
      DriverFactory factory, Class<R> type, Map<String, ?> settings) {
    return setup("X", factory, settings).settings(type);
  }

  static Object call(Object instance, String name, Object... arguments) throws Exception {
    Driver driver = TypedDriver.of(instance);
    CommandInfo command = driver.info().command(name).orElseThrow();
    return driver.call(command.name(), Values.bind(command, List.of(arguments), Map.of()));
  }
}
