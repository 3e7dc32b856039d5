// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** A node in a process of its own, to be killed: announces one endpoint and waits. */
final class Announcer {

  private Announcer() {}

  public static void main(String[] args) throws InterruptedException {
    Settings settings = new Settings(args[0], args[1], Duration.ofSeconds(2), "", "", false);
    Laboratory laboratory = Laboratory.open(settings, args[2], "uuid-of-" + args[2], new Heard());
    laboratory.announce(Endpoints.of(args[2], "DMM1"));
    new CountDownLatch(1).await();
  }
}
