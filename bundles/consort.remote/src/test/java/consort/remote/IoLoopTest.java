// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class IoLoopTest {

  @Test
  void whatAsksToGoOnAgainAndAgainDoesNotKeepTheRest() throws IOException {
    try (IoLoop loop = new IoLoop()) {
      CompletableFuture<Void> ticked = new CompletableFuture<>();
      Runnable again =
          new Runnable() {
            @Override
            public void run() {
              if (!ticked.isDone()) {
                loop.execute(this);
              }
            }
          };
      CompletableFuture<Void> begun = new CompletableFuture<>();
      loop.execute(again);
      loop.execute(
          () -> {
            // The first tick may have been before all tasks.
            loop.add(now -> ticked.complete(null));
            begun.complete(null);
          });
      loop.start();
      assertThat(begun).succeedsWithin(Duration.ofSeconds(10));
      try {
        assertThat(ticked).succeedsWithin(Duration.ofSeconds(10));
      } finally {
        ticked.complete(null);
      }
    }
  }
}
