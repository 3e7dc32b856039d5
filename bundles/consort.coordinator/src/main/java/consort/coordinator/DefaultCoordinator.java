// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.Instrument;
import consort.api.InstrumentException;
import consort.api.LeaseToken;
import consort.api.Refused;
import consort.api.Role;
import consort.api.coordinator.Coordinator;
import consort.api.coordinator.Diagnosis;
import consort.api.coordinator.DriverStatus;
import consort.api.coordinator.Groups;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.Leases;
import consort.api.coordinator.StopResult;
import consort.api.coordinator.SwapOutcome;
import consort.api.coordinator.SwapStatus;
import consort.api.coordinator.TemporaryInstrument;
import consort.api.driver.DriverFactory;
import consort.api.link.LinkService;
import consort.api.mesh.Imported;
import consort.api.mesh.Mesh;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Predicate;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.event.EventAdmin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the guards, and gives each the best driver there is. */
@Component(immediate = true)
public final class DefaultCoordinator implements Coordinator {

  /** How long going down, or the removal of a driver, may take for all guards together. */
  private static final Duration DRAIN = Duration.ofSeconds(2);

  private static final Logger LOG = LoggerFactory.getLogger("consort.instruments");

  private final BundleContext context;
  private final DriverThreads threads = new DriverThreads();
  private final Publisher publisher;
  private final Events events;
  private final DefaultLeases leases;
  private final Interlocks interlocks;
  private final Environment published;
  private final Environment unpublished;
  private final Neighbours neighbours;
  private final Map<String, Guard> guards = new ConcurrentSkipListMap<>();

  /** Guards that nobody finds: temporary ones, and removed ones until they are closed. */
  private final Set<Guard> unlisted = ConcurrentHashMap.newKeySet();

  private final InstalledDrivers drivers;
  private final Mover mover;
  private final ServiceRegistration<Groups> groups;
  private final ServiceRegistration<Leases> leaseService;

  /** Made by declarative services. */
  @Activate
  public DefaultCoordinator(BundleContext context, @Reference LinkService links) {
    this(context, links, Mover.PATIENCE);
  }

  DefaultCoordinator(BundleContext context, LinkService links, Duration patience) {
    this.context = context;
    this.neighbours = new Neighbours(context);
    String node = context.getProperty("consort.node");
    this.publisher = new Publisher(context, node == null ? "" : node, threads);
    this.drivers = new InstalledDrivers(context);
    this.mover = new Mover(this::all, drivers::all, patience, this::postponed);
    this.events = new Events(node == null ? "" : node, publisher);
    String home = context.getProperty("consort.home");
    Path folder = home == null ? null : Path.of(home, "data", "leases");
    this.leases =
        new DefaultLeases(
            threads,
            folder,
            this::require,
            node == null ? "" : node,
            this::imported,
            events::lease);
    Permits permits = leases.table();
    this.interlocks = new Interlocks(guards::get, neighbours::status, threads, this::interlocked);
    this.published =
        new LiveEnvironment(
            threads, links, publisher, events, permits, interlocks, true, mover::failed);
    this.unpublished =
        new LiveEnvironment(
            threads, links, publisher, events, permits, interlocks, false, mover::failed);
    this.leaseService = context.registerService(Leases.class, leases, null);
    this.groups =
        context.registerService(
            Groups.class, new DefaultGroups(published, this::participant), null);
  }

  private void interlocked(Guard guard, String what, Instant at, String text) {
    publisher.later(() -> LOG.warn("{}: interlock: {}", guard.name(), text));
    events.post(Events.INTERLOCK + what, at, text, Map.of("instrument", guard.name()));
  }

  private void postponed(SwapStatus status) {
    LOG.info("{}: {} to {}: {}", status.instrument(), status.from(), status.to(), status.text());
    events.swap("POSTPONED", Instant.now(), status);
  }

  /** Events are told from now on. */
  @Reference(
      cardinality = ReferenceCardinality.OPTIONAL,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY)
  void bindEvents(EventAdmin admin) {
    events.bind(admin);
  }

  void unbindEvents(EventAdmin admin) {
    events.unbind(admin);
  }

  /** What is to be known of other nodes is known from now on. */
  @Reference(
      cardinality = ReferenceCardinality.OPTIONAL,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY)
  void bindMesh(Mesh mesh) {
    neighbours.bind(mesh);
  }

  void unbindMesh(Mesh mesh) {
    neighbours.unbind(mesh);
  }

  /** An instrument of another node; being interested in them is what imports them. */
  @Reference(
      service = Instrument.class,
      target = "(service.imported=*)",
      cardinality = ReferenceCardinality.MULTIPLE,
      policy = ReferencePolicy.DYNAMIC)
  void addNeighbour(ServiceReference<Instrument> reference) {
    String name = neighbours.add(reference);
    if (name != null) {
      interlocks.reconsider(name);
      events.neighbour(neighbours.get(name).status());
    }
  }

  void removeNeighbour(ServiceReference<Instrument> reference) {
    Instrument gone = neighbours.remove(reference);
    if (gone != null) {
      interlocks.reconsider(gone.name());
      events.neighbour(gone.status());
    }
  }

