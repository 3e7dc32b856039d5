// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.fasterxml.jackson.dataformat.cbor.CBORGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** The memory of a connection that nothing goes over. */
final class IdleConnections {

  private static final int MANY = 200;

  private IdleConnections() {}

  /** Opens many, as another program that speaks the wire would, and looks at the memory. */
  static void measure(String address) throws Exception {
    int port = URI.create(address).getPort();
    List<Socket> open = new ArrayList<>();
    try {
      open.add(greet(port));
      long before = used();
      for (int i = 0; i < MANY; i++) {
        open.add(greet(port));
      }
      Measure.print(
          "an idle connection: %.1f KiB of memory, of %d", (used() - before) / 1024.0 / MANY, MANY);
    } finally {
      for (Socket socket : open) {
        socket.close();
      }
    }
  }

  private static Socket greet(int port) throws IOException {
    ByteArrayOutputStream payload = new ByteArrayOutputStream();
    try (CBORGenerator out = new CBORFactory().createGenerator(payload)) {
      out.writeStartArray(null, 5);
      out.writeString("consort.tcp");
      out.writeNumber(1);
      out.writeString("idle");
      out.writeNumber(1);
      out.writeNumber(60_000);
      out.writeEndArray();
    }
    ByteBuffer frame = ByteBuffer.allocate(9 + payload.size());
    frame.putInt(5 + payload.size()).put((byte) 1).putInt(0).put(payload.toByteArray());
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.getOutputStream().write(frame.array());
    // Its hello and its offers: all that comes before it is idle.
    socket.setSoTimeout(200);
    byte[] told = new byte[65_536];
    try {
      while (socket.getInputStream().read(told) >= 0) {
        if (told[4] == 3) {
          break; // a heartbeat alone
        }
      }
    } catch (java.net.SocketTimeoutException e) {
      // it is silent
    }
    return socket;
  }

  private static long used() throws InterruptedException {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      System.gc();
      Thread.sleep(100);
      long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
      long direct =
          ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
              .filter(pool -> pool.getName().equals("direct"))
              .mapToLong(BufferPoolMXBean::getMemoryUsed)
              .sum();
      least = Math.min(least, heap + direct);
    }
    return least;
  }
}
