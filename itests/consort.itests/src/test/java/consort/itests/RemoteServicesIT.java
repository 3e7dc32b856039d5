// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Call;
import consort.api.Instrument;
import consort.api.Refused;
import consort.api.State;
import consort.api.TimedOut;
import consort.api.Unreachable;
import consort.api.mesh.Mesh;
import consort.instruments.Multimeter;
import consort.itests.driver.Readings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.Version;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.service.event.EventHandler;
import org.osgi.service.remoteserviceadmin.EndpointDescription;
import org.osgi.service.remoteserviceadmin.EndpointEvent;
import org.osgi.service.remoteserviceadmin.EndpointEventListener;
import org.osgi.service.remoteserviceadmin.ExportReference;
import org.osgi.service.remoteserviceadmin.ExportRegistration;
import org.osgi.service.remoteserviceadmin.ImportReference;
import org.osgi.service.remoteserviceadmin.ImportRegistration;
import org.osgi.service.remoteserviceadmin.RemoteServiceAdmin;
import org.osgi.service.remoteserviceadmin.RemoteServiceAdminEvent;
import org.osgi.service.remoteserviceadmin.RemoteServiceAdminListener;

/**
 * What a consumer may rely on by chapters 100 and 122 of the OSGi Compendium, release 8. Each test
 * names its clause; {@code docs/reference/remote-services.md} says the same in words, and its
 * tables and examples are tried here.
 */
final class RemoteServicesIT {

  private static final Path REFERENCE = Path.of("../../docs/reference/remote-services.md");
  private static final String INSTRUMENT = Instrument.class.getName();
  private static final String CONFIG = "consort.tcp";
  private static final Duration SHORT = Duration.ofMillis(300);

  /** Marks a service for export under its only interface. */
  private static final Map<String, Object> EXPORTED = Map.of("service.exported.interfaces", "*");

  private static RemotePair pair;

  @BeforeAll
  static void start() throws Exception {
    pair =
        new RemotePair(
            "remote-services",
            Map.of(
                "DMM1",
                "export: true",
                "SPARE",
                "",
                "SLOW",
                "settings: {delay: 1s}",
                "SLOW1",
                "settings: {delay: 1s}",
                "SLOW2",
                "settings: {delay: 1s}"));
  }

  @AfterAll
  static void end() throws Exception {
    if (pair != null) {
      pair.close();
    }
  }

  private static String named(String name) {
    return "(" + Instrument.NAME + "=" + name + ")";
  }

  /** The import of an instrument, as soon as there is one. */
  private static <T> ServiceReference<T> imported(Class<T> type, String name)
      throws InterruptedException {
    pair.user().await(type, named(name));
    return pair.user().find(type, named(name));
  }

  private static void awaitGone(Class<?> type, String name) throws InterruptedException {
    Application.await(name + " is gone", () -> pair.user().find(type, named(name)) == null);
  }

  private static RemoteServiceAdmin admin(Application application) throws InterruptedException {
    return application.await(RemoteServiceAdmin.class, "(remote.configs.supported=" + CONFIG + ")");
  }

  /** What an export asks for, beside the mark. */
  private static Map<String, Object> with(String key, Object value) {
    Map<String, Object> properties = new HashMap<>(EXPORTED);
    properties.put(key, value);
    return properties;
  }

  /** How many endpoints a registration with these properties gets. */
  private static int endpoints(Map<String, ?> properties) throws InterruptedException {
    ServiceRegistration<?> made = pair.register(INSTRUMENT, "SPARE", properties);
    try {
      Collection<ExportRegistration> exports =
          admin(pair.owner()).exportService(made.getReference(), null);
      exports.forEach(ExportRegistration::close);
      return exports.size();
    } finally {
      made.unregister();
    }
  }

  private static List<String> texts(Object value) {
    return value instanceof Collection<?> many
        ? many.stream().map(String::valueOf).toList()
        : value instanceof String[] array ? List.of(array) : List.of(String.valueOf(value));
  }

