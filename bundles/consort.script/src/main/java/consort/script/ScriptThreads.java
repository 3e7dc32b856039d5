// SPDX-License-Identifier: Apache-2.0
package consort.script;

import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Makes the threads of scripts and jobs. They do not belong to the group of whoever asks for one:
 * that may be a script that is over, whose threads are all told to end.
 */
final class ScriptThreads {

  /** The stack of a script, for functions that call each other deeply. */
  private static final long STACK = 32 << 20;

  private final ThreadGroup group = Thread.currentThread().getThreadGroup();

  /** A group for a script and its coroutines. */
  ThreadGroup groupOf(String script) {
    return new ThreadGroup(group, script);
  }

  /** Starts a script, which inherits nothing. */
  void startScript(ThreadGroup its, String name, Runnable task) {
    Thread thread = new Thread(its, task, name, STACK, false);
    thread.setDaemon(true);
    thread.start();
  }

  /** Starts something that is no script. */
  void start(String name, Runnable task) {
    make(name, task).start();
  }

  private Thread make(String name, Runnable task) {
    Thread thread = new Thread(group, task, name, 0, false);
    thread.setDaemon(true);
    return thread;
  }

  /** A timer whose thread ends when there is nothing to do. */
  ScheduledThreadPoolExecutor timer(String name) {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(1, task -> make(name, task));
    timer.setKeepAliveTime(10, TimeUnit.SECONDS);
    timer.allowCoreThreadTimeOut(true);
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }
}
