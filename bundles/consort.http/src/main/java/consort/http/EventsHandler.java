// SPDX-License-Identifier: Apache-2.0
package consort.http;

import consort.api.Caller;
import consort.api.Refused;
import consort.commands.Commands;
import consort.commands.Json;
import consort.commands.Watch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;

/**
 * {@code GET /api/events}: what happens, as Server-Sent Events. Each client has a thread of its
 * own, as a slow one may hold it; the commands limit how many there are.
 */
final class EventsHandler extends Handler.Abstract.NonBlocking {

  private final Commands commands;
  private final Gate gate;
  private final Duration heartbeat;
  private final Set<Watch> open = ConcurrentHashMap.newKeySet();
  private final AtomicLong count = new AtomicLong();
  private volatile boolean closed;

  /**
   * Makes a handler.
   *
   * @param heartbeat how long nothing may be said, so that each side notices when the other is gone
   */
  EventsHandler(Commands commands, Gate gate, Duration heartbeat) {
    this.commands = commands;
    this.gate = gate;
    this.heartbeat = heartbeat;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    if (!request.getMethod().equals("GET")
        || !Request.getPathInContext(request).equals("/api/events")) {
      return false;
    }
    Optional<Caller> caller = gate.admit(request, response, callback);
    if (caller.isEmpty()) {
      return true;
    }
    Map<String, Object> parameters = new HashMap<>();
    for (Fields.Field field : Request.extractQueryParameters(request)) {
      parameters.put(field.getName(), field.getValue());
    }
    Watch watch;
    try {
      watch = commands.watch(parameters, caller.get());
    } catch (Refused e) {
      RpcHandler.send(response, callback, 500, RpcHandler.error(e.getMessage(), e.code().text()));
      return true;
    }
    Thread thread =
        new Thread(
            () -> stream(watch, response, callback), "http watch " + count.incrementAndGet());
    thread.setDaemon(true);
    thread.start();
    return true;
  }

  private void stream(Watch watch, Response response, Callback callback) {
    open.add(watch);
    try (watch) {
      if (closed) {
        watch.close();
      }
      response.setStatus(200);
      response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream");
      response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
      Map<String, Object> event = watch.next(Duration.ZERO);
      while (watch.isOpen()) {
        write(response, event == null ? ":\n\n" : "data: " + Json.write(event) + "\n\n");
        event = watch.next(heartbeat);
      }
      callback.succeeded();
    } catch (IOException e) {
      callback.failed(e); // the client is gone
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      callback.failed(e);
    } finally {
      open.remove(watch);
    }
  }

  private static void write(Response response, String text) throws IOException {
    Content.Sink.write(response, false, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** Ends all streams. */
  void close() {
    closed = true;
    open.forEach(Watch::close);
  }
}
