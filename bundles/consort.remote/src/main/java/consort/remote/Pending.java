// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** A question that waits for its answer. The first outcome counts. */
final class Pending {

  /**
   * What came: a message of a type, or an exception that is thrown instead.
   *
   * @param at when it came, {@link System#nanoTime()}
   */
  record Outcome(MessageType type, byte[] payload, RuntimeException failure, long at) {
    Outcome(MessageType type, byte[] payload, RuntimeException failure) {
      this(type, payload, failure, System.nanoTime());
    }
  }

  /** In place of a message that is never sent. */
  private static final Outgoing NEVER = new Outgoing(Message.bare(MessageType.CANCEL, 0));

  final int id;

  /** Makes the message, with the time that is left then; null when there is none left. */
  final Supplier<Message> question;

  /** {@link System#nanoTime()} when nobody waits any longer. */
  final long until;

  /** {@link System#nanoTime()} when it must have been sent. */
  final long sentUntil;

  /** What is asked, for errors. */
  final String what;

  private final AtomicReference<Outcome> outcome = new AtomicReference<>();
  private final Thread waiter;
  private final Executor executor;
  private final Consumer<Outcome> callback;
  private final Runnable ready;

  /** How it goes out; null as long as there is no connection. Who takes it back wins, or loses. */
  private final AtomicReference<Outgoing> outgoing = new AtomicReference<>();

  private Pending(
      int id,
      String what,
      Supplier<Message> question,
      long until,
      long sentUntil,
      Executor executor,
      Consumer<Outcome> callback,
      Runnable ready) {
    this.ready = ready;
    this.id = id;
    this.what = what;
    this.question = question;
    this.until = until;
    this.sentUntil = sentUntil;
    this.executor = executor;
    this.callback = callback;
    this.waiter = callback == null ? Thread.currentThread() : null;
  }

  /** A question that this thread waits for. */
  static Pending awaited(
      int id, String what, Supplier<Message> question, long until, long sentUntil) {
    return new Pending(id, what, question, until, sentUntil, null, null, null);
  }

  /**
   * A question whose answer is given to a callback, run by the executor.
   *
   * @param ready is run when the answer could begin, and must not wait; null for most
   */
  static Pending sent(
      int id,
      String what,
      Supplier<Message> question,
      long until,
      long sentUntil,
      Executor executor,
      Consumer<Outcome> callback,
      Runnable ready) {
    return new Pending(id, what, question, until, sentUntil, executor, callback, ready);
  }

  /** The other node is ready. */
  void ready() {
    if (ready != null) {
      ready.run();
    }
  }

  Outcome outcome() {
    return outcome.get();
  }

  /** Gives the outcome; whether it was the first. */
  boolean complete(Outcome value) {
    if (!outcome.compareAndSet(null, value)) {
      return false;
    }
    if (waiter != null) {
      LockSupport.unpark(waiter);
    } else {
      executor.execute(() -> callback.accept(value));
    }
    return true;
  }

  void fail(RuntimeException failure) {
    complete(new Outcome(null, null, failure));
  }

  /** How it goes out; null when it waits, or was taken back. */
  Outgoing outgoing() {
    Outgoing going = outgoing.get();
    return going == NEVER ? null : going;
  }

  /** It is to go out; false when it must not, or does already. */
  boolean goesAs(Outgoing message) {
    return outgoing.compareAndSet(null, message);
  }

  /** A connection has not taken its message; false when somebody else has seen to it. */
  boolean waitsAgain(Outgoing message) {
    return outgoing.compareAndSet(message, null);
  }

  /** Whether nothing of it was sent, nor will be. */
  boolean withdraw() {
    Outgoing going = outgoing.get();
    while (going != NEVER && (going == null || going.withdraw())) {
      if (outgoing.compareAndSet(going, NEVER)) {
        return true;
      }
      going = outgoing.get();
    }
    return going == NEVER;
  }
}
