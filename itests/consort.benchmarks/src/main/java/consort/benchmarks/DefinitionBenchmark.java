// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import consort.api.deploy.DriverFormat;
import consort.api.driver.Connection;
import consort.api.driver.Driver;
import consort.api.driver.DriverFactory;
import consort.api.driver.Setup;
import consort.api.link.Link;
import java.io.ByteArrayInputStream;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.InvalidSyntaxException;

/** The driver of an API definition over a link in memory, beside the same by hand. */
final class DefinitionBenchmark {

  private static final int CALLS = 20_000;
  private static final int SAMPLES = 1_000_000;
  private static final String DEFINITION =
      """
      api_version: "1.0.0"
      instrument: {vendor: Acme, model: D1, identifier: BENCHMARK}
      protocol: {type: VISA}
      io: []
      commands:
        SET: {template: "SOUR:VOLT {level},(@{n})", parameters: [{name: level, type: float}, {name: n, type: int}]}
        GET: {template: "MEAS:VOLT?", returns: float}
        WAVE: {template: "WAV?", returns: block<float32>}
      """;

  private final byte[] block = new byte[4 * SAMPLES];
  private final Driver driver;
  private volatile Object sink;

  private DefinitionBenchmark(Node node) throws BundleException, InvalidSyntaxException {
    ByteBuffer floats = ByteBuffer.wrap(block);
    for (int i = 0; i < SAMPLES; i++) {
      floats.putFloat(i);
    }
    // Lua has one, too.
    DriverFormat format =
        node.context().getServiceReferences(DriverFormat.class, null).stream()
            .map(node.context()::getService)
            .filter(each -> each.reads("benchmark.yaml"))
            .findFirst()
            .orElseThrow();
    DriverFormat.Converted converted =
        format.convert("benchmark.yaml", DEFINITION.getBytes(StandardCharsets.UTF_8), null);
    Bundle bundle =
        node.context()
            .installBundle("benchmark:definition", new ByteArrayInputStream(converted.jar()));
    bundle.start();
    DriverFactory factory =
        node.context()
            .getService(
                node.context()
                    .getServiceReferences(
                        DriverFactory.class, "(" + DriverFactory.NAME + "=BENCHMARK)")
                    .iterator()
                    .next());
    try {
      driver =
          (Driver)
              factory.create(
                  new Setup("B", Map.of(), Connection.visa("B"), (connection, lines) -> link()));
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  static void run(Node node) throws Exception {
    new DefinitionBenchmark(node).run();
  }

  /** Answers at once: a number to a question, the block to one for a block. */
  private Link link() {
    return (Link)
        Proxy.newProxyInstance(
            Link.class.getClassLoader(),
            new Class<?>[] {Link.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "ask" -> "+1.23456789E+00";
                  case "askBlock" -> block;
                  default -> null;
                });
  }

  private void run() throws Exception {
    Link bare = link();
    Map<String, Object> arguments = Map.of("level", 1.25, "n", 2L);
    Measure.compare(
        "definition: template with two values",
        CALLS,
        () -> call("set", arguments),
        "by hand",
        () -> bare.tell("SOUR:VOLT " + arguments.get("level") + ",(@" + arguments.get("n") + ")"));
    Measure.compare(
        "definition: reply to a number",
        CALLS,
        () -> call("get", Map.of()),
        "by hand",
        () -> sink = Double.parseDouble(bare.ask("MEAS:VOLT?")));
    Measure.compare(
        "definition: block of 1,000,000 float32",
        20,
        () -> call("wave", Map.of()),
        "copy of the bytes",
        () -> sink = block.clone());
  }

  private void call(String command, Map<String, Object> arguments) {
    try {
      sink = driver.call(command, arguments);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
