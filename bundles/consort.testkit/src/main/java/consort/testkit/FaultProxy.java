// SPDX-License-Identifier: Apache-2.0
package consort.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Stands between a client and a server on loopback and does to the bytes what bad networks do. All
 * settings may be changed at any time by any thread, and concern the connections that are open as
 * well as those to come.
 */
public final class FaultProxy implements AutoCloseable {

  /** What happens to bytes. */
  public enum Fault {
    /** Nothing: they pass. */
    NONE,
    /** They are read and thrown away, both ways; the connections stay open. */
    DROP,
    /** They are not even read: the sender sees a peer that stops reading. */
    STALL,
    /** As {@link #DROP}, only from the server to the client. */
    DROP_ANSWERS,
    /** Some are changed on their way. */
    GARBLE
  }

  private final ServerSocket server;
  private final InetSocketAddress target;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final AtomicLong accepted = new AtomicLong();
  private final AtomicLong passed = new AtomicLong();
  private final Random random = new Random(42);
  private volatile Fault fault = Fault.NONE;
  private volatile long delayNanos;
  private volatile long bytesPerSecond = Long.MAX_VALUE;
  private volatile long cutAfter = Long.MAX_VALUE;
  private volatile boolean refusing;
  private final Deque<Socket> held = new ArrayDeque<>();
  private boolean holding;

  /**
   * Listens on a free port of loopback.
   *
   * @param targetPort the port of the server on loopback
   */
  public FaultProxy(int targetPort) throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    target = new InetSocketAddress(loopback, targetPort);
    server = new ServerSocket(0, 50, loopback);
    start("accept", this::accept);
  }

  /** The port it listens on. */
  public int port() {
    return server.getLocalPort();
  }

  /** How many connections there were so far. */
  public long accepted() {
    return accepted.get();
  }

  /** How many bytes have passed so far, both ways. */
  public long passed() {
    return passed.get();
  }

  /** How many connections are open now, each counted once. */
  public int open() {
    return sockets.size() / 2;
  }

  /** Does this to bytes from now on. */
  public void fault(Fault what) {
    fault = what;
  }

  /** Lets every piece wait so long; pieces stay in order. */
  public void delay(java.time.Duration time) {
    delayNanos = time.toNanos();
  }

  /** Lets so many bytes pass each second and direction at most. */
  public void throttle(long bytes) {
    bytesPerSecond = bytes;
  }

  /** Closes each connection after so many bytes more, in the middle of whatever they are. */
  public void truncateAfter(long bytes) {
    cutAfter = passed.get() + bytes;
  }

  /** Whether new connections are closed at once. */
  public void refuse(boolean wanted) {
    refusing = wanted;
  }

  /**
   * Whether new connections wait; those that do get to the server when this ends, the last one
   * first.
   */
  public void hold(boolean wanted) {
    synchronized (held) {
      holding = wanted;
      while (!wanted && !held.isEmpty()) {
        onward(held.pop());
      }
    }
  }

  /** Lets the newest connection pass that waits, before all others. */
  public void passNewest() {
    synchronized (held) {
      onward(held.pop());
    }
  }

  /** How many connections wait. */
  public int waiting() {
    synchronized (held) {
      return held.size();
    }
  }

  /** Closes all connections, as a cable that is cut where both ends notice it. */
  public void cut() {
    sockets.forEach(FaultProxy::close);
  }

  /** Closes one direction only: the server sees the end of what the client sends. */
  public void halfClose() throws IOException {
    for (Socket socket : sockets) {
      if (socket.getPort() == target.getPort() && !socket.isOutputShutdown()) {
        socket.shutdownOutput();
      }
    }
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        accepted.incrementAndGet();
        if (refusing) {
          close(client);
          continue;
        }
        synchronized (held) {
          if (holding) {
            held.push(client);
            continue;
          }
        }
        onward(client);
      } catch (IOException e) {
        // closed, or a connection that was gone before it was taken
      }
    }
  }

  private void onward(Socket client) {
    Socket server = new Socket();
    try {
      server.connect(target, 1000);
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
    } catch (IOException e) {
      close(client);
      close(server);
      return;
    }
    sockets.add(client);
    sockets.add(server);
    start("up", () -> carry(client, server, false));
    start("down", () -> carry(server, client, true));
  }

  private void carry(Socket from, Socket to, boolean answers) {
    byte[] piece = new byte[65_536];
    try (from;
        to;
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream()) {
      while (true) {
        while (fault == Fault.STALL && !from.isClosed()) {
          LockSupport.parkNanos(1_000_000);
        }
        int count = in.read(piece, 0, (int) Math.min(piece.length, Math.max(1, bytesPerSecond)));
        if (count < 0) {
          return;
        }
        pause(count);
        boolean dropped =
            fault == Fault.DROP || fault == Fault.STALL || (answers && fault == Fault.DROP_ANSWERS);
        if (dropped) {
          continue;
        }
        if (fault == Fault.GARBLE) {
          piece[random.nextInt(count)] ^= (byte) (1 + random.nextInt(255));
        }
        long left = cutAfter - passed.getAndAdd(count);
        out.write(piece, 0, (int) Math.max(0, Math.min(count, left)));
        if (left <= count) {
          return;
        }
      }
    } catch (IOException e) {
      // one side is gone: so is the other, by the resources above
    } finally {
      sockets.remove(from);
      sockets.remove(to);
    }
  }

  private void pause(int count) {
    long nanos = delayNanos;
    if (bytesPerSecond != Long.MAX_VALUE) {
      nanos += count * 1_000_000_000L / bytesPerSecond;
    }
    long end = System.nanoTime() + nanos;
    while (nanos > 0 && System.nanoTime() < end && !server.isClosed()) {
      LockSupport.parkNanos(end - System.nanoTime());
    }
  }

  private static void start(String name, Runnable task) {
    Thread thread = new Thread(task, "fault proxy " + name);
    thread.setDaemon(true);
    thread.start();
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // it is gone anyway
    }
  }

  /** Ends it and all connections. */
  @Override
  public void close() throws IOException {
    server.close();
    synchronized (held) {
      held.forEach(FaultProxy::close);
    }
    cut();
  }
}
