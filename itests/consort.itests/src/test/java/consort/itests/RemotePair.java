// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import consort.testkit.FaultProxy;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;

/**
 * Two bare frameworks of this JVM with the bundles of the distribution, and a network between. One
 * has instruments, with the coordinator and its guards; all its packages are of bundles. The other
 * uses them, as an application does that brings the contract on its class path.
 */
final class RemotePair implements AutoCloseable {

  private static final String[] BASE = {
    "consort.yaml",
    "jackson-core",
    "snakeyaml",
    "pax-logging-api",
    "org.apache.felix.scr",
    "org.apache.felix.eventadmin",
    "org.osgi.service.component",
    "org.osgi.util.function",
    "org.osgi.util.promise"
  };
  private static final String[] MESH = {
    "consort.remote",
    "consort.discovery",
    "org.apache.aries.rsa.core",
    "org.apache.aries.rsa.spi",
    "org.apache.aries.rsa.topology-manager",
    "jackson-annotations",
    "jackson-databind",
    "jackson-dataformat-cbor"
  };
  private static final String[] NODE = {
    "consort.api",
    "consort.instruments",
    "consort.coordinator",
    "consort.deploy",
    "consort.link",
    "jSerialComm"
  };

  /** The specification's own packages, which tests use on both sides. */
  private static final String SHARED =
      "org.osgi.service.remoteserviceadmin;version=1.1.0,org.osgi.service.event;version=1.4.0";

  private final Application owner;
  private final Application user;
  private final FaultProxy network;
  private final String address;

  /**
   * Starts both.
   *
   * @param instruments by name, what their files say beside name, driver and connection
   */
  RemotePair(String name, Map<String, String> instruments) throws IOException, BundleException {
    Path folder = Folders.home(name);
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    address = "tcp://127.0.0.1:" + port;
    owner = owner(folder.resolve("owner"), instruments);
    try {
      network = new FaultProxy(port);
      user = user(folder.resolve("user"));
    } catch (IOException | BundleException e) {
      owner.close();
      throw e;
    }
  }

  private Application owner(Path home, Map<String, String> instruments)
      throws IOException, BundleException {
    Files.createDirectories(home.resolve("etc"));
    Files.createDirectories(home.resolve("instruments"));
    Files.writeString(
        home.resolve("etc/consort.yaml"),
        "remote: {listen: '%s', anonymous: operator}\n".formatted(address));
    for (Map.Entry<String, String> one : instruments.entrySet()) {
      Files.writeString(
          home.resolve("instruments/" + one.getKey() + ".yaml"),
          "name: %s\ndriver: simulated.multimeter\nconnection: {type: Simulated}\n%s\n"
              .formatted(one.getKey(), one.getValue()));
    }
    List<Path> jars = new ArrayList<>(Application.jars("bundle", NODE));
    jars.addAll(Application.jars("bundle", BASE));
    jars.addAll(Application.jars("mesh", MESH));
    jars.addAll(Application.jars("drivers", "consort.driver.simulated"));
    return Application.start(
        home,
        Map.of(
            "consort.node",
            "bench1",
            "consort.home",
            home.toString(),
            Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA,
            SHARED),
        jars);
  }

  private Application user(Path folder) throws IOException, BundleException {
    StringBuilder packages = new StringBuilder(SHARED + ",consort.itests.driver;version=1.0.0");
    for (Path jar : Application.jars("bundle", "consort.api", "consort.instruments")) {
      try (JarFile file = new JarFile(jar.toFile())) {
        packages
            .append(',')
            .append(file.getManifest().getMainAttributes().getValue(Constants.EXPORT_PACKAGE));
      }
    }
    List<Path> jars = new ArrayList<>(Application.jars("bundle", BASE));
    jars.addAll(Application.jars("mesh", MESH));
    return Application.start(
        folder,
        Map.of(
            "consort.node",
            "app1",
            "consort.peers",
            "tcp://127.0.0.1:" + network.port(),
            Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA,
            packages.toString()),
        jars);
  }

  /** The framework that has the instruments. */
  Application owner() {
    return owner;
  }

  /** The framework that uses them. */
  Application user() {
    return user;
  }

  /** What is between them. */
  FaultProxy network() {
    return network;
  }

  /** Where the owner listens; the other one does not know it. */
  String address() {
    return address;
  }

  /** A service of the owner, whose types this test does not share. */
  ServiceReference<?> owned(String type, String name) throws InterruptedException {
    Application.await("the owner has " + name, () -> find(type, name) != null);
    return find(type, name);
  }

  private ServiceReference<?> find(String type, String name) {
    try {
      // The system bundle does not see these types.
      ServiceReference<?>[] all =
          owner
              .context()
              .getAllServiceReferences(
                  type, "(&(consort.instrument=" + name + ")(!(" + "consort.again=*)))");
      return all == null ? null : all[0];
    } catch (InvalidSyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /** Registers the guard of an instrument once more, which has an export of its own to ask for. */
  ServiceRegistration<?> register(String type, String name, Map<String, ?> properties)
      throws InterruptedException {
    Object service = owner.context().getService(owned(type, name));
    Dictionary<String, Object> given = new Hashtable<>(properties);
    given.put("consort.instrument", name);
    given.put("consort.again", true);
    return owner.context().registerService(type, service, given);
  }

  @Override
  public void close() throws BundleException, IOException {
    try {
      user.close();
      network.close();
    } finally {
      owner.close();
    }
  }
}
