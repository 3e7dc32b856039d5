// SPDX-License-Identifier: Apache-2.0
package consort.link;

import consort.api.Deadline;
import consort.api.ErrorCode;
import consort.api.Garbled;
import consort.api.InstrumentException;
import consort.api.Origin;
import consort.api.Refused;
import consort.api.TimedOut;
import consort.api.Unreachable;
import consort.api.link.Answers;
import consort.api.link.Link;
import consort.api.link.LinkSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** A link of one session on a channel that others may use as well. */
final class ChannelLink implements Link {

  final Session session;
  final TraceRing trace;
  private final Channel channel;
  private final Options options;
  private final Lines lines;
  private final BooleanSupplier stop = this::isStopped;
  private volatile boolean closed;

  /** Something was sent and nothing read since: an answer may be on its way. */
  private volatile boolean awaiting;

  ChannelLink(Session session, Channel channel, Options options, LinkSettings settings) {
    this.session = session;
    this.trace = session.trace;
    this.channel = channel;
    this.options = options;
    this.lines = Lines.of(settings, options.termination());
  }

  @Override
  public String address() {
    return channel.resource.name();
  }

  @Override
  public void tell(String line) {
    send(encoded(line), line);
  }

  @Override
  public void tell(String format, Object... values) {
    tell(String.format(Locale.ROOT, format, values));
  }

  @Override
  public void write(byte[] bytes) {
    send(bytes.clone(), new String(bytes, StandardCharsets.ISO_8859_1));
  }

  private void send(byte[] bytes, String text) {
    Limit limit = begin(text);
    try {
      awaiting = true;
      channel.ready(limit);
      channel.send(bytes, false, limit);
    } catch (IOException e) {
      throw failed(e, text, limit);
    } finally {
      end(limit);
    }
  }

  @Override
  public String ask(String line) {
    byte[] question = encoded(line);
    Limit limit = begin(line);
    try {
      channel.ready(limit);
      channel.send(question, true, limit);
      String answer = line(limit);
      answered();
      return answer;
    } catch (IOException e) {
      throw failed(e, line, limit);
    } finally {
      end(limit);
    }
  }

  @Override
  public double askDouble(String line) {
    String answer = ask(line);
    try {
      return Answers.toDouble(line, answer);
    } catch (Garbled e) {
      throw outOfStep(e);
    }
  }

  @Override
  public long askLong(String line) {
    String answer = ask(line);
    try {
      return Answers.toLong(line, answer);
    } catch (Garbled e) {
      throw outOfStep(e);
    }
  }

  @Override
  public boolean askBoolean(String line) {
    String answer = ask(line);
    try {
      return Answers.toBoolean(line, answer);
    } catch (Garbled e) {
      throw outOfStep(e);
    }
  }

  @Override
  public byte[] askBlock(String line) {
    byte[] question = encoded(line);
    Limit limit = begin(line);
    try {
      channel.ready(limit);
      channel.send(question, true, limit);
      byte[] block = block(line, limit);
      answered();
      return block;
    } catch (IOException e) {
      throw failed(e, line, limit);
    } finally {
      end(limit);
    }
  }

  private byte[] block(String line, Limit limit) throws IOException {
    byte[] head = channel.received.bytes(2, limit);
    if (head[0] != '#' || head[1] < '0' || head[1] > '9') {
      throw noBlock(line, head, "begins no block");
    }
    int digits = head[1] - '0';
    if (digits == 0) {
      return channel.untilQuiet(lines, limit);
    }
    byte[] length = channel.received.bytes(digits, limit);
    int count = 0;
    for (byte digit : length) {
      if (digit < '0' || digit > '9') {
        throw noBlock(line, length, "is no length of a block");
      }
      count = (int) Math.min(10L * count + digit - '0', Integer.MAX_VALUE);
    }
    if (count > lines.longest()) {
      throw new Received.TooLong(lines.longest());
    }
    byte[] block = channel.received.bytes(count, limit);
    byte[] after = channel.received.bytes(lines.terminator().length, limit);
    if (!Arrays.equals(after, lines.terminator())) {
      throw noBlock(line, after, "after a block of " + count + " bytes is not its end");
    }
    return block;
  }

  private Garbled noBlock(String line, byte[] bytes, String what) {
    String answer = new String(bytes, StandardCharsets.ISO_8859_1) + channel.received.toString();
    channel.failed(false, false, "the answer is no block");
    return located(Answers.garbled(line, answer, what));
  }

  @Override
  public byte[] read(int count) {
    if (count < 0 || count > lines.longest()) {
      throw new IllegalArgumentException(count + " bytes are outside [0, " + lines.longest() + "]");
    }
    Limit limit = begin("");
    try {
      channel.ready(limit);
      byte[] bytes = channel.received.bytes(count, limit);
      answered();
      return bytes;
    } catch (IOException e) {
      throw failed(e, "", limit);
    } finally {
      end(limit);
    }
  }

