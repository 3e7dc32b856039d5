// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** The floor of {@code /rpc}: the same HTTP server, set up alike, that sends a body back. */
final class HttpEcho extends Handler.Abstract.NonBlocking {

  private HttpEcho() {}

  /** Listens on a free port and prints it; ends with its standard input. */
  public static void main(String[] args) throws Exception {
    QueuedThreadPool threads = new QueuedThreadPool(16, 4);
    threads.setReservedThreads(0);
    Server server = new Server(threads);
    ServerConnector connector = new ServerConnector(server, 1, 1);
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    server.setHandler(new HttpEcho());
    server.start();
    System.out.println(connector.getLocalPort());
    while (System.in.read() >= 0) {
      // until the benchmark closes it
    }
    System.exit(0);
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    Content.Source.asByteBuffer(
        request,
        new org.eclipse.jetty.util.Promise<ByteBuffer>() {
          @Override
          public void succeeded(ByteBuffer body) {
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
            response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.remaining());
            response.write(true, body, callback);
          }

          @Override
          public void failed(Throwable e) {
            callback.failed(e);
          }
        });
    return true;
  }
}
