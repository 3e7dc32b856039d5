// SPDX-License-Identifier: Apache-2.0
package consort.shell;

import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.apache.felix.service.command.CommandSession;
import org.jline.terminal.Terminal;

/**
 * Ends the waiting for something when Ctrl-C is pressed. Gogo's own handler would show the name of
 * an exception, and no word about what goes on.
 */
final class CtrlC implements Terminal.SignalHandler {

  /** Where Gogo's shell keeps its terminal; scripts have none. */
  private static final String TERMINAL = ".terminal";

  private final FutureTask<Object> task;
  private Terminal.SignalHandler before;

  private CtrlC(FutureTask<Object> task) {
    this.task = task;
  }

  @Override
  public void handle(Terminal.Signal signal) {
    task.cancel(true);
  }

  /**
   * Runs something until it ends or Ctrl-C is pressed.
   *
   * @param name for its thread
   * @throws CancellationException when Ctrl-C was pressed
   */
  static Object run(CommandSession session, String name, Callable<Object> what) throws Failed {
    FutureTask<Object> task = new FutureTask<>(what);
    if (!(session.get(TERMINAL) instanceof Terminal terminal)) {
      task.run();
      return result(task);
    }
    CtrlC pressed = new CtrlC(task);
    pressed.before = terminal.handle(Terminal.Signal.INT, pressed);
    try {
      Thread thread = new Thread(task, "shell " + name);
      thread.setDaemon(true);
      thread.start();
      return result(task);
    } finally {
      terminal.handle(Terminal.Signal.INT, pressed.first());
    }
  }

  /** Not that of another one in the same pipe, which ends in any order. */
  private Terminal.SignalHandler first() {
    return before instanceof CtrlC other ? other.first() : before;
  }

  private static Object result(FutureTask<Object> task) throws Failed {
    try {
      return task.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      task.cancel(true);
      throw new CancellationException();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Failed failed) {
        throw failed;
      }
      throw new IllegalStateException(e.getCause());
    }
  }
}
