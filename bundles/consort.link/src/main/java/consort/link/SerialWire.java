// SPDX-License-Identifier: Apache-2.0
package consort.link;

import com.fazecast.jSerialComm.SerialPort;
import com.fazecast.jSerialComm.SerialPortInvalidPortException;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * A serial port. Native calls wait as long as they like, so none is made by the thread of a call:
 * an open port has one thread that opens it, reads and closes it again, and one that writes. The
 * reader also notices when the port goes away.
 */
final class SerialWire implements Wire {

  /** How soon the reader sees that it should end; reading itself returns with the first byte. */
  private static final int READER_LOOKS_MILLIS = 200;

  private static final int LONGEST_BACKLOG = 1 << 22;

  private enum State {
    CLOSED,
    OPENING,
    OPEN,
    CLOSING
  }

  private final String device;
  private final Function<String, Runnable> lost;

  // All below belongs to the lock; nothing waits or calls out while holding it.
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private State state = State.CLOSED;
  private Options.Line line;
  private String failure = "";
  private byte[] backlog = new byte[4096];
  private int size;
  private byte[] outgoing;
  private boolean writing;

  /**
   * @param lost told, on the reader's thread, why an open port went away, before any other thread
   *     can know; what it returns is run when the port is closed
   */
  SerialWire(String device, Options.Line line, Function<String, Runnable> lost) {
    this.device = device;
    this.line = line;
    this.lost = lost;
  }

  Options.Line line() {
    lock.lock();
    try {
      return line;
    } finally {
      lock.unlock();
    }
  }

  /** Other settings, from the next time it is opened. */
  void line(Options.Line other) {
    lock.lock();
    try {
      line = other;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean isOpen() {
    lock.lock();
    try {
      return state == State.OPEN;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void open(Limit limit) throws IOException {
    lock.lock();
    try {
      while (state == State.CLOSING) {
        await(limit);
      }
      if (state == State.CLOSED) {
        state = State.OPENING;
        failure = "";
        size = 0;
        outgoing = null;
        start("link " + device + " reader", () -> run(line()));
      }
      while (state == State.OPENING) {
        await(limit);
      }
      if (state != State.OPEN) {
        throw new IOException(failure);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int read(byte[] into, int offset, int length, Limit limit) throws IOException {
    lock.lock();
    try {
      while (size == 0 && state == State.OPEN) {
        await(limit);
      }
      return taken(into, offset, length);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int readNow(byte[] into, int offset, int length) throws IOException {
    lock.lock();
    try {
      return size == 0 && state == State.OPEN ? 0 : taken(into, offset, length);
    } finally {
      lock.unlock();
    }
  }

  private int taken(byte[] into, int offset, int length) throws IOException {
    if (size == 0) {
      throw new IOException(failure.isEmpty() ? "the port was closed" : failure);
    }
    int count = Math.min(length, size);
    System.arraycopy(backlog, 0, into, offset, count);
    size -= count;
    System.arraycopy(backlog, count, backlog, 0, size);
    return count;
  }

  @Override
  public void write(byte[] bytes, Limit limit) throws IOException {
    lock.lock();
    try {
      if (state == State.OPEN) {
        outgoing = bytes;
        changed.signalAll();
        try {
          while (outgoing != null && state == State.OPEN) {
            await(limit);
          }
        } catch (Overdue | Stopped e) {
          // The writer hangs in the driver of the port; only closing the port gets it out.
          end("the port took no more bytes");
          throw e;
        }
      }
      if (state != State.OPEN) {
        throw new IOException(failure.isEmpty() ? "the port was closed" : failure);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void wake() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (state != State.CLOSED) {
        end("the port was closed");
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean isGone() {
    lock.lock();
    try {
      return state == State.CLOSED;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean isFreshWhenReopened() {
    return false;
  }

  /** With the lock: an open or opening port is on its way to closed. */
  private void end(String reason) {
    failure = failure.isEmpty() ? reason : failure;
    state = State.CLOSING;
    changed.signalAll();
  }

  /** With the lock, which is free while waiting. */
  private void await(Limit limit) throws IOException {
    long left = limit.left();
    limit.setInterruptAside();
    try {
      changed.awaitNanos(left);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      limit.setInterruptAside();
    }
  }

  /** The reader: opens, reads, closes. */
  private void run(Options.Line settings) {
    String gone = "";
    SerialPort port = null;
    try {
      port = opened(settings);
      start("link " + device + " writer", writer(port));
      gone = readAll(port);
    } catch (IOException e) {
      gone = e.getMessage();
    } catch (RuntimeException | LinkageError e) {
      // A native library that does not load, or a fault in it, must not leave callers waiting.
      gone = "the serial library failed: " + e;
    } finally {
      Runnable after = gone.isEmpty() || !isOpen() ? () -> {} : lost.apply(gone);
      close(port, gone);
      after.run();
    }
  }

  private SerialPort opened(Options.Line settings) throws IOException {
    SerialPort port;
    try {
      port = SerialPort.getCommPort(device);
    } catch (SerialPortInvalidPortException e) {
      throw new IOException("there is no port " + device, e);
    }
    SerialSettings.apply(settings, port, READER_LOOKS_MILLIS);
    if (!port.openPort()) {
      throw new IOException(SerialSettings.reason(port, device));
    }
    lock.lock();
    try {
      if (state == State.OPENING) {
        state = State.OPEN;
        writing = true;
        changed.signalAll();
        return port;
      }
    } finally {
      lock.unlock();
    }
    port.closePort();
    throw new IOException("the port was closed");
  }

  /** Reads until the port goes away, and says why, or until it is to be closed: empty. */
  private String readAll(SerialPort port) {
    byte[] buffer = new byte[4096];
    while (true) {
      int count = port.readBytes(buffer, buffer.length);
      lock.lock();
      try {
        if (state != State.OPEN) {
          return "";
        }
        if (count < 0) {
          return "the port " + device + " went away";
        }
        if (count > 0) {
          keep(buffer, count);
          changed.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /** With the lock. What nobody has asked for in 4 MiB nobody will. */
  private void keep(byte[] bytes, int count) {
    if (size + count > LONGEST_BACKLOG) {
      size = 0;
    }
    if (size + count > backlog.length) {
      backlog = Arrays.copyOf(backlog, Math.max(2 * backlog.length, size + count));
    }
    System.arraycopy(bytes, 0, backlog, size, count);
    size += count;
  }

  private void close(SerialPort port, String gone) {
    lock.lock();
    try {
      end(gone);
    } finally {
      lock.unlock();
    }
    if (port != null) {
      port.closePort();
    }
    lock.lock();
    try {
      // A port may be opened anew only after nobody can touch the old handle any more.
      while (writing) {
        changed.awaitUninterruptibly();
      }
      state = State.CLOSED;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private Runnable writer(SerialPort port) {
    return () -> {
      lock.lock();
      try {
        while (state == State.OPEN) {
          byte[] bytes = outgoing;
          if (bytes == null) {
            changed.awaitUninterruptibly();
          } else {
            boolean written = write(port, bytes);
            outgoing = null;
            if (!written && state == State.OPEN) {
              end("the port " + device + " went away");
            }
            changed.signalAll();
          }
        }
      } finally {
        writing = false;
        changed.signalAll();
        lock.unlock();
      }
    };
  }

  /** With the lock, which is free while the port writes. */
  private boolean write(SerialPort port, byte[] bytes) {
    lock.unlock();
    try {
      return port.writeBytes(bytes, bytes.length) == bytes.length;
    } finally {
      lock.lock();
    }
  }

  private static void start(String name, Runnable body) {
    Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    thread.start();
  }
}
