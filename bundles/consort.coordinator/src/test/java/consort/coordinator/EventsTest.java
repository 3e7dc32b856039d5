// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.Caller;
import consort.api.Role;
import consort.api.coordinator.Lease;
import consort.api.coordinator.LeaseRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventAdmin;

/** What is told, and what the reference says about it. */
@Timeout(60)
class EventsTest {

  private static final Caller ANNA = new Caller("anna", Role.OPERATOR, "test");
  private static final Caller ROOT = new Caller("root", Role.ADMINISTRATOR, "test");
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `(consort/(\\w+)/[A-Z_]+)`(.*)$");
  private static final Pattern STATES = Pattern.compile("`([A-Z]+)`");

  private final TestWorld world = new TestWorld();
  private final Publisher publisher = new Publisher(null, "bench", world.threads);
  private final Events events = new Events("bench", publisher);
  private final List<Event> posted = new CopyOnWriteArrayList<>();
  private final DefaultLeases leases =
      new DefaultLeases(world.threads, null, name -> null, "", name -> null, events::lease);

  @AfterEach
  void end() {
    leases.close();
    publisher.close();
    world.threads.close();
  }

  private void listen() {
    events.bind(
        new EventAdmin() {
          @Override
          public void postEvent(Event event) {
            posted.add(event);
          }

          @Override
          public void sendEvent(Event event) {
            throw new AssertionError("listeners would hold up the publisher");
          }
        });
  }

  private Event posted(int number) {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (posted.size() <= number) {
      assertThat(System.nanoTime()).as("event %s came", number).isLessThan(until);
      Thread.onSpinWait();
    }
    return posted.get(number);
  }

  @Test
  void theReferenceListsEveryTopicOnce() throws IOException {
    String reference = Files.readString(Path.of("../../docs/reference/events.md"));
    Set<String> kinds =
        Events.TOPICS.stream().map(topic -> topic.split("/")[1]).collect(Collectors.toSet());
    List<String> documented =
        ROW.matcher(reference)
            .results()
            .filter(row -> kinds.contains(row.group(2)))
            .flatMap(
                row ->
                    row.group(1).equals("consort/instrument/STATE")
                        ? STATES
                            .matcher(row.group(3).split("\\|")[1])
                            .results()
                            .map(state -> Events.INSTRUMENT + state.group(1))
                        : java.util.stream.Stream.of(row.group(1)))
            .toList();

    assertThat(documented).containsExactlyInAnyOrderElementsOf(Events.TOPICS);
  }

  @Test
  void whatBecomesOfALeaseIsAnEvent() {
    listen();
    Lease lease =
        leases.take(
            LeaseRequest.of("DMM1", "Dev1/port0", "Dev1/port1")
                .client("nb1")
                .purpose("noise run")
                .ttl(Duration.ofMinutes(10)),
            ANNA);
    Event taken = posted(0);
    assertThat(taken.getTopic()).isEqualTo("consort/lease/TAKEN");
    assertThat(taken.getProperty("instruments")).isEqualTo(List.of("DMM1", "Dev1"));
    assertThat(taken.getProperty("resources"))
        .isEqualTo(List.of("DMM1", "Dev1/port0", "Dev1/port1"));
    assertThat(taken.getProperty("lease")).isEqualTo(lease.id());
    assertThat(taken.getProperty("owner")).isEqualTo("anna");
    assertThat(taken.getProperty("client")).isEqualTo("nb1");
    assertThat(taken.getProperty("purpose")).isEqualTo("noise run");
    assertThat((double) taken.getProperty("remaining_s")).isBetween(590.0, 600.0);
    assertThat(taken.getProperty("text"))
        .isEqualTo(
            "lease "
                + lease.id()
                + " of anna (noise run) on DMM1, Dev1/port0, Dev1/port1 was taken for 10 min");

    lease.renew(Duration.ofMinutes(20));
    assertThat(posted(1).getTopic()).isEqualTo("consort/lease/RENEWED");
    assertThat((String) posted(1).getProperty("text")).endsWith("was renewed for 20 min");

    leases.breakUp(lease.token(), ROOT, "it leaks");
    assertThat(posted(2).getTopic()).isEqualTo("consort/lease/BROKEN");
    assertThat((String) posted(2).getProperty("text")).endsWith("was broken by root: it leaks");
    assertThat(posted(2).getProperty("remaining_s")).isEqualTo(0.0);
  }

  @Test
  void aLeaseThatNobodyRenewsIsToldToHaveExpired() {
    listen();
    leases.take(LeaseRequest.of("A").ttl(Duration.ofSeconds(1)), ANNA);
    assertThat(posted(1).getTopic()).isEqualTo("consort/lease/EXPIRED");
    assertThat((String) posted(1).getProperty("text")).endsWith(" on A expired");
  }
}
