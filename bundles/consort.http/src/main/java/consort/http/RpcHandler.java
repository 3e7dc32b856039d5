// SPDX-License-Identifier: Apache-2.0
package consort.http;

import consort.api.Caller;
import consort.commands.CommandDoc;
import consort.commands.Commands;
import consort.commands.Json;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code POST /rpc}: a command in, its reply out. */
final class RpcHandler extends Handler.Abstract.NonBlocking {

  static final int LONGEST_REQUEST = 16 << 20;
  static final int MOST_AT_ONCE = 512;

  private static final Logger LOG = LoggerFactory.getLogger(RpcHandler.class);

  private final Commands commands;
  private final Gate gate;
  private final AtomicLong count = new AtomicLong();

  /** Commands wait for instruments, so they never hold a thread that reads or writes. */
  private final ThreadPoolExecutor workers =
      new ThreadPoolExecutor(
          0,
          MOST_AT_ONCE,
          10,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          task -> {
            Thread thread = new Thread(task, "http call " + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
          });

  RpcHandler(Commands commands, Gate gate) {
    this.commands = commands;
    this.gate = gate;
  }

  void close() {
    workers.shutdown();
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    String path = Request.getPathInContext(request);
    if (!request.getMethod().equals("POST") || !path.equals("/rpc") && !path.equals("/rpc/")) {
      refuse(response, callback, 404, "Only POST /rpc is supported");
      return true;
    }
    Optional<Caller> caller = gate.admit(request, response, callback);
    if (caller.isEmpty()) {
      return true;
    }
    HttpFields headers = request.getHeaders();
    if (!isJson(headers.get(HttpHeader.CONTENT_TYPE))) {
      refuse(response, callback, 403, "the Content-Type must be application/json");
    } else if (headers.getLongField(HttpHeader.CONTENT_LENGTH) > LONGEST_REQUEST) {
      tooLong(response, callback);
    } else {
      read(request, response, callback, caller.get());
    }
    return true;
  }

  private void read(Request request, Response response, Callback callback, Caller caller) {
    Body.of(request, LONGEST_REQUEST)
        .whenComplete(
            (body, failure) -> {
              if (failure instanceof Body.TooLong) {
                tooLong(response, callback);
              } else if (failure != null) {
                callback.failed(failure);
              } else {
                // A command may take as long as its deadline says.
                request.addIdleTimeoutListener(silence -> false);

                run(body, response, callback, caller);
              }
            });
  }

  private void run(byte[] body, Response response, Callback callback, Caller caller) {
    try {
      workers.execute(() -> answer(body, response, callback, caller));
    } catch (RejectedExecutionException e) {
      refuse(response, callback, 500, "busy: " + MOST_AT_ONCE + " requests are running");
    }
  }

  private void answer(byte[] body, Response response, Callback callback, Caller caller) {
    try {
      Map<String, Object> reply = reply(body, caller);
      send(response, callback, Boolean.TRUE.equals(reply.get("ok")) ? 200 : 500, reply);
    } catch (RuntimeException | Error e) {
      LOG.error("a request failed inside the node", e);
      refuse(response, callback, 500, "exception: the request failed inside the node");
    }
  }

  private Map<String, Object> reply(byte[] body, Caller caller) {
    Map<String, Object> request;
    try {
      request = Json.read(body);
    } catch (IllegalArgumentException e) {
      return error("exception: " + e.getMessage(), "bad_request");
    }
    Object params = request.get("params");
    Object named = request.getOrDefault("command", "");
    if (!(named instanceof String command)) {
      return error("exception: command must be text", "bad_request");
    }
    List<String> more =
        request.keySet().stream().filter(m -> !m.equals("command") && !m.equals("params")).toList();
    if (!more.isEmpty() && !CommandDoc.isLenient(command)) {
      return error(
          "exception: unknown member '%s'; a request has command and params".formatted(more.get(0)),
          "bad_request");
    }
    if (params != null && !(params instanceof Map<?, ?>)) {
      return error("exception: params must be an object", "bad_request");
    }
    @SuppressWarnings("unchecked") // JSON has text keys
    Map<String, Object> parameters = params == null ? Map.of() : (Map<String, Object>) params;
    return commands.run(command, parameters, caller);
  }

  private static boolean isJson(String contentType) {
    return contentType != null
        && contentType.split(";", 2)[0].strip().equalsIgnoreCase("application/json");
  }

  private static void tooLong(Response response, Callback callback) {
    response.getHeaders().put(new HttpField(HttpHeader.CONNECTION, "close"));
    refuse(
        response, callback, 413, "the request is longer than " + (LONGEST_REQUEST >> 20) + " MiB");
  }

  static void refuse(Response response, Callback callback, int status, String error) {
    Map<String, Object> reply = new LinkedHashMap<>();
    reply.put("ok", false);
    reply.put("error", error);
    send(response, callback, status, reply);
  }

  static Map<String, Object> error(String text, String code) {
    Map<String, Object> reply = new LinkedHashMap<>();
    reply.put("ok", false);
    reply.put("error", text);
    reply.put("code", code);
    return reply;
  }

  static void send(Response response, Callback callback, int status, Map<String, Object> reply) {
    byte[] body = Json.write(reply).getBytes(StandardCharsets.UTF_8);
    response.setStatus(status);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
    response.write(true, ByteBuffer.wrap(body), callback);
  }
}
