// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import consort.api.Names;
import consort.api.driver.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

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
 * @param startupDelay the wait after connecting, before these lines and calls
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
    return new Draft(name, driver, connection).made();
  }

  /** This specification with its driver pinned to a version; null for the highest there is. */
  public InstrumentSpec pinned(String pin) {
    return with(draft -> draft.version = pin);
  }

  /** This specification with another connection. */
  public InstrumentSpec at(Connection other) {
    return with(draft -> draft.connection = other);
  }

  /** This specification with settings. */
  public InstrumentSpec settings(Map<String, Object> values) {
    return with(draft -> draft.settings = values);
  }

  /** This specification with lines that are sent after the first connect. */
  public InstrumentSpec beginning(String... lines) {
    return with(draft -> draft.initCommands = List.of(lines));
  }

  /** This specification with another way to come back. */
  public InstrumentSpec reconnecting(Reconnect how) {
    return with(draft -> draft.reconnect = how);
  }

  /** This specification for other nodes as well. */
  public InstrumentSpec exported() {
    return with(draft -> draft.export = true);
  }

  /** This specification with labels. */
  public InstrumentSpec labelled(Map<String, String> texts) {
    return with(draft -> draft.labels = texts);
  }

  /** This specification with its health checked. */
  public InstrumentSpec checked(Duration interval) {
    return with(draft -> draft.health = interval);
  }

  /** This specification with what it requires of others. */
  public InstrumentSpec requiring(Requirement... others) {
    return with(draft -> draft.requires = List.of(others));
  }

  /** This specification from another file. */
  public InstrumentSpec from(String file) {
    return with(draft -> draft.source = file);
  }

  private InstrumentSpec with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.made();
  }

  /** A specification that is being made: the one place where all parts are copied. */
  private static final class Draft {
    private final String name;
    private final String driver;
    private String version;
    private Connection connection;
    private Map<String, Object> settings = Map.of();
    private List<String> initCommands = List.of();
    private Duration startupDelay = Duration.ZERO;
    private Duration deadline;
    private Reconnect reconnect = Reconnect.DEFAULT;
    private boolean export;
    private Map<String, String> labels = Map.of();
    private Duration health;
    private List<Requirement> requires = List.of();
    private String source = "";

    Draft(String name, String driver, Connection connection) {
      this.name = name;
      this.driver = driver;
      this.connection = connection;
    }

    Draft(InstrumentSpec spec) {
      this(spec.name, spec.driver, spec.connection);
      version = spec.version;
      settings = spec.settings;
      initCommands = spec.initCommands;
      startupDelay = spec.startupDelay;
      deadline = spec.deadline;
      reconnect = spec.reconnect;
      export = spec.export;
      labels = spec.labels;
      health = spec.health;
      requires = spec.requires;
      source = spec.source;
    }

    InstrumentSpec made() {
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
          source);
    }
  }
}
