// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertTrue;

import consort.api.Instrument;
import consort.api.State;
import consort.api.coordinator.Coordinator;
import consort.api.deploy.Deployment;
import consort.instruments.Multimeter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import javax.inject.Inject;
import org.junit.After;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;

/** What a user does with the two folders, seen from the service registry. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class DropInIT {

  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final String JAR = "consort.driver.simulated-0.1.0.jar";
  private static final String NEXT = "consort.driver.simulated-0.2.0.jar";

  @Inject private BundleContext context;
  @Inject private Coordinator coordinator;
  @Inject private Deployment deployment;

  @Configuration
  public Option[] distribution() throws IOException {
    return DistributionOptions.of(DropInIT.class);
  }

  @After
  public void emptyTheFolders() throws IOException {
    for (String folder : new String[] {"instruments", "drivers"}) {
      try (var files = Files.list(home().resolve(folder))) {
        for (Path file : (Iterable<Path>) files::iterator) {
          Files.delete(file);
        }
      }
    }
    await(
        "nothing is left",
        () -> coordinator.instruments().isEmpty() && coordinator.drivers().isEmpty());
  }

  @Test
  public void aDriverAndAFileMakeAnInstrument() throws Exception {
    dropDriver("lib/home/drivers/" + JAR);
    dropInstrument("DMM1");
    awaitReady("DMM1");

    Object value = coordinator.require("DMM1").call("measure_voltage");
    assertEquals(3.3, ((Number) value).doubleValue(), 0.1);
    ServiceReference<Multimeter> typed = service(Multimeter.class, "DMM1");
    assertEquals(3.3, context.getService(typed).measureVoltage(), 0.1);
    assertTrue(context.getService(service(Instrument.class, "DMM1")).info().commands().size() > 1);
  }

  @Test
  public void theOrderOfDroppingIsFree() throws Exception {
    dropInstrument("DMM2");
    await("it waits for its driver", () -> stateText("DMM2").equals("OFFLINE(no driver)"));

    dropDriver("lib/home/drivers/" + JAR);

    awaitReady("DMM2");
  }

  @Test
  public void aHigherVersionTakesOverAndItsRemovalGoesBack() throws Exception {
    dropDriver("lib/home/drivers/" + JAR);
    dropInstrument("DMM3");
    awaitReady("DMM3");
    Multimeter before = context.getService(service(Multimeter.class, "DMM3"));
    assertEquals("0.1.0", version("DMM3"));

    dropDriver("demo/" + NEXT);
    await("the new version has it", () -> version("DMM3").equals("0.2.0"));
    assertEquals(3.3, before.measureVoltage(), 0.1);
    assertSame(before, context.getService(service(Multimeter.class, "DMM3")));

    Files.delete(home().resolve("drivers").resolve(NEXT));
    await("the old version has it", () -> version("DMM3").equals("0.1.0"));
    assertEquals(3.3, before.measureVoltage(), 0.1);
  }

  @Test
  public void whatIsRemovedIsGone() throws Exception {
    dropDriver("lib/home/drivers/" + JAR);
    dropInstrument("DMM4");
    dropInstrument("DMM5");
    awaitReady("DMM4");
    awaitReady("DMM5");

    Files.delete(home().resolve("instruments/DMM4.yaml"));
    await("DMM4 is gone", () -> coordinator.instrument("DMM4").isEmpty());
    await("its services are gone", () -> services("DMM4") == 0);
    assertEquals("READY", stateText("DMM5"));

    Files.delete(home().resolve("drivers").resolve(JAR));
    await("DMM5 has no driver", () -> stateText("DMM5").equals("OFFLINE(no driver)"));
  }

  @Test
  public void twoDriversServeAtOnce() throws Exception {
    dropDriver("lib/home/drivers/" + JAR);
    dropDriver("lib/home/drivers/consort.driver.keysight.dmm-0.1.0.jar");
    dropInstrument("DMM6");
    dropInstrument("DMM7", "driver: keysight.dmm\nconnection: \"TCPIP::127.0.0.1::9::SOCKET\"\n");
    awaitReady("DMM6");
    await(
        "DMM7 tries its link",
        () -> stateText("DMM7").startsWith("OFFLINE(") && !stateText("DMM7").contains("driver"));
    assertEquals("READY", stateText("DMM6"));
  }

  @Test
  public void aBadFileIsReportedWithItsPlaceAndHarmsNobody() throws Exception {
    dropDriver("lib/home/drivers/" + JAR);
    dropInstrument("DMM8");
    awaitReady("DMM8");

    Files.writeString(
        home().resolve("instruments/bad.yaml"),
        "name: DMM9\ndriver: simulated.multimeter\ncolour: red\n");
    await("it is reported", () -> deployment.findings().toString().contains("colour"));

    assertTrue(
        deployment.findings().toString(), deployment.findings().toString().contains("bad.yaml"));
    assertFalse(coordinator.instrument("DMM9").isPresent());
    assertEquals("READY", stateText("DMM8"));
  }

  private void dropDriver(String file) throws IOException {
    Path jar = Folders.distribution().resolve(file);
    Files.copy(jar, home().resolve("drivers").resolve(jar.getFileName().toString()));
  }

  private void dropInstrument(String name) throws IOException {
    dropInstrument(
        name,
        "driver: simulated.multimeter\nconnection: {type: Simulated}\nsettings: {voltage: 3.3}\n");
  }

  private void dropInstrument(String name, String rest) throws IOException {
    Files.writeString(
        home().resolve("instruments").resolve(name + ".yaml"), "name: " + name + "\n" + rest);
  }

  private void awaitReady(String name) {
    await(
        name + " is ready",
        () ->
            coordinator
                .instrument(name)
                .filter(i -> i.status().state() == State.READY && services(name) > 0)
                .isPresent());
  }

  private void await(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      assertTrue(
          "waiting until "
              + what
              + ": "
              + coordinator.instruments().stream().map(Instrument::status).toList()
              + deployment.findings(),
          System.nanoTime() < end);
      LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
    }
  }

  private String stateText(String name) {
    return coordinator.instrument(name).map(i -> i.status().stateText()).orElse("");
  }

  private String version(String name) {
    return coordinator.instrument(name).map(i -> i.status().driverVersion()).orElse("");
  }

  private <T> ServiceReference<T> service(Class<T> type, String name)
      throws InvalidSyntaxException {
    return context.getServiceReferences(type, filter(name)).iterator().next();
  }

  private int services(String name) {
    try {
      ServiceReference<?>[] found = context.getAllServiceReferences(null, filter(name));
      return found == null ? 0 : found.length;
    } catch (InvalidSyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private static String filter(String name) {
    return "(" + Instrument.NAME + "=" + name + ")";
  }

  private Path home() {
    return Path.of(context.getProperty("consort.home"));
  }
}
