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
import consort.api.driver.Handover;
import consort.api.driver.HealthCheck;
import consort.api.driver.Identity;
import consort.api.driver.SafeState;
import consort.api.driver.SavedState;
import consort.api.driver.SelfTest;
import consort.api.driver.Setup;
import consort.api.driver.Startup;
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

  /**
   * What an instance begins with that takes the place of another one.
   *
   * @param expected the identity it has to find; null when it is not compared
   * @param test whether it has to test itself
   * @param state what it is given; null for nothing
   * @param back whether it is the old version that comes back: a state that it does not take is
   *     noted, and does not fail it
   * @param startup whether the startup commands of the file are new to the hardware
   */
  record Entry(Identity expected, boolean test, SavedState state, boolean back, boolean startup) {}

  /** How long the steps of the start took, ns. */
  record Timing(long create, long connect, long verify, long restore) {
    static final Timing NONE = new Timing(0, 0, 0, 0);
  }

  final Plan plan;
  final LinkSession links;

  /** Null for one that takes no place, and once it was admitted. */
  private volatile Entry entry;

  private volatile Driver driver;
  private volatile Object target;
  private volatile InstrumentInfo info;
  private volatile Identity identity = Identity.UNKNOWN;
  private volatile Timing timing = Timing.NONE;
  private volatile String selfTest = "";
  private volatile String unrestored = "";
  private volatile boolean restored;
  private volatile Opened opened;
  private volatile boolean checking;
  private boolean connectedOnce;
  private volatile boolean closed;

  /**
   * An instance that is not made yet.
   *
   * @param entry null for one that takes the place of no other
   * @param links begins the session of its links
   */
  Instance(Plan plan, Entry entry, Function<Instance, LinkSession> links) {
    this.plan = plan;
    this.entry = entry;
    this.links = links.apply(this);
  }

  /** What it can do; null before it was connected. */
  InstrumentInfo info() {
    return info;
  }

  Identity identity() {
    return identity;
  }

  Timing timing() {
    return timing;
  }

  /** What it found when it tested itself. */
  String selfTest() {
    return selfTest;
  }

  /** Whether it was given the state of the one before. */
  boolean restored() {
    return restored;
  }

  /** Why it came back without its state; empty when it did not. */
  String unrestored() {
    return unrestored;
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

  /** Whether it has something to hand over. */
  boolean saves() {
    return target instanceof Handover;
  }

  /**
   * Makes the driver where there is none, and connects it; one that takes the place of another is
   * then compared, tested and given its state. What is broken is closed again.
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
    long begin = System.nanoTime();
    checking = false;
    if (driver == null) {
      make(spec);
    } else {
      links.reset();
    }
    long created = System.nanoTime();
    if (target instanceof Connectable connectable) {
      Identity answer = connectable.connect();
      identity = answer == null ? Identity.UNKNOWN : answer;
    }
    if (spec.health() != null) {
      checking = true;
      check();
      checking = false;
    }
    Entry takes = entry;
    boolean first = !connectedOnce && (takes == null || takes.startup());
    if (first || spec.reconnect().startup()) {
      runStartup(spec);
    }
    long connected = System.nanoTime();
    long verified = connected;
    if (takes != null) {
      verify(takes);
      verified = System.nanoTime();
      restore(takes);
    }
    timing =
        new Timing(
            created - begin,
            connected - created,
            verified - connected,
            System.nanoTime() - verified);
    connectedOnce = true;
    InstrumentInfo known = driver.info();
    if (known == null) {
      throw new IllegalArgumentException("the driver tells no commands");
    }
    info = known;
    entry = null;
  }

  private void make(InstrumentSpec spec) throws Exception {
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
  }

  private void runStartup(InstrumentSpec spec) throws Exception {
    if (!spec.startupDelay().isZero()) {
      Thread.sleep(spec.startupDelay().toMillis());
    }
    if (target instanceof Startup own) {
      own.startup(spec.initCommands());
    } else if (!spec.initCommands().isEmpty()) {
      if (opened == null) {
        opened = new Opened(spec.connection(), LinkSettings.text("\n"));
      }
      try (Link link = links.open(opened.connection(), opened.settings())) {
        spec.initCommands().forEach(link::tell);
      }
    }
  }

  private void verify(Entry takes) throws Exception {
    Identity before = takes.expected();
    if (before != null && !same(before, identity)) {
      throw new IllegalStateException(
          "it finds " + shown(identity) + ", the version before found " + shown(before));
    }
    if (takes.test() && target instanceof SelfTest test) {
      try {
        String found = test.selfTest();
        selfTest = found == null ? "" : found;
      } catch (Exception e) {
        throw new IllegalStateException("its self-test failed: " + Texts.message(e), e);
      }
    }
  }

  /** Whether it is the same hardware: its firmware may be another. */
  private static boolean same(Identity one, Identity other) {
    return one.vendor().equals(other.vendor())
        && one.model().equals(other.model())
        && one.serial().equals(other.serial());
  }

  private static String shown(Identity identity) {
    String text = (identity.vendor() + " " + identity.model() + " " + identity.serial()).strip();
    return text.isEmpty() ? "no identity" : text;
  }

  private void restore(Entry takes) throws Exception {
    if (takes.state() == null || !(target instanceof Handover successor)) {
      return;
    }
    try {
      successor.restore(takes.state());
      restored = true;
    } catch (Exception e) {
      String why = "it does not take over the state: " + Texts.message(e);
      if (!takes.back()) {
        throw new IllegalStateException(why, e);
      }
      unrestored = why;
    }
  }

  /**
   * Asks for what the next instance needs.
   *
   * @return null for nothing
   * @throws Exception whatever the driver throws
   */
  SavedState save() throws Exception {
    return ((Handover) target).save();
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

  /** What the driver opened last, else what its startup lines went over. */
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

  /** Whether its health is to be checked, and can be. */
  boolean isChecked() {
    return plan.spec.health() != null && target instanceof HealthCheck;
  }

  /** Whether starting got as far as the check of its health, and ended there. */
  boolean failedItsCheck() {
    return checking;
  }

  /** Looks whether the hardware is well, where the driver can tell. */
  void check() throws Exception {
    if (target instanceof HealthCheck health) {
      health.check();
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
