// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.State;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.SwapOutcome;
import consort.api.coordinator.SwapStatus;
import consort.api.link.LinkService;
import consort.api.link.LinkSession;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** The real world of guards: real threads and real time, without a service registry. */
final class TestWorld implements Environment {

  final DriverThreads threads = new DriverThreads();
  volatile Interlocks interlocks;
  final FakeLinks links = new FakeLinks();
  private final LinkService service;
  volatile boolean timerIsEarly;

  /** Timers are so much faster than in life. */
  volatile int haste = 1;

  final List<SwapStatus> swaps = new CopyOnWriteArrayList<>();
  final List<Swap.Blame> blames = new CopyOnWriteArrayList<>();
  final List<Throwable> mistakes = new CopyOnWriteArrayList<>();
  volatile Permits permits = Permits.ALL;

  /** A world whose links only note what is done with them. */
  TestWorld() {
    service = links;
  }

  /** A world with real links. */
  TestWorld(LinkService service) {
    this.service = service;
  }

  @Override
  public Permits permits() {
    return permits;
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public Instant now() {
    return Instant.now();
  }

  @Override
  public void run(Runnable task) {
    threads.run(task);
  }

  @Override
  public Runnable later(long nanos, Runnable task) {
    if (timerIsEarly) {
      task.run();
      return () -> {};
    }
    return threads.later(nanos / haste, task);
  }

  @Override
  public LinkSession links(String instrument, Consumer<String> lost) {
    return service.session(instrument, lost);
  }

  @Override
  public String unmet(InstrumentSpec spec) {
    return interlocks == null ? null : interlocks.unmet(spec);
  }

  @Override
  public void held(Guard of, State state) {
    if (interlocks != null) {
      interlocks.changed(of, state);
    }
  }

  @Override
  public void changed(Guard of, Change change) {}

  @Override
  public void ready(Guard of, Instance instance) {}

  @Override
  public void withdrawn(Guard of) {}

  @Override
  public void swapping(Guard of, SwapStatus status) {
    swaps.add(status);
  }

  @Override
  public void swapped(Guard of, SwapOutcome outcome, DriverSource target, Swap.Blame blame) {
    blames.add(blame);
  }

  @Override
  public void mistake(Guard of, String where, Thrown thrown) {
    mistakes.add(thrown.shown());
  }
}
