// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import javax.net.ServerSocketFactory;
import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;

/** An instrument that answers one question over TCP, and the bare socket that asks it. */
final class Peer implements Echo {

  /** The question, without its terminator. */
  static final String QUESTION = "MEAS:VOLT:DC?";

  private static final byte[] ASKED = (QUESTION + "\n").getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ANSWER = "+3.30000000E+00\n".getBytes(StandardCharsets.US_ASCII);

  private final ServerSocket server;
  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;
  private final byte[] buffer = new byte[256];

  Peer() throws IOException {
    this(ServerSocketFactory.getDefault(), SocketFactory.getDefault());
  }

  /** The same over TLS. */
  Peer(SSLContext tls) throws IOException {
    this(tls.getServerSocketFactory(), tls.getSocketFactory());
  }

  private Peer(ServerSocketFactory servers, SocketFactory clients) throws IOException {
    server = servers.createServerSocket(0, 10, InetAddress.getLoopbackAddress());
    start(this::accept);
    socket = clients.createSocket(server.getInetAddress(), server.getLocalPort());
    socket.setTcpNoDelay(true);
    in = socket.getInputStream();
    out = socket.getOutputStream();
  }

  String address() {
    return "TCPIP::127.0.0.1::" + server.getLocalPort() + "::SOCKET";
  }

  /** The floor: the same bytes over a blocking socket. */
  @Override
  public void exchange() {
    try {
      out.write(ASKED);
      int count = 0;
      while (count < ANSWER.length) {
        count += in.read(buffer, count, buffer.length - count);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void accept() throws IOException {
    while (true) {
      Socket client = server.accept();
      client.setTcpNoDelay(true);
      start(() -> answer(client));
    }
  }

  private static void answer(Socket client) throws IOException {
    byte[] buffer = new byte[256];
    InputStream in = client.getInputStream();
    int count = 0;
    for (int read = in.read(buffer); read > 0; read = in.read(buffer)) {
      count += read;
      if (count >= ASKED.length) {
        count = 0;
        client.getOutputStream().write(ANSWER);
      }
    }
  }

  private interface Body {
    void run() throws IOException;
  }

  private static void start(Body body) {
    Thread thread =
        new Thread(
            () -> {
              try {
                body.run();
              } catch (IOException e) {
                // The benchmark is over.
                return;
              }
            },
            "benchmark peer");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    socket.close();
    server.close();
  }
}
