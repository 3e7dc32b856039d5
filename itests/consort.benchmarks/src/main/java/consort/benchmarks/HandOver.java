// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import java.util.concurrent.locks.LockSupport;

/**
 * The floor of a guarded call: a bare hand-over to another thread and back. The caller sets a field
 * and unparks the other thread, which answers in the same way; nothing is allocated.
 */
final class HandOver implements AutoCloseable {

  private volatile Thread caller;
  private volatile boolean asked;
  private volatile boolean answered;
  private volatile boolean ended;
  private final Thread thread = new Thread(this::serve, "bare hand-over");

  HandOver() {
    thread.setDaemon(true);
    thread.start();
  }

  void call() {
    caller = Thread.currentThread();
    answered = false;
    asked = true;
    LockSupport.unpark(thread);
    while (!answered) {
      LockSupport.park(this);
    }
  }

  private void serve() {
    while (!ended) {
      if (asked) {
        asked = false;
        answered = true;
        LockSupport.unpark(caller);
      } else {
        LockSupport.park(this);
      }
    }
  }

  @Override
  public void close() {
    ended = true;
    LockSupport.unpark(thread);
  }
}
