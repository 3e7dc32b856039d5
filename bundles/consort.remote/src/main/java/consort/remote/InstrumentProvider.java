// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.Instrument;
import consort.api.driver.DriverFactory;
import consort.api.driver.InstrumentType;
import consort.api.typed.TypedView;
import java.lang.reflect.Array;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.aries.rsa.annotations.RSADistributionProvider;
import org.apache.aries.rsa.spi.DistributionProvider;
import org.apache.aries.rsa.spi.Endpoint;
import org.apache.aries.rsa.util.StringPlus;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.Version;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleWire;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.service.remoteserviceadmin.EndpointDescription;
import org.osgi.service.remoteserviceadmin.RemoteConstants;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one class that remote services know of {@code consort.tcp}. */
@RSADistributionProvider(configs = InstrumentProvider.CONFIG)
final class InstrumentProvider implements DistributionProvider {

  /** The configuration type. */
  static final String CONFIG = "consort.tcp";

  /** How long a consumer waits at most, in milliseconds, as a number or text. */
  static final String TIMEOUT = "osgi.basic.timeout";

  private static final Logger LOG = LoggerFactory.getLogger(InstrumentProvider.class);

  private final Exports exports;
  private final Peers peers;
  private final Address listening;
  private final List<String> intents;

  /** By id: the bundles that do not get an endpoint, and why. */
  private final Map<String, Map<Long, String>> refused = new ConcurrentHashMap<>();

  /**
   * Wires.
   *
   * @param listening where this node listens; null when it exports nothing
   */
  InstrumentProvider(Exports exports, Peers peers, Address listening) {
    this.exports = exports;
    this.peers = peers;
    this.listening = listening;
    this.intents = new ArrayList<>(List.of("osgi.basic", "osgi.async"));
    boolean tls = listening != null && listening.kind() == Address.Kind.TLS;
    intents.add(tls ? "osgi.confidential" : "osgi.private");
  }

  /** What it can promise. */
  List<String> intents() {
    return intents;
  }

  @Override
  public String[] getSupportedTypes() {
    return new String[] {CONFIG};
  }

  @Override
  @SuppressWarnings("rawtypes") // as the interface has it
  public Endpoint exportService(
      Object service, BundleContext context, Map<String, Object> effective, Class[] interfaces) {
    if (listening == null) {
      LOG.info(
          "{} is not exported: this node listens for no others (remote: listen:)",
          effective.get(Instrument.NAME));
      return null;
    }
    String reason = refusal(service, effective, interfaces);
    if (reason != null) {
      LOG.warn("a service under {} is not exported: {}", Arrays.toString(interfaces), reason);
      return null;
    }
    Class<?> type = interfaces[0];
    Instrument instrument =
        service instanceof Instrument i && type == Instrument.class
            ? i
            : TypedView.instrument(service).orElseThrow();
    Map<String, Object> properties = new HashMap<>(effective);
    properties.put(
        RemoteConstants.ENDPOINT_ID,
        listening + "#" + Export.target(instrument.name(), type.getName()));
    properties.put(RemoteConstants.SERVICE_IMPORTED_CONFIGS, new String[] {CONFIG});
    properties.put(RemoteConstants.SERVICE_INTENTS, intents.toArray(String[]::new));
    EndpointDescription description = new EndpointDescription(properties);
    Export export = new Export(instrument, type, travelling(description.getProperties()));
    if (!exports.add(export)) {
      LOG.warn("{} is exported already", export.target());
      return null;
    }
    return new Exported(description, export);
  }

  private String refusal(Object service, Map<String, Object> effective, Class<?>[] interfaces) {
    if (interfaces.length != 1) {
      return "each interface needs a registration of its own";
    }
    boolean dynamic = interfaces[0] == Instrument.class && service instanceof Instrument;
    if (!dynamic
        && !(interfaces[0].isAnnotationPresent(InstrumentType.class)
            && TypedView.instrument(service).isPresent())) {
      return CONFIG + " carries instruments and their typed interfaces";
    }
    List<String> wanted = new ArrayList<>();
    for (String key :
        List.of(
            RemoteConstants.SERVICE_INTENTS,
            RemoteConstants.SERVICE_EXPORTED_INTENTS,
            RemoteConstants.SERVICE_EXPORTED_INTENTS_EXTRA)) {
      List<String> some = StringPlus.normalize(effective.get(key));
      wanted.addAll(some == null ? List.of() : some);
    }
    wanted.removeAll(intents);
    return wanted.isEmpty() ? null : "the intents " + wanted + " cannot be promised";
  }

  /** The properties of types that every node knows; others stay here. */
  private static Map<String, Object> travelling(Map<String, Object> properties) {
    Map<String, Object> some = new HashMap<>();
    properties.forEach(
        (key, value) -> {
          Object known = value(value);
          if (known != null) {
            some.put(key, known);
          }
        });
    return some;
  }