  @Override
  public String readLine() {
    Limit limit = begin("");
    try {
      channel.ready(limit);
      String line = line(limit);
      answered();
      return line;
    } catch (IOException e) {
      throw failed(e, "", limit);
    } finally {
      end(limit);
    }
  }

  @Override
  public <T> T together(Supplier<T> operations) {
    Limit limit = begin("");
    boolean done = false;
    try {
      T result = operations.get();
      done = true;
      return result;
    } finally {
      if (!done && awaiting) {
        channel.setDirty(true);
      }
      end(limit);
    }
  }

  @Override
  public void clear() {
    Limit limit = begin("");
    try {
      channel.clear();
    } catch (IOException e) {
      throw failed(e, "", limit);
    } finally {
      end(limit);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      channel.wake();
      session.closed(this);
    }
  }

  Channel channel() {
    return channel;
  }

  /** An operation was ended from outside; what it asked for may still be answered. */
  void cancel() {
    if (awaiting) {
      channel.setDirty(true);
    }
    channel.wake();
  }

  /** Resynchronises the channel if it is out of step. */
  void resynchronise() {
    if (channel.isOutOfStep()) {
      Limit limit = begin("");
      try {
        channel.ready(limit);
        awaiting = false;
      } catch (IOException e) {
        throw failed(e, "", limit);
      } finally {
        end(limit);
      }
    }
  }

  private boolean isStopped() {
    return closed || session.isStopped();
  }

  private Limit begin(String text) {
    Limit limit = new Limit(Deadline.current(options.timeout()).nanoTime(), stop);
    try {
      limit.left();
      channel.begin(this, limit);
      return limit;
    } catch (IOException e) {
      limit.close();
      if (e instanceof Wire.Stopped) {
        throw stopped(text);
      }
      String what =
          limit.length() == 0
              ? "the deadline had passed before " + address() + " was used"
              : address() + " was in use for " + shown(limit.length());
      throw located(new TimedOut(what + "; nothing was sent", e), text, "");
    }
  }

  private void end(Limit limit) {
    channel.end();
    limit.close();
  }

  private void answered() {
    if (awaiting) {
      awaiting = false;
    }
  }

  private InstrumentException failed(IOException e, String text, Limit limit) {
    String received = channel.received.toString();
    String question = text.isEmpty() ? "" : " to \"" + Lines.shown(text) + "\"";
    if (e instanceof Channel.NotOpened) {
      trace.event(address(), "not opened: " + e.getMessage());
      String what = address() + ": " + e.getMessage();
      return located(new Unreachable(ErrorCode.NO_LINK, what, e), "", "");
    }
    if (e instanceof Wire.Overdue && channel.isStillOutOfStep()) {
      String what = address() + " still waits for an overdue answer; nothing was sent";
      return located(new TimedOut(what, e), text, "");
    }
    if (e instanceof Wire.Overdue) {
      String what =
          "no answer" + question + " on " + address() + " within " + shown(limit.length());
      channel.failed(false, true, what);
      return located(new TimedOut(what, e), text, received);
    }
    if (e instanceof Wire.Stopped) {
      channel.failed(false, true, "cancelled");
      return stopped(text);
    }
    if (e instanceof Received.TooLong) {
      channel.failed(false, false, "the answer is " + e.getMessage());
      String what = "the answer" + question + " on " + address() + " is " + e.getMessage();
      return located(new Garbled(ErrorCode.TOO_LONG, what, e), text, received);
    }
    String reason = e.getMessage() == null ? e.toString() : e.getMessage();
    channel.failed(true, false, "lost: " + reason);
    return located(
        new Unreachable(ErrorCode.NO_LINK, address() + ": " + reason, e), text, received);
  }

  private InstrumentException stopped(String text) {
    if (closed || session.isClosed()) {
      String what = address() + ": the link was closed";
      return located(new Unreachable(ErrorCode.NO_LINK, what), text, "");
    }
    return located(new TimedOut("the operation on " + address() + " was cancelled"), text, "");
  }

  private Garbled outOfStep(Garbled error) {
    channel.setDirty(false);
    return located(error);
  }

  private <E extends InstrumentException> E located(E error) {
    return located(error, "", "");
  }

  private <E extends InstrumentException> E located(E error, String sent, String received) {
    error.at(new Origin(session.instrument, "", address(), sent, received));
    return error;
  }

  private byte[] encoded(String line) {
    try {
      return lines.encode(line);
    } catch (Refused e) {
      throw located(e);
    }
  }

  private String line(Limit limit) throws IOException {
    return channel.received.line(lines.terminator(), lines.charset(), lines.longest(), limit);
  }

  /** A duration for people: {@code 250 ms}, {@code 5 s}. */
  private static String shown(long nanos) {
    long millis = (nanos + 500_000) / 1_000_000;
    return millis >= 1000 && millis % 1000 == 0 ? millis / 1000 + " s" : millis + " ms";
  }
}
