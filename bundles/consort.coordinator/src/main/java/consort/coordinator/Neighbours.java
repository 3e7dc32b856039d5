// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.ErrorCode;
import consort.api.Instrument;
import consort.api.InstrumentStatus;
import consort.api.Reason;
import consort.api.Refused;
import consort.api.State;
import consort.api.coordinator.Diagnosis;
import consort.api.mesh.Mesh;
import consort.api.mesh.NodeStatus;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;

/** The instruments of other nodes that are services here. Their guards are at their nodes. */
final class Neighbours {

  private final BundleContext context;
  private final Map<String, Neighbour> byName = new ConcurrentSkipListMap<>();
  private final AtomicReference<Mesh> mesh = new AtomicReference<>();

  /** One of them, and where it comes from. */
  private record Neighbour(
      ServiceReference<Instrument> reference, Instrument instrument, String node) {}

  Neighbours(BundleContext context) {
    this.context = context;
  }

  void bind(Mesh service) {
    mesh.set(service);
  }

  void unbind(Mesh service) {
    mesh.compareAndSet(service, null);
  }

  /** The name of one that came, null when there is nothing to be seen of it. */
  String add(ServiceReference<Instrument> reference) {
    Instrument instrument =
        reference.getProperty(Instrument.NAME) instanceof String
            ? context.getService(reference)
            : null;
    if (instrument == null) {
      return null;
    }
    String name = reference.getProperty(Instrument.NAME).toString();
    String node = String.valueOf(reference.getProperty("consort.node"));
    byName.putIfAbsent(name, new Neighbour(reference, instrument, node));
    return name;
  }

  /** The one that goes, null when it was not seen. */
  Instrument remove(ServiceReference<Instrument> reference) {
    // The name does not change while it is registered.
    Neighbour found =
        reference.getProperty(Instrument.NAME) instanceof String name ? byName.get(name) : null;
    return found != null
            && found.reference().equals(reference)
            && byName.remove(reference.getProperty(Instrument.NAME).toString(), found)
        ? found.instrument()
        : null;
  }

  /** The one of a name, or null. */
  Instrument get(String name) {
    Neighbour found = byName.get(name);
    return found == null ? null : found.instrument();
  }

  /** How the one of a name is, or null. */
  InstrumentStatus status(String name) {
    Instrument found = get(name);
    return found == null ? null : found.status();
  }

  Collection<String> names() {
    return byName.keySet();
  }

  /** Why something cannot be done to an instrument from here; null when there is none. */
  Refused elsewhere(String name) {
    Neighbour found = byName.get(name);
    return found == null
        ? null
        : new Refused(
            ErrorCode.NOT_SUPPORTED,
            name + " is an instrument of node " + found.node() + "; this is done there");
  }

  /** What there is to know of a name beside the instrument here that has it. */
  List<String> notes(String name) {
    Mesh service = mesh.get();
    return service == null ? List.of() : service.notes(name);
  }

  /** The nodes that are not connected, whose instruments are not known here; one sentence each. */
  List<String> absent() {
    return nodes()
        .filter(node -> !node.connected())
        .map(
            node ->
                "the node at "
                    + node.address()
                    + " is not connected ('nodes' says why), and may have it")
        .toList();
  }

  private Stream<NodeStatus> nodes() {
    Mesh service = mesh.get();
    return service == null ? Stream.empty() : service.nodes().stream();
  }

  private String connected(String name) {
    return nodes()
        .filter(node -> node.name().equals(name))
        .map(
            node ->
                " at "
                    + node.address()
                    + (node.connected() ? ", connected" : ", not connected")
                    + " since "
                    + node.since().truncatedTo(ChronoUnit.MILLIS)
                    + (node.connected() ? "" : ": " + node.text()))
        .findFirst()
        .orElse("");
  }

  /** Why one is or is not available; null when there is none of that name. */
  Diagnosis why(String name) {
    Neighbour found = byName.get(name);
    if (found == null) {
      return null;
    }
    InstrumentStatus status = found.instrument().status();
    List<Diagnosis.Fact> facts = new ArrayList<>();
    facts.add(
        new Diagnosis.Fact(
            "state",
            status.stateText() + " since " + status.since().truncatedTo(ChronoUnit.MILLIS)));
    if (!status.text().isEmpty() && status.reason() != Reason.NONE) {
      facts.add(new Diagnosis.Fact("reason", status.text()));
    }
    facts.add(
        new Diagnosis.Fact(
            "node", found.node() + connected(found.node()) + "; 'why' there says more"));
    facts.add(new Diagnosis.Fact("driver", status.driver() + " " + status.driverVersion()));
    facts.add(new Diagnosis.Fact("connection", status.connection()));
    if (!status.identity().toString().isEmpty()) {
      facts.add(new Diagnosis.Fact("identity", status.identity().toString()));
    }
    notes(name).forEach(note -> facts.add(new Diagnosis.Fact("mesh", note)));
    boolean available = status.state() == State.READY || status.state() == State.BUSY;
    return new Diagnosis(
        name,
        name
            + (available ? " is available" : " is not available: " + status.stateText())
            + ", an instrument of node "
            + found.node(),
        facts);
  }
}
