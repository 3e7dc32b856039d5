// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One connection with a peer, from either side. Any thread may send, and never waits: what cannot
 * be written at once is written by the loop. All else happens on the loop's thread.
 */
final class Connection implements IoLoop.Ready, IoLoop.Timed {

  /** What a connection is for. All methods are called by the loop's thread. */
  interface Handler {
    /** The peer has said who it is. */
    void opened(Connection connection, Hello peer) throws Malformed;

    /** A message came. */
    void received(Connection connection, MessageType type, int id, byte[] payload) throws Malformed;

    /** It is closed, or was never opened; called once. */
    void closed(Connection connection, String reason);
  }

  /** How long a peer may take to say who it is. */
  private static final Duration GREETING = Duration.ofSeconds(2);

  /** How long a peer may take nothing of what is sent to it. */
  private static final Duration PATIENCE = Duration.ofSeconds(4);

  private static final int HELLO = 1024;

  private final IoLoop loop;
  private final Transport transport;
  private final Hello own;
  private final Handler handler;
  private final Assembly assembly;
  private final Spare spare = new Spare();
  private final AtomicBoolean closed = new AtomicBoolean();

  private final Queue<Outgoing> fresh = new ConcurrentLinkedQueue<>();
  private final AtomicInteger flushes = new AtomicInteger();
  private final AtomicBoolean flushing = new AtomicBoolean();
  private final Runnable flush = this::flushSoon;
  private final AtomicLong unwritten = new AtomicLong();
  private volatile boolean established;
  private volatile boolean blocked;
  private volatile long lastWrite;

  // Only touched by whoever writes.
  private final Deque<Outgoing> begun = new ArrayDeque<>();
  private ByteBuffer out; // null while there is nothing to write: most connections are idle
  private boolean flipped;

  // Only touched by the loop.
  private SelectionKey key;
  private Hello peer;
  private long lastRead;
  private boolean reading = true;

  Connection(IoLoop loop, Transport transport, Hello own, AtomicLong budget, Handler handler) {
    this.loop = loop;
    this.transport = transport;
    this.own = own;
    this.handler = handler;
    this.assembly = new Assembly(budget, spare, HELLO, this::message);
    this.lastRead = System.nanoTime();
    this.lastWrite = lastRead;
  }

  /** Takes up a channel that is connected; on the loop's thread. */
  void begin() {
    try {
      key = loop.register(transport.channel(), SelectionKey.OP_READ, this);
      loop.add(this);
      send(own.message());
      ready(key);
    } catch (IOException e) {
      failed(IoLoop.said(e));
    }
  }

  /**
   * Sends a message, or keeps it until it can be sent. Never waits.
   *
   * @return how to take it back, or null when the connection is closed
   */
  Outgoing send(Message message) {
    Outgoing outgoing = new Outgoing(message);
    return send(outgoing, false) ? outgoing : null;
  }

  /**
   * Sends a message, or keeps it until it can be sent. Never waits.
   *
   * @param many whether others are likely to be sent at the same time: then the loop writes them
   *     together, which takes a moment longer and costs much less
   * @return whether the connection is open
   */
  boolean send(Outgoing outgoing, boolean many) {
    if (closed.get()) {
      return false;
    }
    unwritten.addAndGet(outgoing.size());
    fresh.add(outgoing);
    if (!many) {
      flush();
    } else if (!flushing.get() && flushing.compareAndSet(false, true)) {
      loop.execute(flush);
    }
    return true;
  }

  /** Where the memory of long messages comes from, and may go back to. */
  Spare spare() {
    return spare;
  }

  /** How many bytes wait to be written. */
  long unwritten() {
    return unwritten.get();
  }

  /** Who the other side proved to be, empty where it proves nothing. */
  String proven() {
    return transport.peer();
  }

  /** Where the other side is; empty where that has no address. */
  String from() {
    try {
      return transport.channel().getRemoteAddress() instanceof InetSocketAddress there
          ? Address.shown(there)
          : "";
    } catch (IOException e) {
      return ""; // it is closed meanwhile
    }
  }

  /** Whether the peer's messages are taken; it has to wait while they are not. */
  void read(boolean wanted) {
    loop.execute(
        () -> {
          if (key != null && key.isValid() && reading != wanted) {
            reading = wanted;
            interest(SelectionKey.OP_READ, wanted);
            lastRead = System.nanoTime();
            again();
          }
        });
  }

  private void interest(int operation, boolean wanted) {
    try {
      if (wanted) {
        key.interestOpsOr(operation);
      } else {
        key.interestOpsAnd(~operation);
      }
      loop.wakeup();
    } catch (CancelledKeyException e) {
      // it is closed meanwhile
    }
  }

  // ---- Writing: one thread at a time, whoever it is ----

  private void flushSoon() {
    flushing.set(false);
    flush();
  }

  private void flush() {
    if (!established || blocked || flushes.getAndIncrement() != 0) {
      return;
    }
    int seen = 1;
    do {
      try {
        drain();
      } catch (IOException | RuntimeException e) {
        failed(IoLoop.said(e));
      }
      seen = flushes.addAndGet(-seen);
    } while (seen != 0);
  }

