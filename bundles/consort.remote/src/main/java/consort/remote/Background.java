// SPDX-License-Identifier: Apache-2.0
package consort.remote;

/** Work that nobody waits for. */
final class Background {

  private Background() {}

  static void run(Runnable task) {
    Thread thread = new Thread(task, "consort remote start");
    thread.setDaemon(true);
    thread.start();
  }
}