  /** As filters see it: there, whole numbers, and what is one of many or alone, are alike. */
  private static Object value(Object value) {
    if (value instanceof String || value instanceof Boolean) {
      return value;
    } else if (value instanceof Character) {
      return value.toString();
    } else if (value instanceof Double || value instanceof Float) {
      return ((Number) value).doubleValue();
    } else if (value instanceof Long
        || value instanceof Integer
        || value instanceof Short
        || value instanceof Byte) {
      return ((Number) value).longValue();
    }
    List<Object> values = new ArrayList<>();
    if (value instanceof Collection<?> many) {
      values.addAll(many);
    } else if (value.getClass().isArray()) {
      for (int i = 0; i < Array.getLength(value); i++) {
        values.add(Array.get(value, i));
      }
    } else {
      return null;
    }
    boolean plain = true;
    for (int i = 0; i < values.size() && plain; i++) {
      Object one = values.get(i) == null ? null : value(values.get(i));
      plain = one != null && !(one instanceof List);
      values.set(i, one);
    }
    return plain ? List.copyOf(values) : null;
  }

  /** Closing it only takes it off the list: it happens under a lock that all exports share. */
  private final class Exported implements Endpoint {
    private final EndpointDescription description;
    private final Export export;

    Exported(EndpointDescription description, Export export) {
      this.description = description;
      this.export = export;
    }

    @Override
    public EndpointDescription description() {
      return description;
    }

    @Override
    public void close() {
      exports.remove(export);
    }
  }

  @Override
  @SuppressWarnings("rawtypes") // as the interface has it
  public Object importEndpoint(
      ClassLoader loader,
      BundleContext consumer,
      Class[] interfaces,
      EndpointDescription endpoint) {
    String[] parts = endpoint.getId().split("#", -1);
    Class<?> type = interfaces[0];
    if (parts.length != 3 || interfaces.length != 1 || !parts[2].equals(type.getName())) {
      throw new IllegalArgumentException(endpoint.getId() + " is no endpoint of " + CONFIG);
    }
    Object given = endpoint.getProperties().get(Instrument.NAME);
    String name = given instanceof String text ? text : parts[1];
    String wrong = versions(consumer.getBundle(), type, endpoint);
    note(name, endpoint.getId(), consumer.getBundle(), wrong);
    if (wrong != null) {
      throw new IllegalArgumentException(wrong);
    }
    PeerClient client = peers.client(Address.parse(parts[0]));
    client.shownAs(parts[1], name);
    Object driver = endpoint.getProperties().get(DriverFactory.NAME);
    return RemoteInstrument.of(
        client,
        name,
        parts[1],
        driver instanceof String text ? text : "",
        timeout(name, endpoint.getProperties().get(TIMEOUT)),
        type);
  }

  private static Duration timeout(String name, Object value) {
    if (value == null) {
      return null;
    }
    try {
      long millis =
          value instanceof Number number
              ? number.longValue()
              : Long.parseLong(value.toString().strip());
      if (millis > 0) {
        return Duration.ofMillis(millis);
      }
    } catch (NumberFormatException e) {
      // said below
    }
    LOG.warn("{}: {}={} is no number of milliseconds and ignored", name, TIMEOUT, value);
    return null;
  }

  /** Says, or no longer says, which consumers do not get an endpoint. */
  private void note(String name, String id, Bundle consumer, String wrong) {
    refused.compute(
        id,
        (key, known) -> {
          Map<Long, String> now = known == null ? new TreeMap<>() : known;
          if (wrong == null) {
            now.remove(consumer.getBundleId());
          } else {
            now.put(consumer.getBundleId(), wrong);
          }
          peers.note(name, id, now.isEmpty() ? null : String.join("; ", now.values()));
          return now.isEmpty() ? null : now;
        });
  }

  /** Why a consumer's interface is not the one there; null when it is. */
  private static String versions(Bundle consumer, Class<?> type, EndpointDescription endpoint) {
    Version there = endpoint.getPackageVersion(type.getPackageName());
    Version here = here(consumer, type);
    if (here == null || there.getMajor() == here.getMajor()) {
      return null;
    }
    return consumer.getSymbolicName()
        + " does not get "
        + endpoint.getId()
        + ": the package has version "
        + there
        + " there and "
        + here
        + " in that bundle, which must be built with the same major version";
  }

  /** The version of an interface as a bundle sees it; null when nobody says one. */
  private static Version here(Bundle consumer, Class<?> type) {
    Stream<BundleCapability> imported =
        consumer
            .adapt(BundleWiring.class)
            .getRequiredWires(PackageNamespace.PACKAGE_NAMESPACE)
            .stream()
            .map(BundleWire::getCapability);
    // Its own, or that of a bundle that it requires as a whole.
    Stream<BundleCapability> exported =
        Stream.of(consumer, FrameworkUtil.getBundle(type))
            .filter(Objects::nonNull)
            .map(bundle -> bundle.adapt(BundleWiring.class))
            .flatMap(wiring -> wiring.getCapabilities(PackageNamespace.PACKAGE_NAMESPACE).stream());
    return Stream.concat(imported, exported)
        .map(BundleCapability::getAttributes)
        .filter(
            attributes ->
                type.getPackageName().equals(attributes.get(PackageNamespace.PACKAGE_NAMESPACE)))
        .map(attributes -> (Version) attributes.get(Constants.VERSION_ATTRIBUTE))
        .findFirst()
        .orElse(null);
  }

  /** Where the node of an endpoint is; null when it is none of ours. */
  static Address address(EndpointDescription endpoint) {
    try {
      return endpoint.getConfigurationTypes().contains(CONFIG)
          ? Address.parse(endpoint.getId().split("#", -1)[0])
          : null;
    } catch (IllegalArgumentException e) {
      return null; // whoever uses it is told
    }
  }
}
