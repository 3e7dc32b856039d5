// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import consort.api.ErrorCode;
import consort.api.Refused;
import consort.api.coordinator.InstrumentSpec;
import consort.api.deploy.DriverFormat;
import consort.api.deploy.Finding;
import consort.deploy.Drivers.Definition;
import consort.yaml.YamlReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * The API definitions that somebody needs for a moment, before an instrument refers to them or
 * while a temporary one does. Threadsafe; the watcher is told of what is needed, and tells when it
 * has looked.
 */
final class Definitions {

  /** How long one that is in order may take until its driver is there. */
  static final Duration LOADING = Duration.ofSeconds(5);

  private final Map<Path, Integer> held = new ConcurrentHashMap<>();
  private final Formats formats;
  private final Function<Path, Definition> states;
  private final Object looked = new Object();
  private volatile Runnable wake = () -> {};

  /**
   * Definitions.
   *
   * @param states how it stands with one, as the watcher saw it last
   */
  Definitions(Formats formats, Function<Path, Definition> states) {
    this.formats = formats;
    this.states = states;
  }

  /** Has the watcher woken by this from now on. */
  void wakeBy(Runnable watcher) {
    wake = watcher;
  }

  /** Those that are needed now. */
  Set<Path> held() {
    return Set.copyOf(held.keySet());
  }

  /** How it stands with what an instrument refers to; READY when it refers to none. */
  Definition of(InstrumentSpec spec) {
    return ApiReference.definition(spec.driver()).map(states).orElse(Definition.READY);
  }

  /** The watcher has looked at everything once more. */
  void looked() {
    synchronized (looked) {
      looked.notifyAll();
    }
  }

  /**
   * Has the definition of an instrument loaded, if it refers to one, and keeps it until what this
   * gives is run. Waits until its driver is there or cannot be, at most {@link #LOADING}.
   */
  Runnable hold(InstrumentSpec spec) {
    Optional<Path> file = ApiReference.definition(spec.driver());
    if (file.isEmpty()) {
      return () -> {};
    }
    Path path = file.get();
    held.merge(path, 1, Integer::sum);
    wake.run();
    long end = System.nanoTime() + LOADING.toNanos();
    try {
      synchronized (looked) {
        long left = end - System.nanoTime();
        while (states.apply(path) == Definition.LOADING && left > 0) {
          looked.wait(1 + left / 1_000_000);
          left = end - System.nanoTime();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return () -> {
      held.computeIfPresent(path, (p, count) -> count == 1 ? null : count - 1);
      wake.run();
    };
  }

  /**
   * What is wrong with the definition that an instrument refers to, read anew; empty when it refers
   * to none.
   */
  List<Finding> check(InstrumentSpec spec) {
    Optional<Path> file = ApiReference.definition(spec.driver());
    if (file.isEmpty()) {
      return List.of();
    }
    String shown = file.get().toString();
    DriverFormat format = formats.of(Formats.name(shown));
    if (format == null) {
      throw new Refused(ErrorCode.NOT_SUPPORTED, shown + ": " + Drivers.NO_FORMAT);
    }
    try {
      if (Files.size(file.get()) > YamlReader.LONGEST) {
        String large = "the file has " + Files.size(file.get()) + " bytes; at most 1 MiB is read";
        return List.of(new Finding(shown, 0, 0, true, large));
      }
      return format.convert(shown, Files.readAllBytes(file.get()), spec.driver()).findings();
    } catch (IOException e) {
      return List.of(new Finding(shown, 0, 0, true, "it cannot be read: " + e.getMessage()));
    }
  }
}
