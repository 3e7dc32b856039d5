// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CallbacksTest {

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Callbacks callbacks = new Callbacks(threads);

  @AfterEach
  void end() throws InterruptedException {
    threads.shutdown();
    assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void runsWhatIsQuickInItsOrder() {
    List<Integer> seen = new CopyOnWriteArrayList<>();
    CompletableFuture<Void> all = new CompletableFuture<>();
    for (int i = 0; i < 1000; i++) {
      int number = i;
      callbacks.execute(() -> seen.add(number));
    }
    callbacks.execute(() -> all.complete(null));
    all.join();
    assertThat(seen).isEqualTo(IntStream.range(0, 1000).boxed().toList());
  }

  @Test
  void eachIsRunAlsoWhenManyThreadsAddThemAsOthersEnd() throws InterruptedException {
    int each = 20_000;
    CountDownLatch all = new CountDownLatch(4 * each);
    for (int i = 0; i < 4; i++) {
      threads.execute(
          () -> {
            for (int n = 0; n < each; n++) {
              callbacks.execute(all::countDown);
            }
          });
    }
    assertThat(all.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void thoseThatWaitForEachOtherAllGetTheirThreads() throws InterruptedException {
    CountDownLatch here = new CountDownLatch(50);
    CountDownLatch over = new CountDownLatch(50);
    for (int i = 0; i < 50; i++) {
      callbacks.execute(
          () -> {
            here.countDown();
            try {
              here.await();
              over.countDown();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }
    int ticks = 0;
    while (!over.await(10, TimeUnit.MILLISECONDS)) {
      callbacks.tick(0);
      ticks++;
    }
    assertThat(ticks).isPositive();
  }

  @Test
  void oneThatFailsIsNoneOfTheOthersBusiness() {
    CompletableFuture<Void> next = new CompletableFuture<>();
    callbacks.execute(
        () -> {
          throw new IllegalStateException("a mistake of the user");
        });
    callbacks.execute(() -> next.complete(null));
    next.join();
  }

  /** Has the callbacks run something that is over when the latch is open. */
  private CountDownLatch hold(CountDownLatch until) {
    CountDownLatch here = new CountDownLatch(1);
    callbacks.execute(
        () -> {
          here.countDown();
          try {
            until.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    return here;
  }

  private CompletableFuture<Void> quick() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    callbacks.execute(() -> done.complete(null));
    return done;
  }

  @Test
  void oneThatIsHeldKeepsTheOthersOnceAndNotAgain() throws InterruptedException {
    CountDownLatch over = new CountDownLatch(1);
    hold(over).await();
    CompletableFuture<Void> kept = quick();
    callbacks.tick(0);
    callbacks.tick(0);
    assertThat(kept).succeedsWithin(Duration.ofSeconds(30));
    for (int i = 0; i < 100; i++) {
      assertThat(quick()).as("without a tick").succeedsWithin(Duration.ofSeconds(30));
    }
    over.countDown();
  }

  @Test
  void manyThatAreSlowDoNotKeepOthersForAllTheirTimeTogether() throws InterruptedException {
    List<CountDownLatch> over = new ArrayList<>();
    List<CountDownLatch> here = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      over.add(new CountDownLatch(1));
      here.add(hold(over.get(i)));
    }
    CompletableFuture<Void> last = quick();
    // One of them ends with each tick, so that there is always some progress.
    for (int i = 0; i < 6; i++) {
      here.get(i).await();
      callbacks.tick(0);
      over.get(i).countDown();
    }
    assertThat(last).succeedsWithin(Duration.ofSeconds(30));
    over.forEach(CountDownLatch::countDown);
  }

  @Test
  void aThreadThatCouldNotBeHadIsAskedForWithTheNextTask() {
    AtomicBoolean none = new AtomicBoolean(true);
    Callbacks refused =
        new Callbacks(
            task -> {
              if (none.getAndSet(false)) {
                throw new RejectedExecutionException("no thread");
              }
              threads.execute(task);
            });
    CompletableFuture<Void> first = new CompletableFuture<>();
    CompletableFuture<Void> second = new CompletableFuture<>();
    assertThatThrownBy(() -> refused.execute(() -> first.complete(null)))
        .isInstanceOf(RejectedExecutionException.class);
    refused.execute(() -> second.complete(null));
    assertThat(second).succeedsWithin(Duration.ofSeconds(30));
    assertThat(first).isCompleted();
  }
}
