// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
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
}
