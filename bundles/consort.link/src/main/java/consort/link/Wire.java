// SPDX-License-Identifier: Apache-2.0
package consort.link;

import java.io.IOException;

/**
 * Bytes to and from one piece of hardware. One thread at a time uses it, the one whose turn it is;
 * only {@link #wake} may come from any thread. Waiting ends with {@link Overdue} or {@link Stopped}
 * as its {@link Limit} says, and not by an interrupt.
 */
interface Wire {

  /** Whether bytes can be sent, as far as is known. */
  boolean isOpen();

  /** Opens it. The message of an exception says in words why it cannot. */
  void open(Limit limit) throws IOException;

  /**
   * Waits for bytes and reads what has come.
   *
   * @return how many bytes, at least 1; −1 when the other side has closed
   */
  int read(byte[] into, int offset, int length, Limit limit) throws IOException;

  /** Reads what has come without waiting; 0 when nothing has, −1 when the other side has closed. */
  int readNow(byte[] into, int offset, int length) throws IOException;

  /** Sends all bytes. */
  void write(byte[] bytes, Limit limit) throws IOException;

  /** Makes the thread that waits look at its limit again. */
  void wake();

  /** Closes it; does nothing when it is closed. Never waits. */
  void close();

  /** Whether nothing of it is left: no socket, no thread, no port that is being closed. */
  boolean isGone();

  /**
   * Whether closing and opening makes sure that no late answer comes. A serial line has no ends;
   * there only waiting for silence helps.
   */
  boolean isFreshWhenReopened();

  /** The deadline passed. */
  final class Overdue extends IOException {
    private static final long serialVersionUID = 1L;

    Overdue() {
      super("the time is over");
    }
  }

  /** Somebody ended the operation. */
  final class Stopped extends IOException {
    private static final long serialVersionUID = 1L;

    Stopped() {
      super("cancelled");
    }
  }
}
