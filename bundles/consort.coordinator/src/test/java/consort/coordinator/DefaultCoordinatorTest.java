// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Call;
import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.Instrument;
import consort.api.InstrumentException;
import consort.api.Reason;
import consort.api.Role;
import consort.api.State;
import consort.api.Unreachable;
import consort.api.coordinator.Diagnosis;
import consort.api.coordinator.DriverStatus;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.Lease;
import consort.api.coordinator.LeaseRequest;
import consort.api.coordinator.Leases;
import consort.api.coordinator.Reconnect;
import consort.api.coordinator.Requirement;
import consort.api.coordinator.TemporaryInstrument;
import consort.api.driver.Connection;
import consort.api.driver.DriverFactory;
import consort.api.driver.InstrumentType;
import consort.api.mesh.Mesh;
import consort.api.mesh.NodeStatus;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.apache.felix.framework.FrameworkFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceListener;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventAdmin;
import org.osgi.util.tracker.ServiceTracker;

/** The coordinator in a real service registry, with drivers of real bundles. */
@Timeout(60)
class DefaultCoordinatorTest {

  @TempDir private Path cache;
  private final CountDownLatch release = new CountDownLatch(1);
  private Framework framework;
  private BundleContext context;
  private DefaultCoordinator coordinator;
  private ServiceTracker<DriverFactory, ServiceReference<DriverFactory>> factories;

  /** A typed interface. */
  @InstrumentType
  public interface Thermometer {
    /** The temperature. */
    double readTemperature();
  }

  /** A second one. */
  @InstrumentType
  public interface Hygrometer {
    /** The humidity. */
    double readHumidity();
  }

  static class Weather implements Thermometer, Hygrometer {
    private final double temperature;

    Weather(double temperature) {
      this.temperature = temperature;
    }

    @Override
    public double readTemperature() {
      return temperature;
    }

    @Override
    public double readHumidity() {
      return 40;
    }
  }

  @BeforeEach
  void begin() throws BundleException {
    framework =
        new FrameworkFactory()
            .newFramework(
                Map.of(
                    Constants.FRAMEWORK_STORAGE,
                    cache.toString(),
                    Constants.FRAMEWORK_BSNVERSION,
                    Constants.FRAMEWORK_BSNVERSION_MULTIPLE,
                    Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA,
                    "consort.api,consort.api.driver,consort.api.link,consort.api.coordinator",
                    "consort.node",
                    "bench"));
    framework.start();
    context = framework.getBundleContext();
    coordinator = new DefaultCoordinator(context, new FakeLinks());
    // What declarative services do with the component's dynamic reference.
    factories =
        new ServiceTracker<>(context, DriverFactory.class, null) {
          @Override
          public ServiceReference<DriverFactory> addingService(
              ServiceReference<DriverFactory> added) {
            coordinator.addFactory(added);
            return added;
          }

          @Override
          public void removedService(
              ServiceReference<DriverFactory> gone, ServiceReference<DriverFactory> same) {
            coordinator.removeFactory(gone);
          }
        };
    factories.open();
  }

  @AfterEach
  void end() throws BundleException, InterruptedException {
    release.countDown();
    factories.close();
    coordinator.close();
    framework.stop();
    framework.waitForStop(10_000);
  }

  private ServiceRegistration<DriverFactory> driver(String version, DriverFactory factory)
      throws BundleException, IOException {
    Manifest manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    main.putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
    main.putValue(Constants.BUNDLE_SYMBOLICNAME, "acme.weather");
    main.putValue(Constants.BUNDLE_VERSION, version);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    new JarOutputStream(bytes, manifest).close();
    Bundle bundle =
        context.installBundle(
            "test:" + System.nanoTime(), new ByteArrayInputStream(bytes.toByteArray()));
    bundle.start();
    return bundle
        .getBundleContext()
        .registerService(
            DriverFactory.class,
            factory,
            new Hashtable<>(Map.of(DriverFactory.NAME, "acme.weather")));
  }

  private static InstrumentSpec spec(String name, String pin) {
    return spec(name, "acme.weather", pin);
  }

  private static InstrumentSpec spec(String name, String driver, String pin) {
    Reconnect quick = new Reconnect(true, Duration.ofMillis(5), Duration.ofMillis(20), false);
    return InstrumentSpec.of(name, driver, Connection.NONE)
        .pinned(pin)
        .reconnecting(quick)
        .labelled(Map.of("room", "B12"))
        .from(name + ".yaml");
  }