  @Test
  @DisplayName("100.2.1 Registering a Service for Export")
  void whatIsMarkedIsExportedIfItsTypesAndIntentsAreKnown() throws Exception {
    assertThat(endpoints(EXPORTED)).as("no configuration type").isEqualTo(1);
    assertThat(endpoints(Map.of("service.exported.interfaces", INSTRUMENT))).isEqualTo(1);
    assertThat(endpoints(with("service.exported.configs", new String[] {"com.acme", CONFIG})))
        .as("alternatives")
        .isEqualTo(1);
    assertThat(endpoints(with("service.exported.configs", "com.acme"))).isZero();
    assertThat(endpoints(with("service.exported.configs", "<<nodefault>>"))).isZero();
    for (String key :
        List.of("service.exported.intents", "service.exported.intents.extra", "service.intents")) {
      assertThat(endpoints(with(key, List.of("osgi.basic", "osgi.async")))).as(key).isEqualTo(1);
      assertThat(endpoints(with(key, "com.acme.ordered"))).as(key).isZero();
    }
  }

  @Test
  @DisplayName("100.2.1, service.exported.interfaces: only what is an instrument, one by one")
  void anyOtherInterfaceIsNotExported() throws Exception {
    ServiceRegistration<?> other =
        pair.owner()
            .context()
            .registerService(
                new String[] {Runnable.class.getName(), Comparable.class.getName()},
                new Errand(),
                new Hashtable<>(EXPORTED));
    try {
      RemoteServiceAdmin admin = admin(pair.owner());
      assertThat(admin.exportService(other.getReference(), null)).as("two").isEmpty();
      assertThat(
              admin.exportService(
                  other.getReference(),
                  Map.of("service.exported.interfaces", Runnable.class.getName())))
          .isEmpty();
    } finally {
      other.unregister();
    }
  }

  /** What is no instrument. */
  private static final class Errand implements Runnable, Comparable<Errand> {
    @Override
    public void run() {}

    @Override
    public int compareTo(Errand other) {
      return 0;
    }
  }

  @Test
  @DisplayName("100.2.2 Getting an Imported Service")
  void anImportHasThePropertiesOfItsService() throws Exception {
    Map<String, Object> given = new TreeMap<>(EXPORTED);
    given.put("service.exported.configs", CONFIG);
    given.put("service.exported.intents", "osgi.basic");
    given.put("service.intents", "osgi.async");
    given.put(".private", "stays");
    given.put("test.text", "a");
    given.put("test.flag", true);
    given.put("test.char", 'c');
    given.put("test.byte", (byte) 1);
    given.put("test.short", (short) 2);
    given.put("test.int", 3);
    given.put("test.long", 4L);
    given.put("test.float", 0.5f);
    given.put("test.double", 0.25);
    given.put("test.ints", new int[] {1, 2});
    given.put("test.texts", new String[] {"x", "y"});
    given.put("test.list", List.of(1L, 2L));
    given.put("test.map", Map.of("no", "basic type"));
    given.put("test.version", Version.valueOf("1.2"));
    ServiceRegistration<?> made = pair.register(INSTRUMENT, "SPARE", given);
    ServiceReference<Instrument> found = imported(Instrument.class, "SPARE");

    assertThat(found.getProperty("service.imported")).isNotNull();
    assertThat(texts(found.getProperty("service.imported.configs"))).containsExactly(CONFIG);
    assertThat(texts(found.getProperty("service.intents")))
        .contains("osgi.basic", "osgi.async", "osgi.private");
    assertThat((String[]) found.getProperty(Constants.OBJECTCLASS)).containsExactly(INSTRUMENT);
    assertThat(Arrays.asList(found.getPropertyKeys()))
        .noneMatch(key -> key.startsWith("service.exported."))
        .noneMatch(key -> key.startsWith("."))
        .doesNotContain("test.map", "test.version");
    assertThat(pair.user().find(Instrument.class, "(&(!(service.imported=*))(test.text=a))"))
        .isNull();
    assertThat(found.getProperty("test.text")).isEqualTo("a");
    assertThat(found.getProperty("test.flag")).isEqualTo(true);
    assertThat(found.getProperty("test.char")).isEqualTo("c");
    assertThat(found.getProperty("test.ints")).isEqualTo(List.of(1L, 2L));
    assertThat(found.getProperty("test.texts")).isEqualTo(List.of("x", "y"));
    assertThat(
            pair.user()
                .context()
                .createFilter(
                    "(&(test.byte=1)(test.short=2)(test.int=3)(test.long>=4)(test.float=0.5)"
                        + "(test.double<=0.25)(test.ints=2)(test.texts=y)(test.list=2))")
                .match(found))
        .isTrue();
    made.unregister();
    awaitGone(Instrument.class, "SPARE");
  }

