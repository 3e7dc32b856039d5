// SPDX-License-Identifier: Apache-2.0
package consort.api.link;

import java.util.function.Supplier;
import org.osgi.annotation.versioning.ProviderType;

/**
 * An open byte channel to hardware. Every method waits at most until the deadline of the call the
 * thread is running ({@link consort.api.Deadline#current}), else 5 s. The first use opens the
 * channel. Each method is one transaction: other users of the same channel wait until it is over.
 *
 * <p>All methods throw {@link consort.api.Unreachable} when the channel cannot be opened or breaks,
 * and {@link consort.api.TimedOut} when the deadline passes. After an answer that did not come, or
 * came in part, the channel is resynchronised before its next use: a late answer is never given to
 * another question. An interrupt ends nothing; the guard does, through {@link LinkSession#cancel}.
 */
@ProviderType
public interface Link extends AutoCloseable {

  /** The address of the hardware, for people. */
  String address();

  /**
   * Sends a line; the write terminator is appended.
   *
   * @throws consort.api.Refused when the line contains the terminator, so that a text argument
   *     cannot smuggle in another command, or a character that the charset lacks; as all methods
   *     that take a line
   */
  void tell(String line);

  /** Sends a line made by {@link String#format} in the root locale. */
  void tell(String format, Object... values);

  /**
   * Sends a line and reads the answer, a line without its terminator.
   *
   * @throws consort.api.Garbled when the answer is longer than the limit
   */
  String ask(String line);

  /**
   * Asks for a number, as {@link Answers#toDouble} reads it: SCPI's 9.9E37 (overload) and 9.91E37
   * (not a number) come as they are.
   *
   * @throws consort.api.Garbled when the answer is not a number
   */
  double askDouble(String line);

  /**
   * Asks for a whole number.
   *
   * @throws consort.api.Garbled when the answer is not one; {@code 3.0} and {@code +3E0} are
   */
  long askLong(String line);

  /**
   * Asks for {@code 1}, {@code 0}, {@code ON} or {@code OFF}.
   *
   * @throws consort.api.Garbled when the answer is something else
   */
  boolean askBoolean(String line);

  /**
   * Asks for an arbitrary block, of definite or indefinite length, and reads it with the terminator
   * that follows. A block of indefinite length ends at a terminator after which nothing comes for a
   * while, as a stream of bytes has no other end. Source: IEEE 488.2-1992, 8.7.9 and 8.7.10.
   *
   * @throws consort.api.Garbled when the answer is no block, or longer than the limit
   */
  byte[] askBlock(String line);

  /** Sends bytes as they are. */
  void write(byte[] bytes);

  /** Reads exactly this many bytes. */
  byte[] read(int count);

  /** Reads a line without its terminator. */
  String readLine();

  /** Runs several operations as one transaction. */
  <T> T together(Supplier<T> operations);

  /** Throws away what was received and not read. */
  void clear();

  /** Gives the channel back; it stays open a while for the next user. */
  @Override
  void close();
}
