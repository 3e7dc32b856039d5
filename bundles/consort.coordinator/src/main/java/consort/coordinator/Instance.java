// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.ErrorCode;
import consort.api.InstrumentInfo;
import consort.api.Refused;
import consort.api.Unreachable;
import consort.api.Values;
import consort.api.coordinator.InstrumentSpec;
import consort.api.driver.Armable;
import consort.api.driver.Connectable;
import consort.api.driver.Connection;
import consort.api.driver.Driver;
import consort.api.driver.DriverFactory;
import consort.api.driver.Identity;
import consort.api.driver.SafeState;
import consort.api.driver.Setup;
import consort.api.link.Link;
import consort.api.link.LinkSession;
import consort.api.link.LinkSettings;
import consort.api.typed.TypedDriver;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * One driver instance with its links. Everything that runs the driver's code is called on the
 * driver's thread; urgent calls alone come beside it.
 */
final class Instance {

  final Plan plan;
  final LinkSession links;
  private volatile Driver driver;
  private volatile Object target;
  private volatile InstrumentInfo info;
  private volatile Identity identity = Identity.UNKNOWN;
  private volatile Opened opened;
  private boolean connectedOnce;
  private volatile boolean closed;

  /**
   * An instance that is not made yet.
   *
   * @param links begins the session of its links
   */
  Instance(Plan plan, Function<Instance, LinkSession> links) {
    this.plan = plan;
    this.links = links.apply(this);
  }

  /** What it can do; null before it was connected. */
  InstrumentInfo info() {
    return info;
  }

  Identity identity() {
    return identity;
  }

  /** The typed interfaces it implements. */
  List<Class<?>> types() {
    return driver instanceof TypedDriver typed ? typed.types() : List.of();
  }

  /** The class of what the factory made. */
  Class<?> driverClass() {
    return target.getClass();
  }

  /**
   * Whether starting failed in a way that trying again does not help: settings, address or the
   * driver's own code are wrong.
   */
  boolean broken(Throwable cause) {
    boolean unmade = driver == null;
    return cause instanceof Refused
        || (unmade && (cause instanceof IllegalArgumentException || cause instanceof LinkageError));
  }

  /** Whether there is no driver yet, so that another attempt begins with nothing. */
  boolean isUnmade() {
    return driver == null;
  }

  /** Whether it was closed, by itself if starting failed for good. */
  boolean isClosed() {
    return closed;
  }

  /** Whether results need no check, as they come from declared Java types. */
  boolean typed() {
    return driver instanceof TypedDriver;
  }

  /**
   * Makes the driver where there is none, and connects it. What is broken is closed again.
   *
   * @throws Exception whatever the driver throws
   */
  void start() throws Exception {
    try {
      connect();
    } catch (Throwable t) {
      if (broken(t)) {
        try {
          close();
        } catch (Throwable more) {
          t.addSuppressed(more);
        }
      }
      throw t;
    }
  }

  private void connect() throws Exception {
    InstrumentSpec spec = plan.spec;
    if (driver == null) {
      DriverFactory factory = plan.source.factory();
      if (factory == null) {
        throw new Unreachable(ErrorCode.NO_DRIVER, "the driver " + plan.source + " is gone");
      }
      Map<String, Object> settings =
          Values.fields("settings of " + spec.name(), factory.settings(), spec.settings());
      Object made = factory.create(new Setup(spec.name(), settings, spec.connection(), this::open));
      if (made == null) {
        throw new IllegalArgumentException("the factory made nothing");
      }
      target = made;
      driver = TypedDriver.of(made);
    } else {
      links.reset();
    }
    if (target instanceof Connectable connectable) {
      Identity answer = connectable.connect();
      identity = answer == null ? Identity.UNKNOWN : answer;
    }
    if (!connectedOnce || spec.reconnect().startup()) {
      runStartup(spec);
    }
    connectedOnce = true;
    InstrumentInfo known = driver.info();
    if (known == null) {
      throw new IllegalArgumentException("the driver tells no commands");
    }
    info = known;
  }

  private void runStartup(InstrumentSpec spec) throws InterruptedException {
    if (!spec.initCommands().isEmpty()) {
      try (Link link = links.open(spec.connection(), LinkSettings.text("\n"))) {
        spec.initCommands().forEach(link::tell);
      }
    }
    if (!spec.startupDelay().isZero()) {
      Thread.sleep(spec.startupDelay().toMillis());
    }
  }

  Object call(String command, Map<String, Object> arguments) throws Exception {
    Driver made = driver;
    if (made == null) {
      throw new Refused(ErrorCode.STOPPED, "the driver is closed");
    }
    return made.call(command, arguments);
  }

  /** Prepares a command where the driver can; otherwise false. */
  boolean arm(String command, Map<String, Object> arguments) throws Exception {
    return target instanceof Armable armable && armable.arm(command, arguments);
  }

  /** Begins what was prepared. */
  Object trigger() throws Exception {
    return ((Armable) target).trigger();
  }

  /** Takes back what was prepared. */
  void disarm() throws Exception {
    ((Armable) target).disarm();
  }

  /** What the driver opened last: its own way to talk to the hardware. */
  private record Opened(Connection connection, LinkSettings settings) {}

  private Link open(Connection connection, LinkSettings settings) {
    Link link = links.open(connection, settings);
    opened = new Opened(connection, settings);
    return link;
  }

  /** Sends a line as the driver would, and reads the answer. */
  String ask(String text, boolean answer) {
    Opened as = opened;
    if (as == null) {
      throw new Refused(
          ErrorCode.NOT_SUPPORTED, plan.spec.name() + " has no link: its driver opened none");
    }
    try (Link link = links.open(as.connection(), as.settings())) {
      if (answer) {
        return link.ask(text);
      }
      link.tell(text);
      return "";
    }
  }

  /** Whether it is known to have no safe state; unknown before it is made. */
  boolean lacksSafeState() {
    Object made = target;
    return made != null && !(made instanceof SafeState);
  }

  /** Brings the hardware into its safe state. */
  void safeState() throws Exception {
    if (!(target instanceof SafeState safe)) {
      throw new Refused(
          ErrorCode.NOT_SUPPORTED, plan.spec.name() + " has no safe state: its driver knows none");
    }
    safe.safeState();
  }

  /** Closes the driver, then its links. */
  void close() throws Exception {
    closed = true;
    try {
      if (target instanceof AutoCloseable closeable) {
        closeable.close();
      }
    } finally {
      links.close();
    }
  }
}
