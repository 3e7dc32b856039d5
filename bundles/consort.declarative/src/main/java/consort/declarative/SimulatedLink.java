// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.api.ErrorCode;
import consort.api.Garbled;
import consort.api.Refused;
import consort.api.Unreachable;
import consort.api.link.Answers;
import consort.api.link.Link;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.function.Supplier;

/** The link of a connection of type Simulated: it leads to an instrument in memory. */
final class SimulatedLink implements Link {

  private final SimulatedInstrument instrument;
  private final String terminator;
  private final Deque<String> replies = new ArrayDeque<>();

  SimulatedLink(SimulatedInstrument instrument, String terminator) {
    this.instrument = instrument;
    this.terminator = terminator;
  }

  @Override
  public String address() {
    return "simulated";
  }

  @Override
  public void tell(String line) {
    if (line.contains(terminator)) {
      throw new Refused(ErrorCode.BAD_ARGUMENT, "\"" + line + "\" contains the end of a line");
    }
    String reply = instrument.line(line);
    if (reply != null) {
      replies.add(reply);
    }
  }

  @Override
  public void tell(String format, Object... values) {
    tell(String.format(Locale.ROOT, format, values));
  }

  @Override
  public String ask(String line) {
    replies.clear();
    tell(line);
    String reply = replies.poll();
    if (reply == null) {
      throw new Unreachable(
          ErrorCode.NOT_CONNECTED,
          "the simulated instrument has no answer to \"%s\"; write an example of it"
              .formatted(line.length() > 80 ? line.substring(0, 80) + "…" : line));
    }
    return reply;
  }

  @Override
  public double askDouble(String line) {
    return Answers.toDouble(line, ask(line));
  }

  @Override
  public long askLong(String line) {
    return Answers.toLong(line, ask(line));
  }

  @Override
  public boolean askBoolean(String line) {
    return Answers.toBoolean(line, ask(line));
  }

  @Override
  public byte[] askBlock(String line) {
    return block(line, ask(line));
  }

  /**
   * The content of an arbitrary block that stands in an example. Source: IEEE 488.2-1992, 8.7.9 and
   * 8.7.10.
   *
   * @throws Garbled when it is none
   */
  static byte[] block(String question, String reply) {
    byte[] bytes = reply.getBytes(StandardCharsets.ISO_8859_1);
    int digits = bytes.length < 2 || bytes[0] != '#' ? -1 : bytes[1] - '0';
    if (digits == 0) {
      return java.util.Arrays.copyOfRange(bytes, 2, bytes.length);
    }
    if (digits > 0 && digits <= 9 && bytes.length >= 2 + digits) {
      String length = reply.substring(2, 2 + digits);
      if (length.matches("[0-9]+") && bytes.length == 2 + digits + Long.parseLong(length)) {
        return java.util.Arrays.copyOfRange(bytes, 2 + digits, bytes.length);
      }
    }
    throw Answers.garbled(question, reply, "is no block");
  }

  @Override
  public void write(byte[] bytes) {
    tell(new String(bytes, StandardCharsets.ISO_8859_1));
  }

  @Override
  public byte[] read(int count) {
    throw new Refused(ErrorCode.NOT_SUPPORTED, "a simulated instrument answers in lines");
  }

  @Override
  public String readLine() {
    String reply = replies.poll();
    if (reply == null) {
      throw new Unreachable(
          ErrorCode.NOT_CONNECTED, "the simulated instrument has answered nothing");
    }
    return reply;
  }

  @Override
  public <T> T together(Supplier<T> operations) {
    return operations.get();
  }

  @Override
  public void clear() {
    replies.clear();
  }

  @Override
  public void close() {
    replies.clear();
  }
}