  /** A driver appears: instruments that should use it move to it, one by one. */
  @Reference(
      service = DriverFactory.class,
      cardinality = ReferenceCardinality.MULTIPLE,
      policy = ReferencePolicy.DYNAMIC)
  void addFactory(ServiceReference<DriverFactory> reference) {
    DriverSource source = drivers.add(reference);
    if (source != null) {
      mover.reconsider(source.name());
    }
  }

  /**
   * A driver goes: whatever started it, nothing of the bundle is deactivated before this returns.
   * All guards of the bundle drain at once, within one budget, though its drivers go one after the
   * other; then the running calls are given up.
   */
  void removeFactory(ServiceReference<DriverFactory> reference) {
    Set<DriverSource> gone = drivers.remove(reference);
    if (gone.isEmpty()) {
      return; // it went with another of its bundle
    }
    mover.forget(gone);
    List<Guard> users = all();
    users.removeIf(guard -> !gone.contains(guard.source()) && !gone.contains(guard.plan().source));
    users.forEach(mover::replace);
    leave(users, gone::contains);
    threads.renew();
  }

  private List<Guard> all() {
    List<Guard> all = new ArrayList<>(guards.values());
    all.addAll(unlisted);
    return all;
  }

  private static void leave(List<Guard> users, Predicate<DriverSource> gone) {
    long until = System.nanoTime() + DRAIN.toNanos();
    for (Guard guard : users) {
      guard.await(() -> used(guard, gone) == null, until - System.nanoTime());
    }
    for (Guard guard : users) {
      DriverSource used = used(guard, gone);
      if (used != null) {
        guard.abandon(used);
      }
    }
  }

  /** The driver that a guard uses, if it is one of those that go; else null. */
  private static DriverSource used(Guard guard, Predicate<DriverSource> gone) {
    DriverSource used = guard.source();
    return used != null && gone.test(used) ? used : null;
  }

  @Override
  public List<Instrument> instruments() {
    // One by one: a sorted map is copied by its size, and may change meanwhile.
    Map<String, Instrument> all = new TreeMap<>();
    guards.forEach(all::put);
    neighbours.names().forEach(name -> instrument(name).ifPresent(one -> all.put(name, one)));
    return List.copyOf(all.values());
  }

  @Override
  public Optional<Instrument> instrument(String name) {
    Guard guard = guards.get(name);
    return Optional.ofNullable(guard != null ? guard : neighbours.get(name));
  }

  @Override
  public boolean owns(String name) {
    return guards.containsKey(name);
  }

  @Override
  public Instrument require(String name) {
    return instrument(name).orElseThrow(() -> unknown(name));
  }

  /** The instrument of another node that a name means here; null for none. */
  private Imported imported(String name) {
    return owns(name) || !(neighbours.get(name) instanceof Imported imported) ? null : imported;
  }

  /** Who takes part in groups under a name: a guard, or an instrument of another node. */
  private Instrument participant(String name) {
    Imported imported = imported(name);
    return imported == null ? guard(name) : imported;
  }

  private Guard guard(String name) {
    Guard guard = guards.get(name);
    if (guard != null) {
      return guard;
    }
    Refused elsewhere = neighbours.elsewhere(name);
    throw elsewhere != null ? elsewhere : unknown(name);
  }

  private Refused unknown(String name) {
    Set<String> all = new TreeSet<>(guards.keySet());
    all.addAll(neighbours.names());
    List<String> similar = all.stream().filter(n -> n.equalsIgnoreCase(name)).toList();
    List<String> named = similar.isEmpty() ? all.stream().limit(10).toList() : similar;
    String hint =
        named.isEmpty()
            ? "there are none yet"
            : similar.isEmpty()
                ? "there are " + String.join(", ", named)
                : "do you mean " + named.get(0) + "?";
    List<String> said = new ArrayList<>(neighbours.notes(name));
    if (said.isEmpty()) {
      said.add(hint);
      said.addAll(neighbours.absent());
    }
    return new Refused(
        ErrorCode.UNKNOWN_INSTRUMENT,
        "there is no instrument '" + name + "'; " + String.join("; ", said));
  }

  @Override
  public void put(InstrumentSpec spec) {
    Guard listed = guards.get(spec.name());
    if (listed == null) {
      Guard made = new Guard(spec, published);
      made.onEnd(() -> unlisted.remove(made));
      listed = guards.putIfAbsent(spec.name(), made);
      if (listed == null) {
        mover.begin(made);
        interlocks.reconsider(spec.name());
        return;
      }
    }
    mover.change(listed, spec);
    interlocks.reconsider(spec.name());
  }

  @Override
  public void remove(String name) {
    Guard guard = guards.get(name);
    if (guard != null) {
      unlisted.add(guard);
      if (guards.remove(name, guard)) {
        guard.close();
        interlocks.reconsider(name);
      } else {
        unlisted.remove(guard);
      }
    }
  }

  @Override
  public void stop(String name) {
    mover.stop(guard(name));
  }

  @Override
  public void start(String name) {
    mover.start(guard(name));
  }

  @Override
  public void restart(String name) {
    mover.restart(guard(name));
  }

