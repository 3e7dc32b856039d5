// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import consort.api.Deadline;
import consort.api.Instrument;
import consort.api.coordinator.InstrumentSpec;
import consort.api.driver.Connection;
import consort.api.link.Link;
import consort.api.link.LinkSettings;
import consort.link.VisaLinks;
import java.io.IOException;
import java.time.Duration;

/** A link over TCP, alone and behind a guard, beside a bare socket that asks the same peer. */
final class LinkBenchmark {

  private static final int WARM_UP = 20_000;
  private static final int CALLS = 5_000;

  /** A driver that passes the question on. */
  private record LinkDriver(Link link) implements Probe {
    @Override
    public double nothing(double number) {
      return link.askDouble(Peer.QUESTION);
    }

    @Override
    public void hang() {}
  }

  private LinkBenchmark() {}

  static void run(Node node) throws IOException {
    try (Peer peer = new Peer()) {
      alone(peer);
      guarded(peer, node);
    }
  }

  private static void alone(Peer peer) {
    VisaLinks links = new VisaLinks();
    var session = links.session("BENCHMARK", reason -> {});
    Link link = session.open(Connection.visa(peer.address()), LinkSettings.text("\n"));
    Runnable ask = () -> link.ask(Peer.QUESTION);
    // As in a guarded call, where the guard puts the deadline on the thread.
    Deadline.set(Deadline.after(Duration.ofHours(1)));
    Measure.each(WARM_UP, peer::exchange);
    Measure.each(WARM_UP, ask);
    Measure.compare("Link.ask over TCP", CALLS, ask, "blocking socket", peer::exchange);
    Deadline.set(null);
    links.close();
  }

  private static void guarded(Peer peer, Node node) {
    node.driver("linked", setup -> new LinkDriver(setup.textLink("\n")));
    node.coordinator().put(InstrumentSpec.of("LINKED", "linked", Connection.visa(peer.address())));
    Instrument instrument = node.coordinator().require("LINKED");
    Probe probe = instrument.as(Probe.class);
    try (HandOver bare = new HandOver()) {
      Runnable floor =
          () -> {
            peer.exchange();
            bare.call();
          };
      Measure.each(WARM_UP, floor);
      Measure.each(WARM_UP, () -> probe.nothing(0));
      Measure.compare(
          "guarded call over TCP", CALLS, () -> probe.nothing(0), "socket + hand-over", floor);
    }
  }
}
