// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/**
 * What the simulated instruments of this bundle share: the time, and the wires from sources to
 * multimeters. Its one thread, {@code simulated clock}, starts with the first wait and ends with
 * the bundle. A service for the bundle's own factories only: nobody else can load the class.
 */
@Component(service = Bench.class, immediate = true)
public final class Bench implements Time {

  private final Map<String, SourceModel> sources = new ConcurrentHashMap<>();
  private final Set<CompletableFuture<Void>> waits = ConcurrentHashMap.newKeySet();
  private final ScheduledThreadPoolExecutor clock =
      new ScheduledThreadPoolExecutor(1, Bench::thread);

  /** An empty bench. */
  public Bench() {
    clock.setRemoveOnCancelPolicy(true);
  }

  private static Thread thread(Runnable code) {
    Thread thread = new Thread(code, "simulated clock");
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public long nanos() {
    return System.nanoTime();
  }

  @Override
  public CompletableFuture<Void> after(long nanos) {
    CompletableFuture<Void> over = new CompletableFuture<>();
    if (nanos <= 0) {
      over.complete(null);
      return over;
    }
    var timer = clock.schedule(() -> over.complete(null), nanos, TimeUnit.NANOSECONDS);
    waits.add(over);
    over.whenComplete(
        (nothing, cancelled) -> {
          timer.cancel(false);
          waits.remove(over);
        });
    return over;
  }

  /** Connects the output of a source to the bench under the source's name. */
  void connect(String name, SourceModel source) {
    sources.put(name, source);
  }

  /** Takes a source off the bench, unless another has taken its place. */
  void disconnect(String name, SourceModel source) {
    sources.remove(name, source);
  }

  /** The source of that name, empty where there is none. */
  Optional<SourceModel> source(String name) {
    return Optional.ofNullable(sources.get(name));
  }

  /** Ends the clock; what still waits is cancelled. */
  @Deactivate
  public void close() {
    clock.shutdownNow();
    waits.forEach(wait -> wait.cancel(false));
  }
}
