// SPDX-License-Identifier: Apache-2.0
package consort.testkit;

import consort.api.driver.Connection;
import consort.api.driver.Setup;
import consort.api.link.Answers;
import consort.api.link.Link;
import consort.api.link.Links;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.function.Supplier;

/**
 * A link that expects a transcript: what is sent, in this order, and what is answered. Anything
 * else fails the test with an {@link AssertionError} that says what was expected. Lines are written
 * without terminators. For one thread.
 */
public final class ScriptedLink implements Link {

  private record Step(String sent, String answer, RuntimeException failure) {}

  private final Deque<Step> steps = new ArrayDeque<>();
  private final Queue<String> answers = new ArrayDeque<>();
  private int passed;
  private boolean closed;

  /** Expects a line, or bytes as ISO 8859-1 text, that is not answered. */
  public ScriptedLink expect(String sent) {
    return add(new Step(sent, null, null));
  }

  /** Expects a line and answers it; for bytes, the answer is ISO 8859-1 text. */
  public ScriptedLink expect(String sent, String answer) {
    return add(new Step(sent, answer, null));
  }

  /** Expects a line, and fails instead of answering. */
  public ScriptedLink expect(String sent, RuntimeException failure) {
    return add(new Step(sent, null, failure));
  }

  private ScriptedLink add(Step step) {
    steps.add(step);
    return this;
  }

  /** Checks that the whole transcript has passed and every answer was read. */
  public void assertFinished() {
    if (!steps.isEmpty()) {
      throw new AssertionError(
          "after " + passed + " lines, still expected: \"" + steps.peek().sent + "\"");
    }
    if (!answers.isEmpty()) {
      throw new AssertionError("nobody read the answer \"" + answers.peek() + "\"");
    }
  }

  /** Links that open this one, whatever the connection. */
  public Links links() {
    return (connection, settings) -> this;
  }

  /** What a driver's factory is given: this link, and settings by canonical name. */
  public Setup setup(Map<String, Object> settings) {
    return new Setup("TEST", settings, Connection.visa("TEST"), links());
  }

  /** Whether the driver has closed it. */
  public boolean isClosed() {
    return closed;
  }

  @Override
  public String address() {
    return "scripted";
  }

  @Override
  public void tell(String line) {
    Step step = steps.poll();
    if (step == null) {
      throw new AssertionError("\"" + line + "\" was sent after the end of the transcript");
    }
    if (!step.sent.equals(line)) {
      throw new AssertionError(
          "line "
              + (passed + 1)
              + ": expected \""
              + step.sent
              + "\", but sent was \""
              + line
              + "\"");
    }
    passed++;
    if (step.failure != null) {
      throw step.failure;
    }
    if (step.answer != null) {
      answers.add(step.answer);
    }
  }

  @Override
  public void tell(String format, Object... values) {
    tell(String.format(Locale.ROOT, format, values));
  }

  @Override
  public String ask(String line) {
    tell(line);
    return readLine();
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

  /** The scripted answer is the block's content, without its head. */
  @Override
  public byte[] askBlock(String line) {
    return ask(line).getBytes(StandardCharsets.ISO_8859_1);
  }

  @Override
  public void write(byte[] bytes) {
    tell(new String(bytes, StandardCharsets.ISO_8859_1));
  }

  /** Takes one scripted answer, which must have this many bytes. */
  @Override
  public byte[] read(int count) {
    byte[] answer = readLine().getBytes(StandardCharsets.ISO_8859_1);
    if (answer.length != count) {
      throw new AssertionError(
          count + " bytes were read where the transcript answers " + answer.length);
    }
    return answer;
  }

  @Override
  public String readLine() {
    String answer = answers.poll();
    if (answer == null) {
      throw new AssertionError(
          "line " + passed + ": an answer is read where the transcript has none");
    }
    return answer;
  }

  @Override
  public <T> T together(Supplier<T> operations) {
    return operations.get();
  }

  @Override
  public void clear() {
    answers.clear();
  }

  @Override
  public void close() {
    closed = true;
  }
}
