// SPDX-License-Identifier: Apache-2.0
package consort.http;

import java.io.ByteArrayOutputStream;
import java.util.concurrent.CompletableFuture;
import org.eclipse.jetty.io.Content;

/** Reads a request's body as it arrives, without a thread that waits for it, up to a limit. */
final class Body implements Runnable {

  /** The body is longer than the limit. */
  static final class TooLong extends Exception {
    private static final long serialVersionUID = 1L;
  }

  private final Content.Source source;
  private final int limit;
  private final ByteArrayOutputStream read = new ByteArrayOutputStream();
  private final CompletableFuture<byte[]> result = new CompletableFuture<>();

  private Body(Content.Source source, int limit) {
    this.source = source;
    this.limit = limit;
  }

  static CompletableFuture<byte[]> of(Content.Source source, int limit) {
    Body body = new Body(source, limit);
    body.run();
    return body.result;
  }

  @Override
  public void run() {
    while (true) {
      Content.Chunk chunk = source.read();
      if (chunk == null) {
        source.demand(this);
        return;
      }
      if (Content.Chunk.isFailure(chunk)) {
        result.completeExceptionally(chunk.getFailure());
        return;
      }
      byte[] bytes = new byte[chunk.remaining()];
      chunk.getByteBuffer().get(bytes);
      chunk.release();
      if (read.size() + bytes.length > limit) {
        result.completeExceptionally(new TooLong());
        return;
      }
      read.writeBytes(bytes);
      if (chunk.isLast()) {
        result.complete(read.toByteArray());
        return;
      }
    }
  }
}
