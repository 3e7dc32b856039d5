// SPDX-License-Identifier: Apache-2.0
package consort.link;

import consort.api.link.LinkService;
import consort.api.link.LinkSession;
import consort.api.link.TraceEntry;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Links by VISA resource name: raw TCP and serial ports. */
@Component
public final class VisaLinks implements LinkService {

  private static final int TRACED_INSTRUMENTS = 10_000;

  private final Channels channels;
  private final Map<String, TraceRing> traces =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, TraceRing> eldest) {
          return size() > TRACED_INSTRUMENTS;
        }
      };

  @Activate
  public VisaLinks() {
    this(Duration.ofSeconds(10), Duration.ofSeconds(1));
  }

  /**
   * @param linger how long a channel stays open after its last link
   * @param period how often idle channels are looked after
   */
  VisaLinks(Duration linger, Duration period) {
    channels = new Channels(linger, period);
  }

  @Override
  public LinkSession session(String instrument, Consumer<String> lost) {
    Objects.requireNonNull(lost, "lost");
    TraceRing trace;
    synchronized (traces) {
      trace = traces.computeIfAbsent(instrument, name -> new TraceRing());
    }
    return new Session(instrument, trace, channels, lost);
  }

  @Override
  public List<TraceEntry> trace(String instrument) {
    TraceRing trace;
    synchronized (traces) {
      trace = traces.get(instrument);
    }
    return trace == null ? List.of() : trace.entries();
  }

  /** Closes all channels; operations under way fail. */
  @Deactivate
  public void close() {
    channels.close();
  }
}
