// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import consort.api.CallCounts;
import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.Instrument;
import consort.api.InstrumentStatus;
import consort.api.LeaseToken;
import consort.api.Reason;
import consort.api.Refused;
import consort.api.State;
import consort.api.coordinator.Coordinator;
import consort.api.coordinator.Diagnosis;
import consort.api.coordinator.DriverStatus;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.StopResult;
import consort.api.coordinator.SwapOutcome;
import consort.api.coordinator.SwapStatus;
import consort.api.coordinator.TemporaryInstrument;
import consort.api.driver.DriverFactory;
import consort.api.driver.Identity;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;

/**
 * Records what it is told, and chooses drivers as the contract says: the highest version that fits,
 * then the highest bundle id. Without a framework there are no drivers.
 */
final class TestCoordinator implements Coordinator {

  private final BundleContext context;
  private final Map<String, InstrumentSpec> specs = new TreeMap<>();
  private final Set<String> stopped = new HashSet<>();

  /** What drivers say of the settings of instruments, by their names. */
  final Map<String, String> refused = new java.util.concurrent.ConcurrentHashMap<>();

  private final Map<String, Long> used = new HashMap<>();
  private final List<String> log = new ArrayList<>();
  private final Map<Long, Collection<String>> offers = new HashMap<>();
  private SwapOutcome outcome;
  private boolean held;

  TestCoordinator(BundleContext context) {
    this.context = context;
  }

  /** What it was told since the last time this was asked. */
  synchronized List<String> log() {
    List<String> said = List.copyOf(log);
    log.clear();
    return said;
  }

  synchronized Map<String, InstrumentSpec> specs() {
    return Map.copyOf(specs);
  }

  /** While held, no instrument moves to a better driver, as if a call went on. */
  synchronized void hold(boolean hold) {
    held = hold;
  }

  /** The version an instrument uses; empty when it is offline. */
  synchronized String version(String name) {
    choose();
    Long id = used.get(name);
    return id == null ? "" : context.getBundle(id).getVersion().toString();
  }

  @Override
  public synchronized List<Instrument> instruments() {
    return specs.keySet().stream().map(this::view).toList();
  }

  @Override
  public synchronized Optional<Instrument> instrument(String name) {
    return specs.containsKey(name) ? Optional.of(view(name)) : Optional.empty();
  }

  private Instrument view(String name) {
    String why = refused.get(name);
    State state = why != null ? State.FAULT : stopped.contains(name) ? State.STOPPED : State.READY;
    InstrumentStatus status =
        new InstrumentStatus(
            name,
            state,
            why == null ? Reason.NONE : Reason.CONFIGURATION,
            why == null ? "" : why,
            Instant.EPOCH,
            "",
            "",
            Identity.UNKNOWN,
            "",
            0,
            0,
            new CallCounts(0, 0, 0, 0),
            List.of());
    return (Instrument)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {Instrument.class},
            (proxy, method, arguments) -> method.getName().equals("status") ? status : null);
  }

  @Override
  public Instrument require(String name) {
    return instrument(name).orElseThrow(() -> none(name));
  }

  private static Refused none(String name) {
    return new Refused(ErrorCode.UNKNOWN_INSTRUMENT, "there is no instrument " + name);
  }

  @Override
  public synchronized void put(InstrumentSpec spec) {
    log.add("put " + spec.name());
    specs.put(spec.name(), spec);
  }

  @Override
  public synchronized void remove(String name) {
    log.add("remove " + name);
    specs.remove(name);
    stopped.remove(name);
  }

  @Override
  public synchronized void stop(String name) {
    if (!specs.containsKey(name)) {
      throw none(name);
    }
    log.add("stop " + name);
    stopped.add(name);
  }

  @Override
  public synchronized void start(String name) {
    log.add("start " + name);
    stopped.remove(name);
  }

  @Override
  public int cancel(String name, Caller by, LeaseToken lease) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void restart(String name) {
    throw new UnsupportedOperationException();
  }

  @Override
  public synchronized TemporaryInstrument open(InstrumentSpec spec) {
    log.add("open " + spec.name());
    return (TemporaryInstrument)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {TemporaryInstrument.class},
            (proxy, method, arguments) -> method.getName().equals("name") ? spec.name() : null);
  }

  @Override
  public String ask(
      String name, String text, Boolean answer, Duration deadline, Caller by, LeaseToken lease) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<StopResult> stopAll(Duration within, Caller by) {
    throw new UnsupportedOperationException();
  }

  @Override
  public synchronized List<DriverStatus> drivers() {
    choose();
    return factories().stream()
        .map(
            f -> {
              Bundle bundle = f.getBundle();
              return new DriverStatus(
                  name(f),
                  bundle.getVersion().toString(),
                  bundle.getSymbolicName(),
                  bundle.getBundleId(),
                  specs.keySet().stream()
                      .filter(i -> Long.valueOf(bundle.getBundleId()).equals(used.get(i)))
                      .toList());
            })
        .toList();
  }

  @Override
  public synchronized boolean settled() {
    choose();
    return specs.values().stream().allMatch(s -> best(s) < 0 || best(s).equals(used.get(s.name())));
  }

  /** Who may use the drivers of a bundle, by its id. */
  synchronized Map<Long, Collection<String>> offers() {
    return Map.copyOf(offers);
  }

  /** What is told of the exchanges of every instrument. */
  synchronized void outcome(SwapOutcome newest) {
    outcome = newest;
  }

  @Override
  public synchronized void offer(long bundle, Collection<String> only) {
    if (only == null) {
      offers.remove(bundle);
    } else {
      offers.put(bundle, only);
    }
  }

  @Override
  public List<SwapStatus> swapping() {
    return List.of();
  }

  @Override
  public synchronized List<SwapOutcome> swaps(String name) {
    return outcome == null ? List.of() : List.of(outcome);
  }

  @Override
  public Diagnosis why(String name) {
    throw new UnsupportedOperationException();
  }

  private void choose() {
    List<Long> present = factories().stream().map(f -> f.getBundle().getBundleId()).toList();
    used.values().retainAll(present);
    used.keySet().retainAll(specs.keySet());
    for (InstrumentSpec spec : specs.values()) {
      Long best = best(spec);
      if (best >= 0 && !(held && used.containsKey(spec.name()))) {
        used.put(spec.name(), best);
      }
    }
  }

  private Long best(InstrumentSpec spec) {
    return factories().stream()
        .filter(f -> name(f).equals(spec.driver()))
        .filter(
            f -> {
              Collection<String> only = offers.get(f.getBundle().getBundleId());
              return only == null || only.contains(spec.name());
            })
        .filter(
            f ->
                spec.version() == null
                    || (f.getBundle().getVersion() + ".").startsWith(spec.version() + "."))
        .map(ServiceReference::getBundle)
        .max(Comparator.comparing(Bundle::getVersion).thenComparing(Bundle::getBundleId))
        .map(Bundle::getBundleId)
        .orElse(-1L);
  }

  private static String name(ServiceReference<?> factory) {
    return (String) factory.getProperty(DriverFactory.NAME);
  }

  private Collection<ServiceReference<DriverFactory>> factories() {
    try {
      return context == null
          ? List.of()
          : context.getServiceReferences(DriverFactory.class, null).stream()
              .filter(f -> f.getBundle() != null)
              .toList();
    } catch (InvalidSyntaxException e) {
      throw new AssertionError(e);
    }
  }
}
