// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.Instrument;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.aries.rsa.spi.Endpoint;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is promised of endpoints, by where the node listens. */
final class InstrumentProviderTest {

  private static final String TLS = "tls://bench1:8600";

  private final FakeInstrument instrument = new FakeInstrument("DMM1");

  @AfterEach
  void close() {
    instrument.close();
  }

  private static InstrumentProvider listeningAt(String address) {
    return new InstrumentProvider(
        new Exports(new Lending(() -> null)),
        null,
        address == null ? null : Address.parse(address));
  }

  /** The intents of an endpoint whose service asks for some; null when there is none. */
  private List<String> exported(String address, String... wanted) {
    Map<String, Object> properties = new HashMap<>();
    properties.put("objectClass", new String[] {Instrument.class.getName()});
    properties.put("service.exported.intents", wanted);
    Class<?>[] types = {Instrument.class};
    Endpoint endpoint = listeningAt(address).exportService(instrument, null, properties, types);
    return endpoint == null ? null : endpoint.description().getIntents();
  }

  @Test
  void tlsIsConfidentialAndMayLeaveTheComputer() {
    assertThat(exported(TLS, "osgi.confidential"))
        .containsExactlyInAnyOrder("osgi.basic", "osgi.async", "osgi.confidential");
    assertThat(exported(TLS, "osgi.private")).isNull();
  }

  @Test
  void loopbackAndSocketFilesArePrivate() {
    for (String address : List.of("tcp://127.0.0.1:8600", "unix:/run/node.sock")) {
      assertThat(exported(address, "osgi.private"))
          .containsExactlyInAnyOrder("osgi.basic", "osgi.async", "osgi.private");
      assertThat(exported(address, "osgi.confidential")).isNull();
    }
  }

  @Test
  void nothingIsExportedWhereNobodyListens() {
    assertThat(exported(null)).isNull();
  }
}
