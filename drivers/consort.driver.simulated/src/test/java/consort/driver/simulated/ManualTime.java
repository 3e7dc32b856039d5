// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Time that passes when a test says so, or when somebody waits. */
final class ManualTime implements Time {

  private record Timer(long at, CompletableFuture<Void> over) {}

  private final List<Timer> timers = new ArrayList<>();
  private long now;

  @Override
  public long nanos() {
    return now;
  }

  @Override
  public CompletableFuture<Void> after(long nanos) {
    CompletableFuture<Void> over = new CompletableFuture<>();
    if (nanos <= 0) {
      over.complete(null);
    } else {
      timers.add(new Timer(now + nanos, over));
    }
    return over;
  }

  @Override
  public <T> T await(CompletableFuture<T> future) {
    while (!future.isDone()) {
      Timer next = timers.stream().min(Comparator.comparing(Timer::at)).orElseThrow();
      now = next.at();
      pass(0);
    }
    return future.join();
  }

  /** Lets so many seconds pass. */
  void pass(double seconds) {
    now += Math.round(seconds * 1e9);
    List<Timer> due = timers.stream().filter(timer -> timer.at() <= now).toList();
    timers.removeAll(due);
    due.forEach(timer -> timer.over().complete(null));
  }

  double seconds() {
    return now * 1e-9;
  }
}
