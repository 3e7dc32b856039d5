// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.Instrument;
import consort.api.Role;
import consort.api.coordinator.Leases;
import consort.api.mesh.MeshPlan;
import consort.api.mesh.NodeStatus;
import consort.api.mesh.PeerListener;
import consort.api.mesh.UserStatus;
import consort.api.security.NodeKeys;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/** A node without a framework: all of the mesh but its services. */
final class Side implements Peers.Own, AutoCloseable {

  static final Permissions ALL = new Permissions(new Permission(Role.OPERATOR), Map.of());
  static final Duration HEARTBEAT = Duration.ofMillis(400);

  volatile Leases leases;
  final Exports exports = new Exports(new Lending(() -> leases));
  final AtomicLong budget = new AtomicLong(256 << 20);
  final IoLoop loop;
  final ExecutorService executor = Executors.newCachedThreadPool();
  final Callbacks callbacks = new Callbacks(executor);
  final Peers peers;
  final Queue<String> happened = new ConcurrentLinkedQueue<>();
  final Map<String, Map<String, Object>> offered = new ConcurrentHashMap<>();
  private final Hello hello;
  private final NodeKeys keys;
  private Listener listener;
  private Listener second;

  Side(String name) throws IOException {
    this(name, null);
  }

  Side(String name, NodeKeys keys) throws IOException {
    this(name, keys, HEARTBEAT.multipliedBy(2));
  }

  /** With a time for which what a node offers is kept when its connection breaks. */
  Side(String name, NodeKeys keys, Duration grace) throws IOException {
    this.hello = new Hello(Hello.VERSION, name, name.hashCode(), HEARTBEAT);
    this.keys = keys;
    loop = new IoLoop();
    peers =
        new Peers(
            this,
            new MeshPlan(List.of(), "", Map.of()),
            grace,
            loop,
            Executors.newSingleThreadExecutor(),
            (peer, topic, properties) -> happened.add(topic + " " + properties),
            events ->
                address ->
                    new PeerClient(
                        address,
                        () -> Channels.connect(address, keys, loop, executor, hello, budget),
                        loop,
                        executor,
                        callbacks,
                        events));
    loop.add(callbacks);
    loop.start();
  }

  /** Listens; where. */
  Address listen(String address) throws IOException {
    return listen(address, ALL);
  }

  Address listen(String address, Permissions permissions) throws IOException {
    listener =
        new Listener(Address.parse(address), permissions, exports, loop, keys, hello, budget);
    listener.start();
    return listener.address();
  }

  /** Listens again where it did before; the port may be free only after a moment. */
  void relisten(Address address, Permissions permissions) {
    await(
        "the port is free",
        () -> {
          try {
            return address.equals(listen(address.toString(), permissions));
          } catch (IOException stillTaken) {
            return false;
          }
        });
  }

  /** Listens on a second address, whose sessions are not counted. */
  Address listenAgain(String address) throws IOException {
    second = new Listener(Address.parse(address), ALL, exports, loop, keys, hello, budget);
    second.start();
    return second.address();
  }

  @Override
  public NodeStatus self() {
    return new NodeStatus(hello.node(), "", true, Instant.EPOCH, "", List.of());
  }

  @Override
  public List<UserStatus> users() {
    return listener.users();
  }

  /** Tells the nodes that use this one what happened. */
  void tell(String topic, String instrument) {
    listener
        .sessions()
        .forEach(s -> s.happened(topic, instrument, Map.of("instrument", instrument)));
  }

  int sessions() {
    return listener.sessions().size();
  }

  /** Stops listening, as a node that ends. */
  void deafen() {
    listener.close();
  }

  /** Offers an instrument as the coordinator would. */
  Export export(Instrument instrument, Class<?> type) {
    Export export =
        new Export(
            instrument,
            type,
            Map.of(
                "endpoint.id",
                "here#" + Export.target(instrument.name(), type.getName()),
                "objectClass",
                List.of(type.getName()),
                "consort.instrument",
                instrument.name()));
    exports.add(export);
    return export;
  }

  /** Uses another node. */
  PeerClient use(Address address) {
    peers.connect(
        address.toString(),
        new PeerListener() {
          @Override
          public void offered(Map<String, Object> endpoint) {
            offered.put((String) endpoint.get("endpoint.id"), endpoint);
          }

          @Override
          public void withdrawn(String id) {
            offered.remove(id);
          }
        });
    return peers.client(address);
  }

  Instrument instrument(Address address, String name) {
    return (Instrument)
        RemoteInstrument.of(peers.client(address), name, name, "fake", null, Instrument.class);
  }

  <T> T typed(Address address, String name, Class<T> type) {
    return type.cast(RemoteInstrument.of(peers.client(address), name, name, "fake", null, type));
  }

  /** Waits until something holds; fails after 10 s. */
  static void await(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + 10_000_000_000L;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("not within 10 s: " + what);
      }
      java.util.concurrent.locks.LockSupport.parkNanos(2_000_000);
    }
  }

  @Override
  public void close() {
    peers.close();
    if (listener != null) {
      listener.close();
    }
    if (second != null) {
      second.close();
    }
    loop.close();
    executor.shutdownNow();
  }
}