  private void put(String... names) {
    Arrays.stream(names).forEach(name -> coordinator.put(spec(name, null)));
  }

  private static void eventually(BooleanSupplier condition) {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited too long").isLessThan(until);
      Thread.onSpinWait();
    }
  }

  private void becomes(String name, State state, String version) {
    eventually(
        () -> {
          var status = coordinator.require(name).status();
          return status.state() == state && status.driverVersion().equals(version);
        });
  }

  private double temperature(String name) {
    return (Double) coordinator.require(name).call("read_temperature");
  }

  @Test
  void theListIsWholeWhileInstrumentsComeAndGo() {
    put("LAB");
    CompletableFuture<Void> coming =
        CompletableFuture.runAsync(
            () -> {
              for (int i = 0; i < 500; i++) {
                put("X" + i);
                coordinator.remove("X" + i);
              }
            });
    while (!coming.isDone()) {
      assertThat(coordinator.instruments()).extracting(Instrument::name).contains("LAB");
    }
    assertThat(coming).isCompleted();
  }

  @Test
  void publishesOneRegistrationForEachInterface() throws Exception {
    driver("1.0.0", setup -> new Weather(20));
    put("LAB");
    eventually(
        () ->
            references(Hygrometer.class).length == 1
                && references(Thermometer.class).length == 1
                && references(Instrument.class).length == 1);
    ServiceReference<?> typed = references(Thermometer.class)[0];
    ServiceReference<?> dynamic = references(Instrument.class)[0];
    assertThat((String[]) typed.getProperty(Constants.OBJECTCLASS))
        .containsExactly(Thermometer.class.getName());
    assertThat((String[]) dynamic.getProperty(Constants.OBJECTCLASS))
        .containsExactly(Instrument.class.getName());
    assertThat(typed.getProperty(Instrument.NAME)).isEqualTo("LAB");
    assertThat(typed.getProperty(DriverFactory.NAME)).isEqualTo("acme.weather");
    assertThat(typed.getProperty("consort.node")).isEqualTo("bench");
    assertThat((String[]) typed.getProperty("consort.types"))
        .containsExactly("Thermometer", "Hygrometer");
    assertThat(typed.getProperty("service.exported.interfaces")).isNull();
    assertThat(((Thermometer) context.getService(typed)).readTemperature()).isEqualTo(20);
    assertThat(context.getService(typed)).isNotInstanceOf(Weather.class);

    coordinator.remove("LAB");
    eventually(
        () ->
            references(Thermometer.class).length == 0 && references(Instrument.class).length == 0);
    assertThat(coordinator.instruments()).isEmpty();
  }

  private ServiceReference<?>[] references(Class<?> type) {
    try {
      ServiceReference<?>[] found =
          context.getAllServiceReferences(type.getName(), "(consort.instrument=*)");
      return found == null ? new ServiceReference<?>[0] : found;
    } catch (InvalidSyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What was posted, in order, to an event admin that only keeps it. */
  private List<Event> posted() {
    List<Event> posted = new CopyOnWriteArrayList<>();
    coordinator.bindEvents(
        new EventAdmin() {
          @Override
          public void postEvent(Event event) {
            posted.add(event);
          }

          @Override
          public void sendEvent(Event event) {
            throw new AssertionError("listeners would hold up the publisher");
          }
        });
    return posted;
  }

  @Test
  void aChangeOfStateIsAnEventWithItsReason() throws Exception {
    List<Event> posted = posted();
    put("LAB");
    driver("1.0.0", setup -> new Weather(20));
    becomes("LAB", State.READY, "1.0.0");
    coordinator.stop("LAB");
    eventually(() -> posted.size() == 3);

    assertThat(posted)
        .extracting(Event::getTopic)
        .containsExactly(
            "consort/instrument/READY",
            "consort/instrument/SWAPPING",
            "consort/instrument/STOPPED");
    Event ready = posted.get(0);
    assertThat(ready.getProperty("instrument")).isEqualTo("LAB");
    assertThat(ready.getProperty("state")).isEqualTo("READY");
    assertThat(ready.getProperty("reason")).isEqualTo("");
    assertThat(ready.getProperty("driver")).isEqualTo("acme.weather");
    assertThat(ready.getProperty("version")).isEqualTo("1.0.0");
    assertThat(ready.getProperty("node")).isEqualTo("bench");
    assertThat(Instant.parse((String) ready.getProperty("time")).toEpochMilli())
        .isEqualTo(ready.getProperty("timestamp"));
  }

  @Test
  void aMistakeInADriverIsAnEventOnce() throws Exception {
    List<Event> posted = posted();
    driver(
        "1.0.0",
        setup ->
            new Weather(1) {
              @Override
              public double readTemperature() {
                throw new IllegalStateException("the sensor fell off");
              }
            });
    put("LAB");
    becomes("LAB", State.READY, "1.0.0");
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> temperature("LAB")).hasMessageContaining("the sensor fell off");
    }
    coordinator.stop("LAB");
    eventually(() -> posted.size() == 4);

    assertThat(posted.get(1).getTopic()).isEqualTo("consort/fault/DRIVER_ERROR");
    assertThat(posted.get(1).getProperty("instrument")).isEqualTo("LAB");
    assertThat(posted.get(1).getProperty("text"))
        .isEqualTo("the driver failed in LAB.read_temperature: the sensor fell off");
  }

  @Test
  void onlyAnAdministratorCancelsTheCallsOfWhoHoldsTheLease() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    driver(
        "1.0.0",
        setup ->
            new Weather(1) {
              @Override
              public double readTemperature() {
                entered.countDown();
                try {
                  release.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
                return 1;
              }
            });
    put("LAB");
    becomes("LAB", State.READY, "1.0.0");
    Caller anna = new Caller("anna", Role.OPERATOR, "test");
    Caller bert = new Caller("bert", Role.OPERATOR, "test");
    Caller root = new Caller("root", Role.ADMINISTRATOR, "test");
    Leases leases = context.getService(context.getServiceReference(Leases.class));
    Lease lease = leases.take(LeaseRequest.of("LAB"), anna);
    CompletableFuture<?> call =
        lease
            .instrument("LAB")
            .send(Call.of("read_temperature").within(Duration.ofSeconds(30)))
            .toCompletableFuture();
    entered.await();
    List<Event> posted = posted();

    assertThatThrownBy(() -> coordinator.cancel("LAB", bert, null))
        .hasMessage("LAB is leased to anna for another 1 min");
    assertThatThrownBy(() -> coordinator.cancel("LAB", bert, lease.token()))
        .hasMessageContaining("is that of anna, not of bert");
    assertThat(call).isNotDone();
    assertThat(coordinator.cancel("LAB", root, null)).isEqualTo(1);
    assertThat(call).failsWithin(Duration.ofSeconds(20));
    assertThat(coordinator.cancel("LAB", anna, lease.token())).isZero();
    eventually(() -> posted.size() >= 2);

    Event cancelled = posted.get(0);
    assertThat(cancelled.getTopic()).isEqualTo("consort/call/CANCELLED");
    assertThat(cancelled.getProperty("instrument")).isEqualTo("LAB");
    assertThat(cancelled.getProperty("by")).isEqualTo("root");
    assertThat(cancelled.getProperty("calls")).isEqualTo(1);
    assertThat(cancelled.getProperty("text")).isEqualTo("root (test) cancelled calls: 1");
  }

  @Test
  void theOrderOfDriverAndInstrumentIsFree() throws Exception {
    put("LAB");
    assertThat(coordinator.require("LAB").status().reason()).isEqualTo(Reason.NO_DRIVER);
    driver("1.0.0", setup -> new Weather(20));
    becomes("LAB", State.READY, "1.0.0");
  }

  @Test
  void aNewerDriverTakesItsInstrumentsSaveThePinnedOnes() throws Exception {
    driver("1.0.0", setup -> new Weather(1));
    put("LAB", "ROOF");
    coordinator.put(spec("CELLAR", "1.0"));
    becomes("CELLAR", State.READY, "1.0.0");
    ServiceRegistration<DriverFactory> newer = driver("1.1.0", setup -> new Weather(2));
    becomes("LAB", State.READY, "1.1.0");
    becomes("ROOF", State.READY, "1.1.0");
    eventually(coordinator::settled);
    assertThat(temperature("LAB")).isEqualTo(2);
    assertThat(temperature("CELLAR")).isEqualTo(1);
    assertThat(coordinator.drivers().stream().map(DriverStatus::version))
        .containsExactly("1.1.0", "1.0.0");
    assertThat(coordinator.drivers().get(0).instruments()).containsExactly("LAB", "ROOF");

    newer.unregister();
    assertThat(temperature("LAB")).as("back to the newest that remains").isEqualTo(1);
    driver("0.9.0", setup -> new Weather(0));
    eventually(coordinator::settled);
    assertThat(coordinator.require("LAB").status().driverVersion())
        .as("an older one takes nothing")
        .isEqualTo("1.0.0");
  }

  @Test
  void aDriverThatFailsForOneInstrumentIsGivenToNoOther() throws Exception {
    driver("1.0.0", setup -> new Weather(1));
    put("LAB", "ROOF");
    becomes("LAB", State.READY, "1.0.0");
    becomes("ROOF", State.READY, "1.0.0");
    List<String> tried = new java.util.concurrent.CopyOnWriteArrayList<>();
    driver(
        "2.0.0",
        setup -> {
          tried.add(setup.instrument());
          throw new IllegalStateException("the new driver is broken");
        });
    eventually(() -> !tried.isEmpty() && coordinator.settled());
    assertThat(tried).containsExactly("LAB");
    assertThat(temperature("LAB")).isEqualTo(1);
    assertThat(temperature("ROOF")).isEqualTo(1);
    assertThat(coordinator.why("LAB").facts().toString())
        .contains("acme.weather 2.0.0 in bundle acme.weather")
        .contains("failed and is not used")
        .contains("was taken back: the new driver is broken");
  }

  @Test
  void aDriverThatGoesIsDrainedWithinOneBudgetForAllItsInstruments() throws Exception {
    ServiceRegistration<DriverFactory> driver =
        driver(
            "1.0.0",
            setup ->
                new Weather(1) {
                  @Override
                  public double readTemperature() {
                    while (release.getCount() > 0) {
                      try {
                        release.await();
                      } catch (InterruptedException e) {
                        // a driver that ignores interrupts
                      }
                    }
                    return 0;
                  }
                });
    put("A", "B", "C");
    List<CompletableFuture<?>> calls =
        List.of("A", "B", "C").stream()
            .<CompletableFuture<?>>map(
                name -> {
                  becomes(name, State.READY, "1.0.0");
                  return coordinator
                      .require(name)
                      .send(Call.of("read_temperature").within(Duration.ofMinutes(1)))
                      .toCompletableFuture();
                })
            .toList();
    for (String name : List.of("A", "B", "C")) {
      eventually(() -> coordinator.require(name).status().state() == State.BUSY);
    }
    long begin = System.nanoTime();
    driver.unregister();
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(4));
    for (CompletableFuture<?> call : calls) {
      assertThat(call)
          .failsWithin(Duration.ofSeconds(10))
          .withThrowableOfType(java.util.concurrent.ExecutionException.class)
          .withMessageContaining("was removed while it was busy; its effect is unknown");
    }
    eventually(() -> coordinator.require("A").status().stateText().equals("OFFLINE(no driver)"));
    assertThat(coordinator.require("A").status().stuckThreads()).isEqualTo(1);
  }

  @Test
  void anEqualFileChangesNothingAndAChangedOneExchangesTheInstance() throws Exception {
    List<Map<String, Object>> made = new java.util.concurrent.CopyOnWriteArrayList<>();
    driver(
        "1.0.0",
        setup -> {
          made.add(setup.settings());
          return new Weather(made.size());
        });
    put("LAB");
    becomes("LAB", State.READY, "1.0.0");
    Instrument before = coordinator.require("LAB");
    List<Event> posted = posted();
    put("LAB");
    assertThat(made).hasSize(1);
    coordinator.put(
        InstrumentSpec.of("LAB", "acme.weather", Connection.visa("TCPIP::h::1::SOCKET"))
            .from("LAB.yaml"));
    assertThat(temperature("LAB")).as("the call waits for the exchange").isEqualTo(2);
    assertThat(coordinator.require("LAB")).isSameAs(before);
    eventually(() -> posted.size() == 4);
    assertThat(posted)
        .extracting(Event::getTopic)
        .as("that a call waits is no state to tell")
        .containsExactly(
            "consort/swap/BEGUN",
            "consort/instrument/SWAPPING",
            "consort/swap/DONE",
            "consort/instrument/READY");
  }

  @Test
  void aChangedAddressThatDoesNotAnswerIsNotGoneBackFrom() throws Exception {
    driver(
        "1.0.0",
        setup -> {
          if (!setup.connection().equals(Connection.NONE)) {
            throw new Unreachable(ErrorCode.NO_LINK, "connection refused");
          }
          return new Weather(1);
        });
    put("LAB");
    becomes("LAB", State.READY, "1.0.0");
    Connection elsewhere = Connection.visa("TCPIP::h::1::SOCKET");
    coordinator.put(InstrumentSpec.of("LAB", "acme.weather", elsewhere).from("LAB.yaml"));
    eventually(() -> coordinator.require("LAB").status().reason() == Reason.NO_LINK);
    assertThat(coordinator.require("LAB").status().connection()).isEqualTo(elsewhere.address());
    assertThat(coordinator.why("LAB").facts().toString()).doesNotContain("taken back");
  }

  @Test
  void settingsThatTheDriverDoesNotKnowAreSaid() throws Exception {
    driver("1.0.0", setup -> new Weather(1));
    coordinator.put(spec("LAB", null).settings(Map.of("sed", 5)));
    eventually(() -> coordinator.require("LAB").status().state() == State.FAULT);
    assertThat(coordinator.require("LAB").status().text())
        .isEqualTo("settings of LAB: has no parameter 'sed'; it has none");
  }

  @Test
  void namesTheInstrumentsThereAre() throws Exception {
    assertThatThrownBy(() -> coordinator.require("LAB"))
        .hasMessage("there is no instrument 'LAB'; there are none yet");
    driver("1.0.0", setup -> new Weather(1));
    put("LAB", "ROOF");
    assertThatThrownBy(() -> coordinator.restart("X"))
        .hasMessage("there is no instrument 'X'; there are LAB, ROOF");
    assertThatThrownBy(() -> coordinator.why("lab"))
        .hasMessage("there is no instrument 'lab'; do you mean LAB?");
  }

  @Test
  void theDriversOfABundleThatStopsAreGivenUpWithinOneBudget() throws Exception {
    Bundle bundle = driver("1.0.0", setup -> new Stuck()).getReference().getBundle();
    callStuckInstruments(bundle, "acme.north", "acme.south", "acme.east");
    long begin = System.nanoTime();
    bundle.stop();
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(4));
  }

  @Test
  void theDriversOfANodeThatEndsAreGivenUpWithinOneBudget() throws Exception {
    for (String driver : List.of("acme.north", "acme.south", "acme.east")) {
      Bundle bundle = driver("1.0.0", setup -> new Stuck()).getReference().getBundle();
      callStuckInstruments(bundle, driver);
    }
    long begin = System.nanoTime();
    framework.stop();
    framework.waitForStop(20_000);
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(4));
  }

  private final class Stuck extends Weather {
    Stuck() {
      super(0);
    }

    @Override
    public double readTemperature() {
      while (release.getCount() > 0) {
        Thread.interrupted();
        LockSupport.parkNanos(10_000_000);
      }
      return 0;
    }
  }

  private void callStuckInstruments(Bundle bundle, String... drivers) {
    for (String driver : drivers) {
      bundle
          .getBundleContext()
          .registerService(
              DriverFactory.class,
              setup -> new Stuck(),
              new Hashtable<>(Map.of(DriverFactory.NAME, driver)));
      String name = driver.replace('.', '_');
      coordinator.put(spec(name, driver, null));
      becomes(name, State.READY, "1.0.0");
      coordinator.require(name).send(Call.of("read_temperature"));
      becomes(name, State.BUSY, "1.0.0");
    }
  }

  @Test
  void aTemporaryInstrumentIsNobodyElses() throws Exception {
    driver("1.0.0", setup -> new Weather(7));
    try (TemporaryInstrument temporary = coordinator.open(spec("LAB", null))) {
      assertThat(temporary.call("read_temperature")).isEqualTo(7.0);
      assertThat(coordinator.instruments()).isEmpty();
      assertThat(references(Instrument.class)).isEmpty();
    }
    assertThatThrownBy(() -> coordinator.open(spec("LAB", "9")))
        .isInstanceOf(InstrumentException.class)
        .hasMessage("LAB is OFFLINE(no driver): no driver acme.weather of version 9 is installed");
  }

  @Test
  void aStoppedInstrumentIsNotPublishedUntilItIsStarted() throws Exception {
    driver("1.0.0", setup -> new Weather(1));
    put("LAB");
    eventually(() -> references(Instrument.class).length == 1);
    coordinator.stop("LAB");
    eventually(() -> references(Instrument.class).length == 0);
    driver("2.0.0", setup -> new Weather(2));
    eventually(coordinator::settled);
    assertThat(coordinator.require("LAB").status().state()).isEqualTo(State.STOPPED);
    coordinator.start("LAB");
    eventually(() -> references(Instrument.class).length == 1);
    assertThat(temperature("LAB")).isEqualTo(2);
  }

  @Test
  void whyIsOnePage() throws Exception {
    put("LAB");
    assertThat(coordinator.why("LAB").summary())
        .isEqualTo("LAB is not available: no driver acme.weather is installed");
    assertThat(coordinator.why("LAB").facts())
        .as("a reason is said once")
        .extracting(Diagnosis.Fact::text)
        .noneMatch(text -> text.contains("no driver acme.weather is installed"));
    driver("1.0.0", setup -> new Weather(1));
    becomes("LAB", State.READY, "1.0.0");
    assertThat(coordinator.why("LAB").summary()).isEqualTo("LAB is available");
    assertThat(coordinator.why("LAB").facts().toString())
        .contains("LAB.yaml")
        .contains("acme.weather 1.0.0")
        .containsPattern("READY since [-\\dT:]+(\\.\\d{3})?Z");
  }

  @Test
  void saysWhichServiceListenerHoldsUpPublication() throws Exception {
    driver("1.0.0", setup -> new Weather(1));
    ServiceListener endless = event -> hang();
    context.addServiceListener(endless, "(consort.instrument=LAB)");
    put("LAB");
    put("OTHER");
    becomes("OTHER", State.READY, "1.0.0");
    eventually(
        () ->
            coordinator.why("OTHER").facts().stream()
                .anyMatch(
                    fact ->
                        fact.label().equals("publication")
                            && fact.text()
                                .matches(
                                    "a service listener in consort\\.coordinator\\.DefaultCoordinatorTest\\.hang has not"
                                        + " returned for [\\d.]+ s from being told of LAB")));
    context.removeServiceListener(endless);
    release.countDown();
    eventually(() -> references(Instrument.class).length == 2);
    assertThat(coordinator.why("OTHER").facts())
        .extracting(Diagnosis.Fact::label)
        .doesNotContain("publication");
  }

  private void hang() {
    try {
      release.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void whatIsRequiredMayBeAnInstrumentOfAnotherNodeThatComesAndGoes() throws Exception {
    Bundle importer = driver("1.0.0", setup -> new Weather(1)).getReference().getBundle();
    coordinator.put(spec("LAB", null).requiring(new Requirement("CRYO", State.READY)));
    becomes("LAB", State.READY, "1.0.0");
    String unmet = "LAB is available for reading: LAB requires CRYO to be READY; there is no CRYO";
    assertThat(coordinator.why("LAB").summary()).isEqualTo(unmet);
    try (TemporaryInstrument cryo = coordinator.open(spec("CRYO", null))) {
      ServiceReference<Instrument> imported =
          importer
              .getBundleContext()
              .registerService(
                  Instrument.class, cryo, new Hashtable<>(Map.of(Instrument.NAME, "CRYO")))
              .getReference();
      coordinator.addNeighbour(imported);
      eventually(() -> coordinator.why("LAB").summary().equals("LAB is available"));
      coordinator.removeNeighbour(imported);
      eventually(() -> coordinator.why("LAB").summary().equals(unmet));
    }
  }

  /** A mesh with one node that is connected and one that never was. */
  private static Mesh mesh() {
    List<NodeStatus> nodes =
        List.of(
            new NodeStatus("bench2", "tls://b2:8600", true, Instant.EPOCH, "", List.of("CRYO")),
            new NodeStatus("", "tls://b3:8600", false, Instant.EPOCH, "no route", List.of()));
    return (Mesh)
        Proxy.newProxyInstance(
            Mesh.class.getClassLoader(),
            new Class<?>[] {Mesh.class},
            (proxy, method, arguments) -> method.getName().equals("nodes") ? nodes : List.of());
  }

  @Test
  void whyOfAnInstrumentOfAnotherNodeSaysWhereThatIsAndWhetherItIsConnected() throws Exception {
    Bundle importer = driver("1.0.0", setup -> new Weather(1)).getReference().getBundle();
    coordinator.bindMesh(mesh());
    try (TemporaryInstrument cryo = coordinator.open(spec("CRYO", null))) {
      coordinator.addNeighbour(
          importer
              .getBundleContext()
              .registerService(
                  Instrument.class,
                  cryo,
                  new Hashtable<>(Map.of(Instrument.NAME, "CRYO", "consort.node", "bench2")))
              .getReference());

      assertThat(coordinator.why("CRYO").facts())
          .contains(
              new Diagnosis.Fact(
                  "node",
                  "bench2 at tls://b2:8600, connected since 1970-01-01T00:00:00Z;"
                      + " 'why' there says more"));
    }
  }

  @Test
  void aNameThatIsNotKnownMayBeOneOfANodeThatIsNotConnected() {
    coordinator.bindMesh(mesh());

    assertThatThrownBy(() -> coordinator.require("LASER"))
        .hasMessage(
            "there is no instrument 'LASER'; there are none yet; the node at tls://b3:8600 is not"
                + " connected ('nodes' says why), and may have it");
  }

  @Test
  void whyNamesTheDriversThereAreWhenOneIsMistyped() throws Exception {
    driver("1.0.0", setup -> new Weather(1));
    InstrumentSpec typo = InstrumentSpec.of("TYPO", "acme.wether", Connection.NONE);
    coordinator.put(typo);
    assertThat(coordinator.why("TYPO").facts())
        .contains(new Diagnosis.Fact("installed", "none of this name; there are acme.weather"));
  }

  /** A bundle with classes of its own. */
  private Bundle bundled(String version) throws BundleException, IOException {
    return context.installBundle(
        "test:" + System.nanoTime(), new ByteArrayInputStream(bundledBytes(version)));
  }

  private static byte[] bundledBytes(String version) throws IOException {
    Manifest manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    main.putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
    main.putValue(Constants.BUNDLE_SYMBOLICNAME, "acme.meter");
    main.putValue(Constants.BUNDLE_VERSION, version);
    main.putValue(Constants.BUNDLE_ACTIVATOR, BundledDriver.class.getName());
    main.putValue(Constants.IMPORT_PACKAGE, "consort.api,consort.api.driver,org.osgi.framework");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JarOutputStream jar = new JarOutputStream(bytes, manifest)) {
      Path folder =
          Path.of(
              URI.create(
                  BundledDriver.class.getProtectionDomain().getCodeSource().getLocation().toString()
                      + "consort/coordinator"));
      try (DirectoryStream<Path> classes =
          Files.newDirectoryStream(folder, "BundledDriver*.class")) {
        for (Path file : classes) {
          jar.putNextEntry(new JarEntry("consort/coordinator/" + file.getFileName()));
          jar.write(Files.readAllBytes(file));
        }
      }
    }
    return bytes.toByteArray();
  }

  private static WeakReference<ClassLoader> loader(Bundle bundle) {
    return new WeakReference<>(bundle.adapt(BundleWiring.class).getClassLoader());
  }

  /** Does everything once that may leave something behind. */
  private void measure(String name) {
    Instrument meter = coordinator.require(name);
    meter.call("read", "FAST");
    meter.call("read_later", "SLOW");
    meter.call("stop");
    assertThatThrownBy(() -> meter.call("fail")).hasMessageContaining("broken");
  }

  private static void eventuallyCollected(List<WeakReference<ClassLoader>> former) {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(8);
    while (former.stream().anyMatch(loader -> loader.get() != null)) {
      assertThat(System.nanoTime())
          .as(() -> former.stream().filter(l -> l.get() != null).count() + " class loaders stay")
          .isLessThan(until);
      System.gc();
    }
  }

  @Test
  void theClassLoadersOfFormerBundlesAreCollected() throws Exception {
    coordinator.put(spec("M1", "acme.meter", null));
    coordinator.put(spec("M2", "acme.meter", null));
    Bundle present = bundled("1.0.0");
    present.start();
    becomes("M1", State.READY, "1.0.0");
    List<WeakReference<ClassLoader>> former = new ArrayList<>();
    for (int i = 1; i <= 20; i++) {
      becomes("M2", State.READY, "1." + (i - 1) + ".0");
      measure("M1");
      measure("M2");
      Bundle next = bundled("1." + i + ".0");
      next.start();
      becomes("M1", State.READY, "1." + i + ".0");
      becomes("M2", State.READY, "1." + i + ".0");
      eventually(coordinator::settled);
      former.add(loader(present));
      present.uninstall();
      present = next;
    }
    measure("M1");
    eventuallyCollected(former);
    measure("M1");
  }

  @Test
  void theClassLoadersOfBundlesUpdatedInPlaceAreCollected() throws Exception {
    coordinator.put(spec("M1", "acme.meter", null));
    Bundle bundle = bundled("1.0.0");
    bundle.start();
    becomes("M1", State.READY, "1.0.0");
    List<WeakReference<ClassLoader>> former = new ArrayList<>();
    for (int i = 1; i <= 20; i++) {
      measure("M1");
      former.add(loader(bundle));
      bundle.update(new ByteArrayInputStream(bundledBytes("1." + i + ".0")));
      becomes("M1", State.READY, "1." + i + ".0");
    }
    measure("M1");
    eventuallyCollected(former);
  }

  @Test
  void theClassLoaderOfABundleThatNobodyReplacesIsCollected() throws Exception {
    Bundle stays = bundled("1.0.0");
    stays.start();
    coordinator.put(spec("M1", "acme.meter", null));
    becomes("M1", State.READY, "1.0.0");
    Bundle goes = bundled("2.0.0");
    goes.start();
    becomes("M1", State.READY, "2.0.0");
    measure("M1");
    List<WeakReference<ClassLoader>> former = List.of(loader(goes), loader(stays));
    goes.uninstall();
    becomes("M1", State.READY, "1.0.0");
    stays.uninstall();
    becomes("M1", State.OFFLINE, "");
    eventuallyCollected(former);
  }

  private ServiceRegistration<DriverFactory> another(Bundle bundle, String driver) {
    return bundle
        .getBundleContext()
        .registerService(
            DriverFactory.class,
            setup -> new Weather(3),
            new Hashtable<>(Map.of(DriverFactory.NAME, driver)));
  }

  @Test
  void aDriverWhoseInstrumentsAreBusyDelaysNoOther() throws Exception {
    Bundle bundle = driver("1.0.0", setup -> new Stuck()).getReference().getBundle();
    put("LAB");
    becomes("LAB", State.READY, "1.0.0");
    coordinator.put(spec("NORTH", "acme.north", null));
    coordinator.require("LAB").send(Call.of("read_temperature").within(Duration.ofMinutes(10)));
    becomes("LAB", State.BUSY, "1.0.0");
    driver("2.0.0", setup -> new Weather(1));
    eventually(() -> coordinator.require("LAB").status().state() == State.SWAPPING);
    another(bundle, "acme.north");
    becomes("NORTH", State.READY, "1.0.0");
    assertThat(coordinator.settled()).isFalse();
  }

  @Test
  void anInstrumentThatHangsWhenMadeDelaysNoOther() throws Exception {
    put("LAB", "ROOF");
    driver(
        "1.0.0",
        setup -> {
          if (setup.instrument().equals("LAB")) {
            release.await();
          }
          return new Weather(1);
        });
    becomes("ROOF", State.READY, "1.0.0");
    assertThat(coordinator.require("LAB").status().state()).isEqualTo(State.STARTING);
  }

  @Test
  void aTemporaryInstrumentThatWasClosedStillDrainsWithItsDriver() throws Exception {
    ServiceRegistration<DriverFactory> driver = driver("1.0.0", setup -> new Stuck());
    TemporaryInstrument temporary = coordinator.open(spec("LAB", null));
    CompletableFuture<?> call =
        temporary
            .send(Call.of("read_temperature").within(Duration.ofMinutes(10)))
            .toCompletableFuture();
    eventually(() -> temporary.status().state() == State.BUSY);
    temporary.close();
    driver.unregister();
    assertThat(temporary.status().driverVersion()).as("the driver in use").isEmpty();
    assertThat(call).failsWithin(Duration.ofSeconds(20));
  }

  @Test
  void aTemporaryInstrumentGetsTheNewDriverAsOthersDo() throws Exception {
    driver("1.0.0", setup -> new Weather(1));
    try (TemporaryInstrument temporary = coordinator.open(spec("LAB", null))) {
      driver("2.0.0", setup -> new Weather(2));
      eventually(() -> temporary.status().driverVersion().equals("2.0.0"));
      assertThat(temporary.call("read_temperature")).isEqualTo(2.0);
    }
  }

  private boolean isExported(Class<?> type) {
    return Arrays.stream(references(type))
        .anyMatch(r -> "consort.tcp".equals(r.getProperty("service.exported.configs")));
  }

  @Test
  void whatIsSaidOfAnInstrumentInTheRegistryFollowsItsFile() throws Exception {
    driver("1.0.0", setup -> new Weather(1));
    put("LAB");
    eventually(() -> references(Thermometer.class).length == 1);
    InstrumentSpec before = spec("LAB", null);
    coordinator.put(
        InstrumentSpec.of("LAB", before.driver(), Connection.NONE)
            .reconnecting(before.reconnect())
            .exported()
            .from("LAB.yaml"));
    eventually(() -> isExported(Thermometer.class) && isExported(Instrument.class));
    assertThat(references(Thermometer.class)).hasSize(1);
    ServiceReference<?> exported = references(Instrument.class)[0];
    coordinator.restart("LAB");
    eventually(coordinator::settled);
    assertThat(references(Instrument.class)).as("nothing changes").containsExactly(exported);
  }
}
