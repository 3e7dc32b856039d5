// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

/** Runs what nobody waits for. */
final class Background {

  private Background() {}

  static void run(Runnable task) {
    Thread thread = new Thread(task, "zookeeper start");
    thread.setDaemon(true);
    thread.start();
  }
}