  @Test
  @DisplayName("100.2.2 Getting an Imported Service: an instrument of a node")
  void anInstrumentHasThePropertiesThatTheReferenceLists() throws Exception {
    ServiceReference<Instrument> found = imported(Instrument.class, "DMM1");
    List<String> listed =
        Pattern.compile("(?m)^\\| `([a-z][a-zA-Z.]*)` \\|")
            .matcher(Files.readString(REFERENCE))
            .results()
            .map(row -> row.group(1).replace("PACKAGE", "consort.api"))
            .toList();

    assertThat(found.getPropertyKeys()).containsExactlyInAnyOrderElementsOf(listed);
  }

  /** What a listener for endpoints of this scope hears. */
  private static ServiceRegistration<?> listen(
      Application where, String scope, BlockingQueue<EndpointEvent> heard) {
    return where
        .context()
        .registerService(
            EndpointEventListener.class,
            (event, filter) -> heard.add(event),
            new Hashtable<>(Map.of(EndpointEventListener.ENDPOINT_LISTENER_SCOPE, scope)));
  }

  private static EndpointEvent next(BlockingQueue<EndpointEvent> heard)
      throws InterruptedException {
    EndpointEvent event = heard.poll(30, TimeUnit.SECONDS);
    assertThat(event).as("something is heard of endpoints").isNotNull();
    return event;
  }

  private static boolean isImported(EndpointDescription endpoint) throws InterruptedException {
    return admin(pair.user()).getImportedEndpoints().stream()
        .map(ImportReference::getImportedEndpoint)
        .anyMatch(endpoint::equals);
  }

  @Test
  @DisplayName("100.2.3 On Demand Import, 122.6.5 On Demand")
  void aServiceIsImportedWhenSomebodyLooksForItsInterface() throws Exception {
    BlockingQueue<EndpointEvent> heard = new LinkedBlockingQueue<>();
    ServiceRegistration<?> listener =
        listen(
            pair.user(),
            "(&(objectClass=" + Multimeter.class.getName() + ")" + named("DMM1") + ")",
            heard);
    EndpointDescription endpoint = next(heard).getEndpoint();
    assertThat(isImported(endpoint)).isFalse();

    ServiceReference<Multimeter> found = imported(Multimeter.class, "DMM1");
    assertThat(isImported(endpoint)).isTrue();
    assertThat(pair.user().context().getService(found).measureVoltage()).isBetween(3.0, 4.0);
    listener.unregister();
  }

  @Test
  @DisplayName("100.3.1.2 Remote Invocation Timeout")
  void aServiceSaysHowLongItsCallersWait() throws Exception {
    Map<String, Object> timeouts = Map.of("SLOW1", "150", "SLOW2", 150);
    for (Map.Entry<String, Object> timeout : timeouts.entrySet()) {
      String name = timeout.getKey();
      ServiceRegistration<?> made =
          pair.register(INSTRUMENT, name, with("osgi.basic.timeout", timeout.getValue()));
      Instrument slow = pair.user().await(Instrument.class, named(name));
      assertThatThrownBy(() -> slow.call("measure_voltage"))
          .isInstanceOf(TimedOut.class)
          .hasMessageContaining(name + ".measure_voltage");
      made.unregister();
      awaitGone(Instrument.class, name);
    }
  }

