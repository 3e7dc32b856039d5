// SPDX-License-Identifier: Apache-2.0
package consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.mesh.MeshPlan;
import consort.api.mesh.PeerListener;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Version;
import org.osgi.service.remoteserviceadmin.EndpointEvent;

final class EndpointsTest {

  private static final String ADDRESS = "tcp://127.0.0.1:8600";
  private static final String SCOPE = "(consort.instrument=*)";

  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private final Set<String> own = ConcurrentHashMap.newKeySet();
  private final BlockingQueue<String> noted = new LinkedBlockingQueue<>();
  private final Endpoints endpoints =
      new Endpoints(
          new Policy(
              new MeshPlan(List.of(), "", Map.of()), own::contains, new Packages(name -> Set.of())),
          (name, about, text) -> noted.add(name + ": " + text),
          Endpoints.thread());

  @BeforeEach
  void listen() {
    endpoints.listen(this, (event, filter) -> heard.add(text(event)), List.of(SCOPE));
  }

  @AfterEach
  void close() {
    endpoints.close();
  }

  private static String text(EndpointEvent event) {
    return (event.getType() == EndpointEvent.ADDED ? "added " : "removed ")
        + event.getEndpoint().getProperties().get("consort.instrument");
  }

  private static String id(String instrument) {
    return ADDRESS + "#" + instrument + "#consort.api.Instrument";
  }

  /** As remote services describe it where it comes from a file or the network. */
  private static Map<String, Object> endpoint(String instrument) {
    return Map.of(
        "endpoint.id",
        id(instrument),
        "objectClass",
        List.of("consort.api.Instrument"),
        "service.imported.configs",
        List.of("consort.tcp"),
        "consort.node",
        "bench1",
        "consort.instrument",
        instrument);
  }

  private String next() throws InterruptedException {
    return heard.poll(30, TimeUnit.SECONDS);
  }

  @Test
  void whatAnotherDiscoveryFindsIsToldUntilItIsWithdrawn() throws InterruptedException {
    PeerListener others = endpoints.ofOthers();

    others.offered(endpoint("DMM1"));
    assertThat(next()).isEqualTo("added DMM1");

    others.withdrawn(id("DMM1"));
    assertThat(next()).isEqualTo("removed DMM1");
  }

  @Test
  void oddOffersAreNoHindranceForOthers() throws InterruptedException {
    Policy policy =
        new Policy(
            new MeshPlan(List.of(), "(|(consort.instrument=*)(odd>=1))", Map.of()),
            own::contains,
            new Packages(name -> Set.of(new Version(1, 0, 0))));
    try (Endpoints strict = new Endpoints(policy, (n, a, t) -> {}, Endpoints.thread())) {
      strict.listen(this, (event, filter) -> heard.add(text(event)), List.of(SCOPE));
      List<Object> odd = new ArrayList<>(List.of("", "two", "*)(", -1L, 0.5, true, new byte[1]));
      odd.addAll(List.of(List.of(), Map.of(), Arrays.asList("", null, 1L), Instant.EPOCH));
      odd.add(null);
      PeerListener node = strict.of(ADDRESS);
      int count = 0;
      for (String key :
          List.of(
              "endpoint.package.version.consort.api",
              "objectClass",
              "service.imported.configs",
              "endpoint.service.id",
              "endpoint.framework.uuid",
              "service.intents",
              "consort.node",
              "consort.instrument",
              "odd",
              "ENDPOINT.ID")) {
        for (Object value : odd) {
          Map<String, Object> offer = new HashMap<>(versioned("ODD" + count++));
          offer.put(key, value);
          node.offered(offer);
        }
      }
      node.offered(versioned("DMM1"));
      String last = next();
      while (last != null && !last.equals("added DMM1")) {
        last = next();
      }
      assertThat(last).as("no odd one is in its way").isEqualTo("added DMM1");
    }
  }

  private static Map<String, Object> versioned(String instrument) {
    Map<String, Object> endpoint = new HashMap<>(endpoint(instrument));
    endpoint.put("endpoint.package.version.consort.api", "1.0.0");
    return endpoint;
  }

