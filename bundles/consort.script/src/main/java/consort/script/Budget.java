// SPDX-License-Identifier: Apache-2.0
package consort.script;

import org.luaj.vm2.LuaError;

/**
 * How much a script may do, and the word that ends it. What counts is what it does in a row: after
 * a call that succeeded, or a pause, it may do as much again, so that a measurement can go on for
 * days. Only {@link #stop} and {@link #stopped} are for other threads.
 */
final class Budget {

  /** Instructions in a row: some ten seconds. */
  static final long INSTRUCTIONS = 1_000_000_000L;

  /** The longest string, bytes. */
  static final int LONGEST = 16 << 20;

  /** The most values that one function gives at once. */
  static final int MOST_VALUES = 100_000;

  /** How deep functions may call each other. */
  static final int DEEPEST = 4000;

  /** The most coroutines at once: each has a thread of its own. */
  static final int MOST_COROUTINES = 64;

  private final long instructions;
  private long left;
  private volatile String stopped;
  private volatile long progress;
  private int coroutines;

  Budget(long instructions) {
    this.instructions = instructions;
    this.left = instructions;
  }

  /** Ends the script at its next instruction; the first reason counts. */
  synchronized void stop(String why) {
    if (stopped == null) {
      stopped = why;
    }
  }

  /** Why the script was ended; null when it was not. */
  String stopped() {
    return stopped;
  }

  /** How often there was progress; for who watches. */
  long progress() {
    return progress;
  }

  /** It got somewhere. */
  void progressed() {
    left = instructions;
    progress++; // only the script itself writes, and it is on one thread at a time
  }

  /** One instruction, or a step of as much work. */
  void step() {
    if (stopped != null) {
      throw new Stop(stopped);
    }
    if (--left < 0) {
      stop("it took more than " + instructions + " steps without a call or a pause");
      throw new Stop(stopped);
    }
  }

  /** Ends the script if it was told to. */
  void check() {
    if (stopped != null) {
      throw new Stop(stopped);
    }
  }

  /** Refuses a string before it is made. */
  void length(long bytes) {
    if (bytes > LONGEST) {
      throw new LuaError(
          "a string of " + bytes + " bytes is longer than the limit of " + LONGEST + " bytes");
    }
  }

  synchronized void enterCoroutine() {
    if (coroutines >= MOST_COROUTINES) {
      throw new LuaError("there are " + coroutines + " coroutines already; that is the limit");
    }
    coroutines++;
  }

  synchronized void leaveCoroutine() {
    coroutines--;
  }
}