  @Override
  public TemporaryInstrument open(InstrumentSpec spec) {
    Guard guard = new Guard(spec, unpublished);
    guard.onEnd(() -> unlisted.remove(guard));
    unlisted.add(guard);
    mover.begin(guard);
    guard.await(
        guard::settled, Guard.START_LIMIT.plus(spec.startupDelay()).plus(Guard.GRACE).toNanos());
    try {
      guard.requireReady();
      return guard;
    } catch (RuntimeException e) {
      guard.close();
      throw e;
    }
  }

  @Override
  public int cancel(String name, Caller by, LeaseToken lease) {
    by.require(Role.OPERATOR, "cancel " + name);
    Guard guard = guard(name);
    if (!by.role().includes(Role.ADMINISTRATOR)) {
      leases.table().requireCancel(name, by, lease);
    }
    int count = guard.cancel(by.name() + " cancelled it");
    String text = by.name() + " (" + by.face() + ") cancelled calls: " + count;
    events.post(
        Events.CANCELLED,
        Instant.now(),
        text,
        Map.of("instrument", name, "by", by.name(), "calls", count));
    publisher.later(() -> LOG.info("{}: {}", name, text));
    return count;
  }

  @Override
  public List<StopResult> stopAll(Duration within, Caller by) {
    by.require(Role.OPERATOR, "stop-all");
    List<StopResult> results = StopAll.of(all(), within, by.name() + " stopped everything");
    String text = by.name() + " stopped everything: " + StopAll.summary(results);
    List<String> names = results.stream().map(StopResult::instrument).toList();
    events.post(Events.STOP_ALL, Instant.now(), text, Map.of("instruments", names));
    publisher.later(() -> LOG.warn("{}", text));
    return results;
  }

  @Override
  public String ask(
      String name, String text, Boolean answer, Duration deadline, Caller by, LeaseToken lease) {
    by.require(Role.ADMINISTRATOR, "ask");
    Guard guard = guard(name);
    boolean awaits = answer == null ? text.strip().split("\\s", 2)[0].endsWith("?") : answer;
    publisher.later(
        () -> LOG.info("{}: {} ({}) asks '{}'", name, by.name(), by.face(), Texts.cut(text)));
    try {
      Object reply =
          guard.ask(text, awaits, deadline, by, lease).toCompletableFuture().join().value();
      return (String) reply;
    } catch (CompletionException e) {
      throw e.getCause() instanceof InstrumentException cause ? cause : e;
    }
  }

  @Override
  public List<DriverStatus> drivers() {
    return drivers.status(guards.values());
  }

  @Override
  public boolean settled() {
    return mover.idle()
        && guards.values().stream().allMatch(g -> g.settled() && mover.awaited(g) == null);
  }

  @Override
  public void offer(long bundle, Collection<String> only) {
    mover.offer(bundle, only);
  }

  @Override
  public List<SwapStatus> swapping() {
    List<SwapStatus> all = new ArrayList<>();
    for (Guard guard : guards.values()) {
      SwapStatus awaited = mover.awaited(guard);
      SwapStatus status = awaited == null ? guard.swapStatus() : awaited;
      if (status != null) {
        all.add(status);
      }
    }
    return all;
  }

  @Override
  public List<SwapOutcome> swaps(String name) {
    return guard(name).swaps();
  }

  @Override
  public Diagnosis why(String name) {
    Diagnosis elsewhere = owns(name) ? null : neighbours.why(name);
    if (elsewhere != null) {
      return elsewhere;
    }
    Guard guard = guard(name);
    Diagnosis why =
        Why.of(
            guard,
            drivers.named(guard.plan().spec.driver()),
            drivers.all(),
            source -> note(guard, source),
            leases.table().on(name),
            interlocks);
    List<Diagnosis.Fact> facts = new ArrayList<>(why.facts());
    String heldUp = publisher.heldUp();
    if (heldUp != null) {
      facts.add(new Diagnosis.Fact("publication", heldUp));
    }
    neighbours.notes(name).forEach(note -> facts.add(new Diagnosis.Fact("mesh", note)));
    return new Diagnosis(why.instrument(), why.summary(), facts);
  }

  /** Why an instrument does not use an installed driver; empty when it may. */
  private String note(Guard guard, DriverSource source) {
    Set<String> only = mover.only(source);
    if (mover.isRejected(source)) {
      return ", failed and is not used";
    }
    if (mover.isDeclined(guard, source)) {
      return ", not taken over; 'restart " + guard.name() + "' moves to it without state";
    }
    if (only != null && !only.contains(guard.name())) {
      return ", only for " + String.join(", ", new TreeSet<>(only));
    }
    return source.fits(guard.plan().spec.version()) ? "" : ", not of the pinned version";
  }

  /** Ends all instruments within the budget; what still runs then is given up. */
  @Deactivate
  void close() {
    Publisher.unregister(groups);
    Publisher.unregister(leaseService);
    mover.close();
    interlocks.close();
    List<Guard> all = all();
    all.forEach(Guard::close);
    leave(all, any -> true);
    leases.close();
    publisher.close();
    threads.close();
  }
}