  @Test
  @DisplayName("100.3.2 Asynchronous Remote Services: osgi.async")
  void aHolderOfAResultIsFulfilledOrFailsAsTheCallWould() throws Exception {
    Bundle views = pair.owner().install(Jars.views(Readings.class, "1.3.0", named("DMM1")));
    Readings readings = pair.user().await(Readings.class, named("DMM1"));

    assertThat(readings.measureVoltage().toCompletableFuture().get(30, TimeUnit.SECONDS))
        .isBetween(3.0, 4.0);
    CompletableFuture<Double> resistance = readings.measureResistance();
    assertThat(resistance.get(30, TimeUnit.SECONDS)).isBetween(900.0, 1100.0);
    assertThatThrownBy(
            () -> readings.measureHumidity().toCompletableFuture().get(30, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(Refused.class)
        .hasMessageContaining("measure_humidity");
    views.uninstall();
    awaitGone(Readings.class, "DMM1");
  }

  @Test
  @DisplayName("100.3.3 osgi.confidential, 100.3.4 osgi.private, 100.5.2 Dependencies")
  void anAddressOfThisComputerIsPrivateAndNotConfidential() throws Exception {
    assertThat(endpoints(with("service.exported.intents", "osgi.private"))).isEqualTo(1);
    assertThat(endpoints(with("service.exported.intents", "osgi.confidential"))).isZero();
    for (String service :
        List.of(
            RemoteServiceAdmin.class.getName(), "org.apache.aries.rsa.spi.DistributionProvider")) {
      ServiceReference<?>[] found =
          pair.owner()
              .context()
              .getServiceReferences(
                  service,
                  "(&(remote.configs.supported=consort.tcp)"
                      + "(remote.intents.supported=osgi.basic)(remote.intents.supported=osgi.async)"
                      + "(remote.intents.supported=osgi.private)"
                      + "(!(remote.intents.supported=osgi.confidential)))");
      assertThat(found).as(service).hasSize(1);
    }
  }

  @Test
  @DisplayName("100.4.1 Call by Value")
  void aResultIsACopy() throws Exception {
    ServiceRegistration<?> made = pair.register(Multimeter.class.getName(), "SPARE", EXPORTED);
    Multimeter dmm = pair.user().await(Multimeter.class, named("SPARE"));

    double[] first = dmm.readSeveral(3);
    double[] copy = first.clone();
    assertThat(dmm.readSeveral(3)).isNotSameAs(first);
    assertThat(first).isEqualTo(copy).hasSize(3);
    made.unregister();
    awaitGone(Multimeter.class, "SPARE");
  }

  @Test
  @DisplayName("100.4.3 Remote Services Life Cycle")
  void anImportGoesAndComesWithItsExport() throws Exception {
    ServiceRegistration<?> made = pair.register(INSTRUMENT, "SPARE", EXPORTED);
    Instrument spare = pair.user().await(Instrument.class, named("SPARE"));
    assertThat(spare.call("measure_voltage")).isInstanceOf(Double.class);

    made.unregister();
    awaitGone(Instrument.class, "SPARE");
    assertThatThrownBy(() -> spare.call("measure_voltage"))
        .isInstanceOf(Refused.class)
        .hasMessageContaining("SPARE");
    ServiceRegistration<?> again = pair.register(INSTRUMENT, "SPARE", EXPORTED);
    assertThat(pair.user().await(Instrument.class, named("SPARE")).call("measure_voltage"))
        .isInstanceOf(Double.class);
    again.unregister();
    awaitGone(Instrument.class, "SPARE");
  }

  @Test
  @DisplayName("100.4.4 Runtime, 100.4.5 Exceptions")
  void anImportGoesWithTheConnectionAndSaysWhetherACallWasSent() throws Exception {
    ServiceRegistration<?> made = pair.register(INSTRUMENT, "SLOW", EXPORTED);
    ServiceRegistration<?> typed =
        pair.register(
            Multimeter.class.getName(), "SPARE", with("osgi.basic.timeout", SHORT.toMillis()));
    Multimeter spare = pair.user().await(Multimeter.class, named("SPARE"));
    assertThat(read(spare)).isPresent();
    Instrument slow = pair.user().await(Instrument.class, named("SLOW"));
    CompletableFuture<?> underWay = slow.send(Call.of("measure_voltage")).toCompletableFuture();
    Application.await("it is under way", () -> slow.status().state() == State.BUSY);

    pair.network().refuse(true);
    pair.network().cut();
    assertThatThrownBy(() -> underWay.get(30, TimeUnit.SECONDS))
        .as("nobody knows whether it was done")
        .hasCauseInstanceOf(TimedOut.class);
    awaitGone(Instrument.class, "SLOW");
    assertThatThrownBy(() -> slow.call(Call.of("measure_voltage").within(SHORT)))
        .as("it was not sent")
        .isInstanceOf(Unreachable.class)
        .isInstanceOf(RuntimeException.class);
    assertThat(read(spare)).isEmpty();

    pair.network().refuse(false);
    imported(Instrument.class, "SLOW");
    assertThat(read(pair.user().await(Multimeter.class, named("SPARE")))).isPresent();
    made.unregister();
    typed.unregister();
    awaitGone(Instrument.class, "SLOW");
    awaitGone(Multimeter.class, "SPARE");
  }

  /** A reading; none when the multimeter is not reached, and certainly was not asked. */
  private static OptionalDouble read(Multimeter dmm) {
    try {
      return OptionalDouble.of(dmm.measureVoltage());
    } catch (Unreachable e) {
      return OptionalDouble.empty(); // it may be asked again
    } catch (TimedOut e) {
      throw new IllegalStateException("nobody knows whether it was done", e);
    }
  }

  @Test
  @DisplayName("122.4 Endpoint Description")
  void anEndpointSaysWhereItIsAndWhatItIsOf() throws Exception {
    ServiceRegistration<?> made = pair.register(INSTRUMENT, "SPARE", EXPORTED);
    ExportReference export =
        admin(pair.owner()).getExportedServices().stream()
            .filter(one -> one.getExportedService().equals(made.getReference()))
            .findFirst()
            .orElseThrow();
    EndpointDescription there = export.getExportedEndpoint();
    BlockingQueue<EndpointEvent> heard = new LinkedBlockingQueue<>();
    ServiceRegistration<?> listener = listen(pair.user(), named("SPARE"), heard);
    EndpointDescription here = next(heard).getEndpoint();

    assertThat(there.getId()).isEqualTo(pair.address() + "#SPARE#" + INSTRUMENT);
    assertThat(here.getId())
        .as("it is reached the way it was found")
        .isEqualTo("tcp://127.0.0.1:" + pair.network().port() + "#SPARE#" + INSTRUMENT);
    for (EndpointDescription one : List.of(there, here)) {
      assertThat(one.getInterfaces()).containsExactly(INSTRUMENT);
      assertThat(one.getConfigurationTypes()).containsExactly(CONFIG);
      assertThat(one.getFrameworkUUID())
          .isEqualTo(pair.owner().context().getProperty(Constants.FRAMEWORK_UUID));
      assertThat(one.getServiceId())
          .isEqualTo(made.getReference().getProperty(Constants.SERVICE_ID));
      assertThat(one.getPackageVersion("consort.api")).isEqualTo(Version.valueOf("1.0.0"));
      assertThat(one.getIntents()).contains("osgi.basic", "osgi.async", "osgi.private");
      assertThat(one.getProperties().keySet())
          .contains("service.imported")
          .noneMatch(key -> key.startsWith("service.exported."));
    }
    assertThat(here)
        .as("equal by id alone")
        .isEqualTo(endpoint(here.getId()))
        .hasSameHashCodeAs(endpoint(here.getId()));
    listener.unregister();
    made.unregister();
    awaitGone(Instrument.class, "SPARE");
  }

  private static EndpointDescription endpoint(String id, String... configs) {
    return new EndpointDescription(
        Map.of(
            "endpoint.id",
            id,
            "objectClass",
            new String[] {INSTRUMENT},
            "service.imported.configs",
            configs.length == 0 ? new String[] {CONFIG} : configs,
            "endpoint.package.version.consort.api",
            "1.0.0",
            Instrument.NAME,
            "ALONE"));
  }

  @Test
  @DisplayName("122.5.1 Exporting, 122.5.6 Invalid Registrations")
  void anExportIsSharedUntilTheLastIsClosedAndMayBeInvalid() throws Exception {
    ServiceRegistration<?> made = pair.register(INSTRUMENT, "SPARE", EXPORTED);
    imported(Instrument.class, "SPARE");
    RemoteServiceAdmin admin = admin(pair.owner());
    ExportRegistration more = admin.exportService(made.getReference(), null).iterator().next();
    ExportReference reference = more.getExportReference();
    assertThat(reference.getExportedService()).isEqualTo(made.getReference());

    more.close();
    assertThat(reference.getExportedEndpoint()).isNull();
    assertThat(reference.getExportedService()).isNull();
    assertThat(pair.user().await(Instrument.class, named("SPARE")).call("measure_voltage"))
        .as("the other registration holds it")
        .isInstanceOf(Double.class);
    made.unregister();
    awaitGone(Instrument.class, "SPARE");

    // It is a SortedMap, but its class does not say so itself.
    ServiceRegistration<?> odd =
        pair.owner()
            .context()
            .registerService("java.util.SortedMap", new TreeMap<>(), new Hashtable<>());
    ExportRegistration invalid =
        admin.exportService(odd.getReference(), EXPORTED).iterator().next();
    assertThat(invalid.getException()).isNotNull();
    assertThatIllegalStateException().isThrownBy(invalid::getExportReference);
    invalid.close();
    invalid.close();
    odd.unregister();
  }

  @Test
  @DisplayName("122.5.2 Importing")
  void anImportIsSharedUntilTheLastIsClosed() throws Exception {
    RemoteServiceAdmin admin = admin(pair.user());
    EndpointDescription endpoint =
        endpoint("tcp://127.0.0.1:" + pair.network().port() + "#ALONE#" + INSTRUMENT);
    assertThat(admin.importService(endpoint("x://y#ALONE#" + INSTRUMENT, "com.acme")))
        .as("an unknown configuration type")
        .isNull();

    ImportRegistration first = admin.importService(endpoint);
    ImportRegistration second = admin.importService(endpoint);
    assertThat(first).isNotSameAs(second);
    assertThat(first.getException()).isNull();
    ImportReference reference = second.getImportReference();
    ServiceReference<?> service = reference.getImportedService();
    assertThat(first.getImportReference().getImportedService()).isEqualTo(service);
    assertThat(admin.exportService(service, EXPORTED)).as("not exported again").isEmpty();

    first.close();
    Instrument alone = pair.user().await(Instrument.class, named("ALONE"));
    assertThatThrownBy(() -> alone.call("measure_voltage"))
        .as("nobody has looked whether the owner has it")
        .isInstanceOf(Refused.class);
    second.close();
    second.close();
    assertThat(pair.user().find(Instrument.class, named("ALONE"))).isNull();
    assertThat(reference.getImportedService()).isNull();
    assertThat(reference.getImportedEndpoint()).isNull();
  }

  @Test
  @DisplayName("122.5.7 Proxying: the package versions of an interface")
  void aConsumerOfAnotherMajorVersionDoesNotGetTheService() throws Exception {
    Bundle views = pair.owner().install(Jars.views(Multimeter.class, "2.1.0", named("SPARE")));
    Mesh mesh = pair.user().await(Mesh.class, null);
    assertThat(pair.user().find(Multimeter.class, named("SPARE"))).isNull();
    Application.await("it is said", () -> !mesh.notes("SPARE").isEmpty());
    assertThat(mesh.notes("SPARE"))
        .containsExactly(
            "SPARE of node bench1 is not imported as consort.instruments.Multimeter: its package "
                + "has version 2.1.0 there and 1.0.0 here; the bundle that exports "
                + "consort.instruments must be of one major version at both nodes");

    Bundle newer = pair.user().install(Jars.views(Multimeter.class, "2.0.0", null));
    Bundle fits = consumer("fits", ",consort.instruments;version=\"[2,3)\"");
    Bundle misfits = consumer("misfits", ",consort.instruments;version=\"[1,2)\"");
    Bundle blind = consumer("blind", "");
    Application.await("it is imported", () -> proxyOf("SPARE", fits) != null);
    assertThat(proxyOf("SPARE", fits).getClass().getInterfaces()[0])
        .isEqualTo(fits.loadClass(Multimeter.class.getName()))
        .isNotEqualTo(Multimeter.class);
    assertThat(proxyOf("SPARE", misfits)).isNull();
    assertThat(proxyOf("SPARE", blind)).isNull();
    assertThat(mesh.notes("SPARE"))
        .singleElement()
        .asString()
        .contains("misfits does not get", "version 2.1.0 there and 1.0.0 in that bundle");

    for (Bundle bundle : List.of(fits, misfits, blind, newer, views)) {
      bundle.uninstall();
    }
    Application.await("all is forgotten", () -> mesh.notes("SPARE").isEmpty());
  }

  private static Bundle consumer(String name, String imports) throws Exception {
    return pair.user().install(Jars.consumer(name, "org.osgi.framework" + imports));
  }

  /** What a bundle gets that looks for the multimeter of this name. */
  private static Object proxyOf(String name, Bundle consumer) {
    try {
      ServiceReference<?>[] found =
          consumer.getBundleContext().getServiceReferences(Multimeter.class.getName(), named(name));
      return found == null ? null : consumer.getBundleContext().getService(found[0]);
    } catch (InvalidSyntaxException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  @DisplayName("122.5.7 Proxying: what a node of the distribution says of it")
  void aNodeSaysWhichVersionsDoNotFit() throws Exception {
    Path home = Folders.home("remote-services/node");
    Files.createDirectories(home.resolve("etc"));
    Files.createDirectories(home.resolve("instruments"));
    Files.copy(
        Folders.distribution().resolve("lib/home/etc/logback.xml"),
        home.resolve("etc/logback.xml"));
    Files.writeString(
        home.resolve("etc/consort.yaml"), "peers: ['%s']\n".formatted(pair.address()));
    Bundle views = pair.owner().install(Jars.views(Multimeter.class, "2.1.0", named("SPARE")));
    String why = "SPARE of node bench1 is not imported as consort.instruments.Multimeter: ";
    try (NodeProcess node = NodeProcess.start(home)) {
      node.await("the log has the reason", () -> log(home).contains(why));

      for (Transcript.Entry entry : Transcript.of(REFERENCE)) {
        assertThat(Transcript.plain(HowToIT.run(node, entry.command())))
            .isEqualTo(Transcript.plain(entry.printed()));
      }
    } finally {
      views.uninstall();
    }
  }

  private static String log(Path home) {
    try {
      return Files.readString(home.resolve("data/logs/consort.log"));
    } catch (IOException e) {
      return "";
    }
  }

  @Test
  @DisplayName("122.6 Discovery")
  void listenersHearOfEndpointsInTheirScope() throws Exception {
    ServiceRegistration<?> made = pair.register(INSTRUMENT, "SPARE", EXPORTED);
    BlockingQueue<EndpointEvent> heard = new LinkedBlockingQueue<>();
    BlockingQueue<EndpointEvent> late = new LinkedBlockingQueue<>();
    ServiceRegistration<?> first = listen(pair.user(), named("SPARE"), heard);
    assertThat(next(heard).getType()).isEqualTo(EndpointEvent.ADDED);

    ServiceRegistration<?> second =
        listen(pair.user(), "(&" + named("SPARE") + "(test.no=*))", late);
    second.setProperties(
        new Hashtable<>(
            Map.of(
                EndpointEventListener.ENDPOINT_LISTENER_SCOPE,
                new String[] {named("NONE"), named("SPARE")})));
    assertThat(next(late).getEndpoint().getProperties()).containsEntry(Instrument.NAME, "SPARE");

    made.unregister();
    assertThat(next(heard).getType()).isEqualTo(EndpointEvent.REMOVED);
    assertThat(next(late).getType()).isEqualTo(EndpointEvent.REMOVED);
    first.unregister();
    second.unregister();
    assertThat(heard).isEmpty();
    assertThat(late).isEmpty();
  }

  @Test
  @DisplayName("122.7 Events, 122.7.1 Event Admin Mapping")
  void exportsAndImportsAreTold() throws Exception {
    BlockingQueue<Integer> told = new LinkedBlockingQueue<>();
    BlockingQueue<String> posted = new LinkedBlockingQueue<>();
    RemoteServiceAdminListener listener =
        event -> {
          // Instruments of the node may still be on their way.
          if (endpoint(event).getId().matches(".*#(SPARE|ALONE)#.*")) {
            told.add(event.getType());
          }
        };
    EventHandler handler = event -> posted.add(event.getTopic());
    Dictionary<String, Object> topics =
        new Hashtable<>(Map.of("event.topics", "org/osgi/service/remoteserviceadmin/*"));
    List<ServiceRegistration<?>> listeners =
        List.of(
            pair.owner()
                .context()
                .registerService(RemoteServiceAdminListener.class, listener, null),
            pair.owner().context().registerService(EventHandler.class, handler, topics));

    pair.register(INSTRUMENT, "SPARE", EXPORTED).unregister();
    List<Integer> exports = List.copyOf(told);
    told.clear();
    admin(pair.owner()).importService(endpoint("tcp://127.0.0.1:1#ALONE#" + INSTRUMENT)).close();

    // One for each registration, also of those that share an endpoint.
    int half = exports.size() / 2;
    assertThat(exports.subList(0, half))
        .isNotEmpty()
        .containsOnly(RemoteServiceAdminEvent.EXPORT_REGISTRATION);
    assertThat(exports.subList(half, exports.size()))
        .containsOnly(RemoteServiceAdminEvent.EXPORT_UNREGISTRATION);
    assertThat(told)
        .containsExactly(
            RemoteServiceAdminEvent.IMPORT_REGISTRATION,
            RemoteServiceAdminEvent.IMPORT_UNREGISTRATION);
    String topic = "org/osgi/service/remoteserviceadmin/";
    Application.await("all are posted", () -> posted.contains(topic + "IMPORT_UNREGISTRATION"));
    assertThat(posted)
        .containsSubsequence(
            topic + "EXPORT_REGISTRATION",
            topic + "EXPORT_UNREGISTRATION",
            topic + "IMPORT_REGISTRATION",
            topic + "IMPORT_UNREGISTRATION");
    listeners.forEach(ServiceRegistration::unregister);
  }

  private static EndpointDescription endpoint(RemoteServiceAdminEvent event) {
    return event.getExportReference() != null
        ? event.getExportReference().getExportedEndpoint()
        : event.getImportReference().getImportedEndpoint();
  }

  @Test
  @DisplayName("122, Capability Namespaces: osgi.remoteserviceadmin.distribution and .discovery")
  void theBundlesSayWhatTheyAre() {
    assertThat(
            pair.user()
                .bundle("consort.remote")
                .adapt(BundleRevision.class)
                .getDeclaredCapabilities("osgi.remoteserviceadmin.distribution"))
        .singleElement()
        .satisfies(
            capability ->
                assertThat(capability.getAttributes())
                    .containsEntry("configs", List.of(CONFIG))
                    .containsEntry("version", Version.valueOf("1.1.0")));
    assertThat(
            pair.user()
                .bundle("consort.discovery")
                .adapt(BundleRevision.class)
                .getDeclaredCapabilities("osgi.remoteserviceadmin.discovery"))
        .singleElement()
        .satisfies(
            capability ->
                assertThat(capability.getAttributes())
                    .containsEntry("protocols", List.of(CONFIG))
                    .containsEntry("version", Version.valueOf("1.1.0")));
  }
}
