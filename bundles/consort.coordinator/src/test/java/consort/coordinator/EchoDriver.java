// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.CommandInfo;
import consort.api.InstrumentInfo;
import consort.api.ParameterInfo;
import consort.api.ValueType;
import consort.api.driver.Connectable;
import consort.api.driver.Driver;
import consort.api.driver.DriverFactory;
import consort.api.driver.Handover;
import consort.api.driver.HealthCheck;
import consort.api.driver.Identity;
import consort.api.driver.SafeState;
import consort.api.driver.SavedState;
import consort.api.driver.SelfTest;
import consort.api.driver.Setup;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.osgi.framework.Version;

/**
 * A driver that tests tell what to do: {@code echo(number)} does what {@link #onEcho} says, {@code
 * stop} (urgent) what {@link #onStop} says, and so do making, connecting and closing.
 */
final class EchoDriver {

  static final InstrumentInfo INFO =
      new InstrumentInfo(
          List.of(),
          "An echo",
          List.of(
              command("echo", false, false),
              command("peek", false, true),
              new CommandInfo("stop", List.of(), ValueType.INT, "", true, false, null, "Stops")));

  final List<Integer> seen = new java.util.concurrent.CopyOnWriteArrayList<>();
  final ConcurrentLinkedDeque<Instance> instances = new ConcurrentLinkedDeque<>();
  final AtomicInteger connects = new AtomicInteger();
  volatile Function<Integer, Object> onEcho = number -> number;
  volatile Callable<Object> onStop = () -> 0;
  volatile Callable<?> onMake = () -> null;
  volatile Callable<?> onConnect = () -> null;
  volatile Runnable onClose = () -> {};
  volatile Identity identity = new Identity("Acme", "Echo", "7", "1");
  volatile Callable<SavedState> onSave = () -> null;
  volatile Consumer<SavedState> onRestore = state -> {};
  volatile Callable<String> onSelfTest = () -> "";
  volatile boolean capable;
  volatile Callable<?> onSafe = () -> null;
  volatile Callable<?> onCheck = () -> null;
  final AtomicInteger checks = new AtomicInteger();
  final AtomicInteger safe = new AtomicInteger();

  private static CommandInfo command(String name, boolean urgent, boolean reads) {
    ParameterInfo number =
        new ParameterInfo(
            "number",
            ValueType.INT,
            "V",
            new consort.api.Limits(0, 1_000_000),
            List.of(),
            false,
            null,
            "n");
    return new CommandInfo(
        name, List.of(number), ValueType.INT, "V", urgent, reads, null, "Gives it back");
  }

  /** An instance of the driver. */
  class Instance implements Driver, Connectable, Handover, SelfTest, AutoCloseable {
    final Setup setup;
    volatile boolean closed;

    Instance(Setup setup) {
      this.setup = setup;
    }

    @Override
    public InstrumentInfo info() {
      return INFO;
    }

    @Override
    public Identity connect() throws Exception {
      connects.incrementAndGet();
      onConnect.call();
      return identity;
    }

    @Override
    public SavedState save() throws Exception {
      return onSave.call();
    }

    @Override
    public void restore(SavedState state) {
      onRestore.accept(state);
    }

    @Override
    public String selfTest() throws Exception {
      return onSelfTest.call();
    }

    @Override
    public Object call(String command, Map<String, Object> arguments) throws Exception {
      if (command.equals("stop")) {
        return onStop.call();
      }
      int number = (Integer) arguments.get("number");
      seen.add(number);
      return onEcho.apply(number);
    }

    @Override
    public void close() {
      closed = true;
      onClose.run();
    }
  }

  /** An instance that knows a safe state and a check. */
  final class SafeInstance extends Instance implements SafeState, HealthCheck {
    SafeInstance(Setup setup) {
      super(setup);
    }

    @Override
    public void safeState() throws Exception {
      safe.incrementAndGet();
      onSafe.call();
    }

    @Override
    public void check() throws Exception {
      checks.incrementAndGet();
      onCheck.call();
    }
  }

  DriverFactory factory() {
    return setup -> {
      onMake.call();
      Instance made = capable ? new SafeInstance(setup) : new Instance(setup);
      instances.add(made);
      return made;
    };
  }

  DriverSource source(String version) {
    return new DriverSource("echo", Version.parseVersion(version), "echo.bundle", 1, this::factory);
  }
}
