// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;

/** A server on a free port of the loopback that answers whole lines, and keeps what it receives. */
final class ExampleServer implements AutoCloseable {

  private final Map<String, byte[]> replies = new ConcurrentHashMap<>();
  private final BlockingQueue<String> received = new LinkedBlockingQueue<>();
  private final ServerSocket server;
  private final String terminator;
  private volatile Socket client;

  ExampleServer(String terminator) throws IOException {
    this.terminator = terminator;
    server = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
    Thread thread = new Thread(this::serve, "example server");
    thread.setDaemon(true);
    thread.start();
  }

  ExampleServer answer(String line, String reply) {
    return answer(line, reply.getBytes(StandardCharsets.ISO_8859_1));
  }

  ExampleServer answer(String line, byte[] reply) {
    replies.put(line, reply);
    return this;
  }

  String resource() {
    return "TCPIP::127.0.0.1::" + server.getLocalPort() + "::SOCKET";
  }

  /** The next line that came, with its terminator. */
  String next() throws InterruptedException {
    return received.poll(10, java.util.concurrent.TimeUnit.SECONDS);
  }

  /** All lines that came and were not looked at. */
  List<String> rest() {
    return List.copyOf(received);
  }

  /** Looks at nothing that came so far. */
  void forget() {
    received.clear();
  }

  private void serve() {
    try {
      while (true) {
        client = server.accept();
        client.setTcpNoDelay(true);
        try (Socket socket = client) {
          serve(socket.getInputStream(), socket.getOutputStream());
        }
      }
    } catch (IOException e) {
      // the test is over
      return;
    }
  }

  private void serve(InputStream in, OutputStream out) throws IOException {
    StringBuilder line = new StringBuilder();
    byte[] some = new byte[1 << 16];
    for (int count = in.read(some); count >= 0; count = in.read(some)) {
      for (int i = 0; i < count; i++) {
        line.append((char) (some[i] & 0xff));
        int length = line.length() - terminator.length();
        if (length >= 0 && line.indexOf(terminator, length) == length) {
          received.add(line.toString());
          byte[] reply = replies.get(line.substring(0, length));
          if (reply != null) {
            out.write(reply);
            out.write(terminator.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
          }
          line.setLength(0);
        }
      }
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    Socket open = client;
    if (open != null) {
      open.close();
    }
  }
}
