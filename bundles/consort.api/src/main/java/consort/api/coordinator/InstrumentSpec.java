// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import consort.api.Names;
import consort.api.driver.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What an instrument file says.
 *
 * @param name the name of the instrument
 * @param driver the name of its driver
 * @param version the version its driver is pinned to ({@code 1.2} also takes {@code 1.2.3}), null
 *     for the highest there is
 * @param connection how it is connected
 * @param settings the settings of the driver, not yet converted: scalars, lists and maps
 * @param initCommands lines sent after the first connect
 * @param startupDelay the wait after connecting
 * @param deadline the deadline of calls that have none, and whose command has none; null for the
 *     face's
 * @param reconnect how it comes back
 * @param export whether other nodes may use it
 * @param labels free labels
 * @param health how often the hardware is checked while nobody calls; null for never
 * @param requires what it needs of others so that it may be written to
 * @param source the file it comes from, for messages; may be empty
 */
public record InstrumentSpec(
    String name,
    String driver,
    String version,
    Connection connection,
    Map<String, Object> settings,
    List<String> initCommands,
    Duration startupDelay,
    Duration deadline,
    Reconnect reconnect,
    boolean export,
    Map<String, String> labels,
    Duration health,
    List<Requirement> requires,
    String source) {

  /** An instrument whose health nobody checks, and that requires no other. */
  public InstrumentSpec(
      String name,
      String driver,
      String version,
      Connection connection,
      Map<String, Object> settings,
      List<String> initCommands,
      Duration startupDelay,
      Duration deadline,
      Reconnect reconnect,
      boolean export,
      Map<String, String> labels,
      String source) {
    this(
        name,
        driver,
        version,
        connection,
        settings,
        initCommands,
        startupDelay,
        deadline,
        reconnect,
        export,
        labels,
        null,
        List.of(),
        source);
  }

  /** Checks and copies. */
  public InstrumentSpec {
    if (!Names.isInstrument(name)) {
      throw new IllegalArgumentException("'" + name + "' is not a name of an instrument");
    }
    Objects.requireNonNull(driver, "driver");
    Objects.requireNonNull(connection, "connection");
    Objects.requireNonNull(startupDelay, "startupDelay");
    Objects.requireNonNull(reconnect, "reconnect");
    Objects.requireNonNull(source, "source");
    settings = Map.copyOf(settings);
    initCommands = List.copyOf(initCommands);
    labels = Map.copyOf(labels);
    requires = List.copyOf(requires);
  }

  /** An instrument of which only name, driver and connection are said. */
  public static InstrumentSpec of(String name, String driver, Connection connection) {
    return new InstrumentSpec(
        name,
        driver,
        null,
        connection,
        Map.of(),
        List.of(),
        Duration.ZERO,
        null,
        Reconnect.DEFAULT,
        false,
        Map.of(),
        "");
  }

  /** This specification with settings. */
  public InstrumentSpec settings(Map<String, Object> values) {
    return new InstrumentSpec(
        name,
        driver,
        version,
        connection,
        values,
        initCommands,
        startupDelay,
        deadline,
        reconnect,
        export,
        labels,
        health,
        requires,
        source);
  }

  /** This specification from another file. */
  public InstrumentSpec from(String file) {
    return new InstrumentSpec(
        name,
        driver,
        version,
        connection,
        settings,
        initCommands,
        startupDelay,
        deadline,
        reconnect,
        export,
        labels,
        health,
        requires,
        file);
  }

  /** This specification with its health checked. */
  public InstrumentSpec checked(Duration interval) {
    return new InstrumentSpec(
        name,
        driver,
        version,
        connection,
        settings,
        initCommands,
        startupDelay,
        deadline,
        reconnect,
        export,
        labels,
        interval,
        requires,
        source);
  }

  /** This specification with what it requires of others. */
  public InstrumentSpec requiring(Requirement... others) {
    return new InstrumentSpec(
        name,
        driver,
        version,
        connection,
        settings,
        initCommands,
        startupDelay,
        deadline,
        reconnect,
        export,
        labels,
        health,
        List.of(others),
        source);
  }
}
