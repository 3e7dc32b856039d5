// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.Test;

/** The first command of the README. */
public class DemoIT {

  @Test
  public void updatesADriverWhileItMeasuresAndLosesNoCall() throws Exception {
    Path home = Folders.home("demo");
    NodeProcess.Result demo = NodeProcess.consort(home, "demo");
    assertEquals(demo.out() + demo.err(), 0, demo.code());
    assertTrue(demo.out(), demo.out().contains("0.1.0 -> 0.2.0"));
    assertTrue(demo.out(), demo.out().contains("No call failed"));
    assertEquals("", demo.err());
    assertTrue("the node has ended", Files.notExists(home.resolve("data/run/node.json")));

    NodeProcess.Result again = NodeProcess.consort(home, "demo");
    assertEquals(2, again.code());
    assertTrue(again.err(), again.err().contains("the demo wants a fresh home"));
  }
}
