// SPDX-License-Identifier: Apache-2.0
package consort.security;

import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;

/** An engine on a socket: the least that carries a line each way. */
final class TlsConnection implements AutoCloseable {

  private static final int SIZE = 40_000;

  private final SSLEngine engine;
  private final Socket socket;
  private final ByteBuffer in = ByteBuffer.allocate(SIZE).limit(0);
  private final ByteBuffer plain = ByteBuffer.allocate(SIZE);

  TlsConnection(SSLEngine engine, Socket socket) throws IOException {
    this.engine = engine;
    this.socket = socket;
    socket.setSoTimeout(10_000);
  }

  SSLEngine engine() {
    return engine;
  }

  void handshake() throws IOException {
    engine.beginHandshake();
    while (true) {
      switch (engine.getHandshakeStatus()) {
        case NEED_WRAP -> {
          try {
            wrap(ByteBuffer.allocate(0));
          } catch (SSLException e) {
            alert();
            throw e;
          }
        }
        case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
          try {
            unwrap();
          } catch (SSLException e) {
            alert();
            throw e;
          }
        }
        case NEED_TASK -> {
          for (Runnable task = engine.getDelegatedTask();
              task != null;
              task = engine.getDelegatedTask()) {
            task.run();
          }
        }
        default -> {
          return;
        }
      }
    }
  }

  /** Tells the other side that it is refused. */
  private void alert() {
    try {
      while (engine.getHandshakeStatus() == SSLEngineResult.HandshakeStatus.NEED_WRAP
          && !engine.isOutboundDone()) {
        wrap(ByteBuffer.allocate(0));
      }
    } catch (IOException gone) {
      // Then nobody is there to be told.
    }
  }

  void send(String text) throws IOException {
    wrap(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  String receive() throws IOException {
    while (plain.position() == 0) {
      unwrap();
    }
    plain.flip();
    String text = StandardCharsets.UTF_8.decode(plain).toString();
    plain.clear();
    return text;
  }

  private void wrap(ByteBuffer from) throws IOException {
    ByteBuffer out = ByteBuffer.allocate(SIZE);
    engine.wrap(from, out);
    socket.getOutputStream().write(out.array(), 0, out.position());
  }

  private void unwrap() throws IOException {
    while (true) {
      SSLEngineResult result = engine.unwrap(in, plain);
      if (result.getStatus() != SSLEngineResult.Status.BUFFER_UNDERFLOW) {
        if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
          throw new EOFException("closed");
        }
        return;
      }
      in.compact();
      int count = socket.getInputStream().read(in.array(), in.position(), in.remaining());
      if (count < 0) {
        throw new EOFException("closed");
      }
      in.position(in.position() + count).flip();
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
