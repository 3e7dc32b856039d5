// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import java.util.Hashtable;
import java.util.Map;
import org.apache.aries.rsa.provider.fastbin.FastBinProvider;
import org.apache.aries.rsa.provider.tcp.TCPProvider;
import org.apache.aries.rsa.spi.DistributionProvider;
import org.apache.aries.rsa.spi.Endpoint;
import org.osgi.service.remoteserviceadmin.RemoteConstants;

/**
 * The providers that Aries brings, asked without the service registry in between. They have no
 * guard, no deadline and no security, and the one over TCP listens on all addresses whatever it is
 * told: they run for seconds, and only here.
 */
public final class StockBenchmark {

  private StockBenchmark() {}

  /** What they carry. */
  public interface Meter {
    double measure(int channel);
  }

  /** Public, as they call it by reflection. */
  public record Echoing() implements Meter {
    @Override
    public double measure(int channel) {
      return channel;
    }
  }

  /**
   * Times them.
   *
   * @param ours what is asked beside
   */
  static void run(Meter ours) throws Exception {
    FastBinProvider fastbin = new FastBinProvider("tcp://127.0.0.1:0", "127.0.0.1", 10_000);
    try {
      time("aries.fastbin", fastbin, 2_000, ours);
    } finally {
      fastbin.close();
    }
    time("aries.tcp", new TCPProvider(), 10, ours);
  }

  private static void time(String name, DistributionProvider provider, int calls, Meter ours)
      throws Exception {
    Map<String, Object> properties = new Hashtable<>();
    properties.put("objectClass", new String[] {Meter.class.getName()});
    properties.put(RemoteConstants.ENDPOINT_FRAMEWORK_UUID, "bench");
    properties.put("aries.rsa.hostname", "127.0.0.1");
    Class<?>[] types = {Meter.class};
    Endpoint endpoint = provider.exportService(new Echoing(), null, properties, types);
    try {
      Meter far =
          (Meter)
              provider.importEndpoint(
                  Meter.class.getClassLoader(), null, types, endpoint.description());
      Measure.each(5 * calls, () -> far.measure(3));
      Measure.compare(
          "guarded call over TCP", calls, () -> ours.measure(3), name, () -> far.measure(3));
    } finally {
      endpoint.close();
    }
  }
}