  @Test
  void whatIsFoundInTwoWaysStaysUntilTheLastLosesIt() throws InterruptedException {
    PeerListener node = endpoints.of(ADDRESS);
    PeerListener others = endpoints.ofOthers();
    node.offered(endpoint("DMM1"));
    assertThat(next()).isEqualTo("added DMM1");

    others.offered(endpoint("DMM1"));
    node.withdrawn(id("DMM1"));
    node.offered(endpoint("PSU1"));
    assertThat(next()).as("nothing of DMM1 in between").isEqualTo("added PSU1");

    others.withdrawn(id("DMM1"));
    assertThat(next()).isEqualTo("removed DMM1");
  }

  @Test
  void aNameThatThisNodeTakesIsTakenBackAndGivenAgainWhenItGoes() throws InterruptedException {
    endpoints.of(ADDRESS).offered(endpoint("DMM1"));
    assertThat(next()).isEqualTo("added DMM1");

    own.add("DMM1");
    assertThat(next()).isEqualTo("removed DMM1");
    assertThat(noted.poll(30, TimeUnit.SECONDS)).as("of the import").isEqualTo("DMM1: null");
    assertThat(noted.poll(30, TimeUnit.SECONDS)).contains("DMM1: ", "this node has one");

    own.clear();
    assertThat(next()).isEqualTo("added DMM1");
    assertThat(noted.poll(30, TimeUnit.SECONDS)).isEqualTo("DMM1: null");
  }

  @Test
  void aListenerIsToldOfWhatItWishesAndNoLongerOfWhatItDoesNot() throws InterruptedException {
    endpoints.of(ADDRESS).offered(endpoint("DMM1"));
    endpoints.of(ADDRESS).offered(endpoint("PSU1"));
    assertThat(next()).isEqualTo("added DMM1");
    assertThat(next()).isEqualTo("added PSU1");
    String dmm = "(consort.instrument=DMM1)";

    endpoints.listen(this, null, List.of(SCOPE, dmm));
    assertThat(next()).isEqualTo("added DMM1");
    endpoints.listen(this, null, List.of(dmm, "(no filter"));
    assertThat(List.of(next(), next())).containsExactlyInAnyOrder("removed DMM1", "removed PSU1");
    endpoints.of(ADDRESS).withdrawn(id("PSU1"));
    endpoints.of(ADDRESS).withdrawn(id("DMM1"));
    assertThat(next()).isEqualTo("removed DMM1");
    assertThat(heard).isEmpty();
  }

  @Test
  void whatIsNoEndpointTakesNothingAlong() throws InterruptedException {
    Map<String, Object> bad = new HashMap<>(endpoint("BAD1"));
    bad.remove("service.imported.configs");
    endpoints.of(ADDRESS).offered(bad);
    endpoints.of(ADDRESS).offered(endpoint("DMM1"));

    assertThat(next()).isEqualTo("added DMM1");
  }

  @Test
  void whatComesWhileADecisionIsDueIsDecidedAboutAsWell() throws InterruptedException {
    ScheduledThreadPoolExecutor looksNever =
        new ScheduledThreadPoolExecutor(1) {
          @Override
          public ScheduledFuture<?> scheduleWithFixedDelay(
              Runnable task, long first, long delay, TimeUnit unit) {
            return null;
          }
        };
    CountDownLatch hold = new CountDownLatch(1);
    looksNever.execute(
        () -> {
          try {
            hold.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    try (Endpoints busy =
        new Endpoints(
            new Policy(
                new MeshPlan(List.of(), "", Map.of()),
                own::contains,
                new Packages(name -> Set.of())),
            (name, about, text) -> {},
            looksNever)) {
      busy.listen(this, (event, filter) -> heard.add(text(event)), List.of(SCOPE));
      busy.of(ADDRESS).offered(endpoint("DMM1"));
      busy.of(ADDRESS).offered(endpoint("PSU1"));
      hold.countDown();

      assertThat(next()).isEqualTo("added DMM1");
      assertThat(next()).isEqualTo("added PSU1");
    }
  }
}
