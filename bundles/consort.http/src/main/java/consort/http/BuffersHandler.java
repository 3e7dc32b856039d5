// SPDX-License-Identifier: Apache-2.0
package consort.http;

import consort.api.Caller;
import consort.api.NumericArray;
import consort.api.Refused;
import consort.api.script.Buffer;
import consort.api.script.Buffers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * {@code /api/buffers/ID}: long arrays of measurements, raw or as CSV.
 *
 * @see Buffers
 */
final class BuffersHandler extends Handler.Abstract {

  private static final String PATH = "/api/buffers/";

  private final Supplier<Buffers> buffers;
  private final Gate gate;

  /**
   * Makes a handler.
   *
   * @param buffers gives the service, null while there is none
   */
  BuffersHandler(Supplier<Buffers> buffers, Gate gate) {
    this.buffers = buffers;
    this.gate = gate;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    String path = Request.getPathInContext(request);
    if (!path.startsWith(PATH)) {
      return false;
    }
    Optional<Caller> caller = gate.admit(request, response, callback);
    if (caller.isEmpty()) {
      return true;
    }
    Buffers service = buffers.get();
    String id = path.substring(PATH.length());
    String method = request.getMethod();
    try {
      if (service == null) {
        RpcHandler.refuse(response, callback, 404, "this node runs no scripts and has no buffers");
      } else if (method.equals("GET")) {
        send(request, service.get(id, caller.get()), response, callback);
      } else if (method.equals("DELETE")) {
        service.release(id, caller.get());
        RpcHandler.send(response, callback, 200, Map.of("ok", true));
      } else {
        response.getHeaders().put(HttpHeader.ALLOW, "GET, DELETE");
        RpcHandler.refuse(
            response, callback, 405, "a buffer is read with GET, released with DELETE");
      }
    } catch (Refused e) {
      RpcHandler.refuse(response, callback, 404, e.getMessage());
    }
    return true;
  }

  private static void send(Request request, Buffer buffer, Response response, Callback callback) {
    String format = Request.extractQueryParameters(request).getValue("format");
    boolean csv = "csv".equals(format);
    if (format != null && !csv && !format.equals("raw")) {
      RpcHandler.refuse(response, callback, 400, "format is raw or csv");
      return;
    }
    byte[] body =
        csv
            ? csv(buffer).getBytes(StandardCharsets.US_ASCII)
            : buffer.data().toBytes(ByteOrder.LITTLE_ENDIAN);
    response
        .getHeaders()
        .put(HttpHeader.CONTENT_TYPE, csv ? "text/csv" : "application/octet-stream");
    response.getHeaders().put("X-Data-Type", buffer.dataType());
    response.getHeaders().put("X-Element-Count", Integer.toString(buffer.data().size()));
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
    response.write(true, ByteBuffer.wrap(body), callback);
  }

  /** One number a line. */
  private static String csv(Buffer buffer) {
    NumericArray data = buffer.data();
    boolean unsigned = buffer.dataType().equals("uint8");
    StringBuilder out = new StringBuilder(data.size() * 8);
    for (int i = 0; i < data.size(); i++) {
      Number value = data.at(i);
      out.append(unsigned ? value.byteValue() & 0xff : value).append('\n');
    }
    return out.toString();
  }
}