  private void drain() throws IOException {
    if (out == null) {
      out = loop.lend();
    }
    while (!closed.get() && !blocked) {
      boolean more = flipped || fill();
      if (!flipped) {
        out.flip();
        flipped = true;
      }
      int before = out.remaining();
      boolean all = transport.write(out);
      if (out.remaining() < before) {
        lastWrite = System.nanoTime();
      }
      if (!all) {
        blocked = true;
        interest(SelectionKey.OP_WRITE, true);
        return;
      }
      out.clear();
      flipped = false;
      if (!more && begun.isEmpty() && fresh.isEmpty()) {
        loop.giveBack(out);
        out = null;
        return;
      }
    }
  }

  /** Fills the buffer with frames, those of long messages in turns; whether more is there. */
  private boolean fill() {
    while (true) {
      for (Outgoing next = fresh.poll(); next != null; next = fresh.poll()) {
        if (next.begin()) {
          begun.addLast(next);
        } else {
          unwritten.addAndGet(-next.size());
        }
        if (begun.size() >= 64) {
          break;
        }
      }
      Outgoing next = begun.pollFirst();
      if (next == null) {
        return false;
      }
      int before = out.position();
      if (next.next(out)) {
        unwritten.addAndGet(-next.size());
      } else if (out.position() == before) {
        begun.addFirst(next);
        return true;
      } else {
        begun.addLast(next);
      }
    }
  }

  // ---- The loop's thread ----

  @Override
  public void ready(SelectionKey ready) throws IOException {
    if (closed.get()) {
      return;
    }
    if (!established) {
      // The key may be null still in the first call.
      boolean done = transport.establish();
      key.interestOps(
          done
              ? SelectionKey.OP_READ
              : SelectionKey.OP_READ | (wantsWrite() ? SelectionKey.OP_WRITE : 0));
      if (!done) {
        return;
      }
      established = true;
      flush();
    }
    if (ready.isValid() && ready.isWritable() && blocked) {
      interest(SelectionKey.OP_WRITE, false);
      blocked = false;
      flush();
    }
    if (reading) {
      readAll();
    }
  }

  private boolean wantsWrite() {
    return transport instanceof TlsTransport tls && tls.wantsWrite();
  }

  private void readAll() throws IOException {
    ByteBuffer in = loop.buffer;
    // Not for ever: others want to be read, too.
    for (int turn = 0; turn < 8 && reading && !closed.get(); turn++) {
      in.clear();
      int count = transport.read(in);
      if (count < 0) {
        failed("the peer closed the connection");
        return;
      }
      if (count == 0) {
        return;
      }
      lastRead = System.nanoTime();
      in.flip();
      try {
        assembly.feed(in);
      } catch (Malformed e) {
        close(e.getMessage());
        return;
      }
      if (count < in.capacity() && !(transport instanceof TlsTransport)) {
        return;
      }
    }
    if (transport instanceof TlsTransport) {
      // What was decrypted already makes no channel ready.
      loop.execute(this::again);
    }
  }

  private void again() {
    try {
      ready(key);
    } catch (IOException e) {
      failed(IoLoop.said(e));
    }
  }

  private void message(MessageType type, int id, byte[] payload) throws Malformed {
    if (closed.get()) {
      return;
    }
    if (peer == null) {
      if (type != MessageType.HELLO) {
        throw new Malformed("the first message says who the peer is");
      }
      Hello hello = Hello.read(payload);
      if (hello.version() != Hello.VERSION) {
        throw new Malformed(
            "the peer speaks version " + hello.version() + ", this node " + Hello.VERSION);
      }
      peer = hello;
      assembly.longest(Limits.MESSAGE);
      handler.opened(this, hello);
      return;
    }
    switch (type) {
      case HELLO -> throw new Malformed("the peer says twice who it is");
      case GOODBYE -> failed("the node says: " + Fields.read("goodbye", payload, 1).text(0));
      case HEARTBEAT -> {
        // it is alive, that is all
      }
      default -> handler.received(this, type, id, payload);
    }
  }

  @Override
  public void tick(long now) {
    if (closed.get()) {
      return;
    }
    long silent = now - lastRead;
    if (peer == null) {
      if (silent > GREETING.toNanos()) {
        close("the peer does not say who it is");
      }
      return;
    }
    if (reading && silent > 2 * peer.heartbeat().toNanos()) {
      abort("no sign of life for " + silent / 1_000_000 + " ms");
    } else if (blocked && now - lastWrite > PATIENCE.toNanos()) {
      abort("the peer takes nothing for " + (now - lastWrite) / 1_000_000 + " ms");
    } else if (!blocked && now - lastWrite > own.heartbeat().toNanos() / 2) {
      // Twice as often as promised, so that one that is late is no death.
      lastWrite = now;
      send(Message.bare(MessageType.HEARTBEAT, 0));
    }
  }

  // ---- The end ----

  /** Says why, as far as the peer takes it now, and closes. Any thread. */
  void close(String reason) {
    send(Message.of(MessageType.GOODBYE, 0, reason));
    failed(reason);
  }

  /**
   * Gives up a peer that is not heard. What is not acknowledged would hold up an orderly end, which
   * a peer that hears this node should know of at once; so TCP is reset.
   */
  private void abort(String reason) {
    try {
      transport.channel().setOption(StandardSocketOptions.SO_LINGER, 0);
    } catch (IOException | UnsupportedOperationException e) {
      // then it learns it later
    }
    failed(reason);
  }

  @Override
  public void failed(String reason) {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    loop.execute(
        () -> {
          loop.remove(this);
          assembly.clear();
          if (key != null) {
            key.cancel();
          }
          try {
            transport.close();
          } catch (IOException e) {
            // it is gone anyway
          }
          handler.closed(this, reason);
        });
  }
}
