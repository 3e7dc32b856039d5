// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.Instrument;
import java.io.IOException;
import java.io.Reader;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.osgi.framework.ServiceReference;

/**
 * The example on a bare framework, with the bundles and settings that the how-to names, and nothing
 * else; the node is a process of its own.
 */
final class ExampleConsumerIT {

  private static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();
  private static final Path HOW_TO =
      ROOT.resolve("docs/how-to/use-instruments-from-your-osgi-application.md");
  private static final String DRIVER = "consort.driver.simulated-0.1.0.jar";
  private static final String NEXT = "consort.driver.simulated-0.2.0.jar";

  private final Path folder;
  private final int port;

  ExampleConsumerIT() throws IOException {
    folder = Folders.home("example-consumer");
    Files.createDirectories(folder);
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
  }

  /** The first block of a language in the how-to, with the port that is free here. */
  private String block(String language) throws IOException {
    Matcher block =
        Pattern.compile("(?ms)^```" + language + "\\R(.*?)^```").matcher(Files.readString(HOW_TO));
    assertThat(block.find()).as("the how-to has a block of " + language).isTrue();
    return block.group(1).replace("8600", Integer.toString(port));
  }

  private Path node() throws IOException {
    Path home = folder.resolve("lab");
    for (String name : List.of("etc", "instruments", "drivers")) {
      Files.createDirectories(home.resolve(name));
    }
    Path defaults = Folders.distribution().resolve("lib/home");
    Files.copy(defaults.resolve("etc/logback.xml"), home.resolve("etc/logback.xml"));
    Files.copy(defaults.resolve("drivers").resolve(DRIVER), home.resolve("drivers/" + DRIVER));
    Files.writeString(home.resolve("etc/consort.yaml"), block("yaml"));
    for (String name : List.of("DMM1", "PSU1")) {
      Files.writeString(
          home.resolve("instruments/" + name + ".yaml"),
          "name: %s\ndriver: simulated.%s\nconnection: {type: Simulated}\nexport: true\n"
              .formatted(name, name.equals("DMM1") ? "multimeter" : "source"));
    }
    return home;
  }

  /** Does what the how-to says, then starts what lies in {@code bundle/} as Felix does. */
  private Application application() throws Exception {
    String commands = block("sh").replace("itests/consort", ROOT + "/itests/consort");
    ProcessBuilder builder =
        new ProcessBuilder("bash", "-ec", commands)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("sh.out").toFile());
    builder.environment().put("CONSORT", Folders.distribution().toString());
    Process shell = builder.start();
    assertThat(shell.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(shell.exitValue()).as(Files.readString(folder.resolve("sh.out"))).isZero();
    Properties written = new Properties();
    try (Reader in = Files.newBufferedReader(folder.resolve("app/conf/config.properties"))) {
      written.load(in);
    }
    Map<String, String> properties = new HashMap<>();
    written.forEach((key, value) -> properties.put((String) key, (String) value));
    try (Stream<Path> jars = Files.list(folder.resolve("app/bundle"))) {
      return Application.start(folder, properties, jars.sorted().toList());
    }
  }

  private static String component(String name) {
    return "(component.name=consort.example.consumer." + name + ")";
  }

  @Test
  void theExampleUsesANodeThatGoesAndComesBack() throws Exception {
    Path home = node();
    try (Application application = application()) {
      ServiceReference<DoubleConsumer> level =
          application.find(DoubleConsumer.class, component("Level"));
      DoubleConsumer source = application.context().getService(level);
      assertThat(application.find(DoubleSupplier.class, component("Voltage"))).isNull();
      try (NodeProcess node = NodeProcess.start(home)) {
        DoubleSupplier voltage = application.await(DoubleSupplier.class, component("Voltage"));
        assertThat(voltage.getAsDouble()).isBetween(3.2, 3.4);
        Application.await("the source is there", () -> isTaken(source, 1.5));
        assertThat(node.consort("call", "PSU1.get_voltage").out()).startsWith("1.5 V");

        swapWhileItMeasures(node, application, voltage);

        node.process().destroyForcibly().waitFor();
        Application.await(
            "the component goes with the node",
            () -> application.find(DoubleSupplier.class, component("Voltage")) == null);
        Application.await("the other one has no source", () -> !isTaken(source, 1));
        assertThat(level.getBundle()).as("but stays").isNotNull();
      }
      try (NodeProcess again = NodeProcess.start(home)) {
        DoubleSupplier voltage = application.await(DoubleSupplier.class, component("Voltage"));
        assertThat(voltage.getAsDouble()).isBetween(3.2, 3.4);
        Application.await("the source is taken again", () -> isTaken(source, 2));
        assertThat(again.process().isAlive()).isTrue();
      }
    }
  }

  private static boolean isTaken(DoubleConsumer source, double volts) {
    try {
      source.accept(volts);
      return true;
    } catch (RuntimeException notThereOrJustGoing) {
      return false;
    }
  }

  private static void swapWhileItMeasures(
      NodeProcess node, Application application, DoubleSupplier voltage) throws Exception {
    ServiceReference<?> remote = multimeter(application);
    Object proxy = proxy(application, remote);
    AtomicBoolean going = new AtomicBoolean(true);
    AtomicInteger measured = new AtomicInteger();
    CompletableFuture<Void> measuring =
        CompletableFuture.runAsync(
            () -> {
              while (going.get()) {
                voltage.getAsDouble();
                measured.incrementAndGet();
              }
            });
    Path jar = node.home().resolve("drivers/" + NEXT);
    Path copy =
        Files.copy(Folders.distribution().resolve("demo/" + NEXT), node.home().resolve("new"));
    Files.move(copy, jar, StandardCopyOption.ATOMIC_MOVE);
    node.await("the driver is swapped", () -> status(node).contains("0.2.0"));
    int then = measured.get();
    Application.await("it goes on", () -> measured.get() > then + 10 || measuring.isDone());
    going.set(false);
    measuring.get(30, TimeUnit.SECONDS);

    assertThat(multimeter(application)).isEqualTo(remote);
    assertThat(proxy(application, remote)).isNotNull().isSameAs(proxy);
    assertThat(application.await(DoubleSupplier.class, component("Voltage"))).isSameAs(voltage);
  }

  private static String status(NodeProcess node) {
    try {
      return node.consort("status", "DMM1").out();
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** What the component got, as its bundle sees it. */
  private static ServiceReference<?> multimeter(Application application) {
    for (ServiceReference<?> used :
        application.bundle("consort.example.consumer").getServicesInUse()) {
      if ("DMM1".equals(used.getProperty(Instrument.NAME))) {
        return used;
      }
    }
    throw new AssertionError("the component uses no DMM1");
  }

  private static Object proxy(Application application, ServiceReference<?> remote) {
    return application.bundle("consort.example.consumer").getBundleContext().getService(remote);
  }

  @Test
  void theExampleImportsTheContractAlone() throws Exception {
    Path jar =
        ROOT.resolve("itests/consort.example.consumer/target/consort.example.consumer-0.1.0.jar");
    try (JarFile file = new JarFile(jar.toFile())) {
      String imports = file.getManifest().getMainAttributes().getValue("Import-Package");
      assertThat(imports.replaceAll(";[^,]*\"[^\"]*\"", "").split(","))
          .containsExactlyInAnyOrder("consort.api", "consort.instruments");
    }
  }
}
