// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Call;
import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.Faulted;
import consort.api.Instrument;
import consort.api.InstrumentException;
import consort.api.NumericArray;
import consort.api.Origin;
import consort.api.ParameterInfo;
import consort.api.Quantity;
import consort.api.Refused;
import consort.api.Role;
import consort.api.TimedOut;
import consort.api.ValueType;
import consort.api.driver.InstrumentType;
import consort.api.typed.TypedView;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RemoteInstrumentTest {

  /** A record that travels. */
  public record Point(double x, Optional<String> label) {}

  /** A typed interface. */
  @InstrumentType
  public interface Probe {
    double measure(int channel);

    void setLevel(double level);

    CompletionStage<Double> scan(Duration time);

    List<Point> points();

    double[] trace();
  }

  private final FakeInstrument fake = new FakeInstrument("DMM1");
  private volatile NumericArray trace = NumericArray.of(new double[] {1, Double.NaN, -0.0});
  private Side a;
  private Side b;
  private Address address;

  @BeforeEach
  void connect() throws IOException {
    a = new Side("a");
    b = new Side("b");
    address = a.listen("tcp://127.0.0.1:0");
    b.use(address);
    fake.with(
            "measure",
            ValueType.DOUBLE,
            List.of(ParameterInfo.of("channel", ValueType.INT)),
            arguments -> 1.5 * (Integer) arguments.get("channel"))
        .with(
            "set_level",
            ValueType.VOID,
            List.of(ParameterInfo.of("level", ValueType.DOUBLE)),
            arguments -> null)
        .with(
            "scan",
            ValueType.DOUBLE,
            List.of(ParameterInfo.of("time", ValueType.DURATION)),
            arguments -> ((Duration) arguments.get("time")).toMillis() / 1e3)
        .with(
            "points",
            TypedView.commands(Probe.class).get(1).result(),
            List.of(),
            arguments -> List.of(Map.of("x", 1.0, "label", "one"), Map.of("x", 2.0)))
        .with("trace", ValueType.arrayOf(NumericArray.Type.FLOAT64), List.of(), arguments -> trace);
    a.export(fake, Instrument.class);
    a.export(fake, Probe.class);
  }

  @AfterEach
  void end() {
    b.close();
    a.close();
    fake.close();
  }

  private Instrument remote() {
    return b.instrument(address, "DMM1");
  }

  @Test
  void callsACommandOfAnotherNode() {
    assertThat(remote().call("measure", 3)).isEqualTo(4.5);
    assertThat(remote().call("MEASURE", 4)).isEqualTo(6.0);
  }

  @Test
  void describesItselfAsThere() {
    assertThat(remote().info().commands()).isEqualTo(fake.info().commands());
    assertThat(remote().info().types()).isEqualTo(fake.info().types());
  }

  @Test
  void theStatusComesWithoutAsking() {
    Side.await("the status is told", () -> remote().status().driverVersion().equals("1.0.0"));
    fake.driverVersion = "1.1.0";
    Side.await("the status is news", () -> remote().status().driverVersion().equals("1.1.0"));
  }

  @Test
  void aTypedProxyHasTheInterfaceAndItsClassLoader() {
    Probe probe = b.typed(address, "DMM1", Probe.class);

    assertThat(probe.measure(2)).isEqualTo(3.0);
    probe.setLevel(7);
    assertThat(probe.points())
        .containsExactly(new Point(1, Optional.of("one")), new Point(2, Optional.empty()));
    assertThat(probe.trace()).containsExactly(1, Double.NaN, -0.0);
    assertThat(probe.getClass().getClassLoader()).isSameAs(Probe.class.getClassLoader());
    assertThat(probe.equals(probe)).isTrue();
    assertThat(probe).hasToString("Probe DMM1");
  }

  @Test
  void aStageIsAnswered() {
    assertThat(b.typed(address, "DMM1", Probe.class).scan(Duration.ofMillis(250)))
        .succeedsWithin(Duration.ofSeconds(5))
        .isEqualTo(0.25);
  }

  @Test
  void aMethodIsKnownByItsSignature() throws Malformed {
    PeerClient client = b.peers.client(address);
    String target = Export.target("DMM1", Probe.class.getName());

    for (String signature : List.of("measure(double)double", "measure", "info()void")) {
      Pending.Outcome outcome =
          client.ask(
              "measure",
              Duration.ofSeconds(5),
              (id, left) ->
                  new Message(
                      MessageType.CALL,
                      id,
                      CallCodec.call(target, signature, Call.of(signature, 1.0), left)));
      assertThat(outcome.type()).isEqualTo(MessageType.ERROR);
      assertThat(CallCodec.readError(outcome.payload()))
          .isInstanceOf(Refused.class)
          .hasMessageContaining("Probe has no " + signature + " here");
    }
    assertThat(fake.done).hasValue(0);
  }

  @Test
  void everyKindOfValueComesBackAsItWent() {
    Map<ValueType, Object> values =
        Map.ofEntries(
            Map.entry(ValueType.BOOLEAN, true),
            Map.entry(ValueType.INT, Integer.MIN_VALUE),
            Map.entry(ValueType.LONG, Long.MAX_VALUE),
            Map.entry(ValueType.DOUBLE, -0.0),
            Map.entry(ValueType.STRING, "Ωµ\n\u0000😀"),
            Map.entry(ValueType.oneOf(List.of("ON", "OFF")), "OFF"),
            Map.entry(ValueType.DURATION, Duration.ofSeconds(-3, 7)),
            Map.entry(ValueType.INSTANT, Instant.parse("2026-11-21T06:00:00.123456789Z")),
            Map.entry(ValueType.QUANTITY, new Quantity(Double.POSITIVE_INFINITY, "mV")),
            Map.entry(ValueType.listOf(ValueType.INT), List.of(1, 2, 3)),
            Map.entry(ValueType.arrayOf(null), NumericArray.of(new short[] {1, 2, 3, 4}, 2, 2)),
            Map.entry(
                ValueType.arrayOf(NumericArray.Type.INT64), NumericArray.of(new long[] {}, 0, 3)));
    int number = 0;
    for (Map.Entry<ValueType, Object> entry : values.entrySet()) {
      String command = "echo" + number++;
      fake.echo(command, entry.getKey());
      fake.driverVersion = "9." + number;
      Object back = remote().call(command, entry.getValue());
      assertThat(back).as("%s", entry.getKey()).isEqualTo(entry.getValue());
    }
    fake.echo("bytes", ValueType.BYTES);
    assertThat((byte[]) remote().call("bytes", new Object[] {new byte[] {0, -1}}))
        .containsExactly(0, -1);
  }

  @Test
  void aLargeArrayGoesBothWaysInPiecesWhileOthersCall() throws Exception {
    double[] data = new double[1_000_000];
    for (int i = 0; i < data.length; i++) {
      data[i] = Math.sin(i);
    }
    fake.echo("array", ValueType.arrayOf(NumericArray.Type.FLOAT64));
    Instrument remote = remote();
    remote.info();
    List<CompletionStage<?>> others = new ArrayList<>();
    CompletionStage<?> large = remote.send(Call.of("array", NumericArray.of(data)));
    for (int i = 0; i < 100; i++) {
      others.add(remote.send(Call.of("measure", i)));
    }
    for (CompletionStage<?> other : others) {
      other.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
    assertThat(large.toCompletableFuture().get(10, TimeUnit.SECONDS))
        .extracting("value")
        .isEqualTo(NumericArray.of(data));
    assertThat(a.budget.get()).isEqualTo(256 << 20);
    assertThat(b.budget.get()).isEqualTo(256 << 20);
  }

  @Test
  void theArrayOfATypedCallIsTheCallersOwn() {
    double[] data = new double[200_000];
    trace = NumericArray.of(data);
    Probe probe = b.typed(address, "DMM1", Probe.class);
    double[] first = probe.trace();
    first[0] = 1;
    double[] second = probe.trace();
    assertThat(second).isEqualTo(data);
    second[1] = 2;
    assertThat(first).startsWith(1, 0);
  }

  @Test
  void anErrorArrivesAsTheSameTypeWithCodeAndOrigin() {
    fake.with(
        "fail",
        ValueType.VOID,
        List.of(),
        arguments -> {
          throw new Faulted(-113, "undefined header")
              .at(new Origin("DMM1", "fail", "TCPIP::x", "FOO\n", ""));
        });

    assertThatThrownBy(() -> remote().call("fail"))
        .isInstanceOfSatisfying(
            Faulted.class,
            e -> {
              assertThat(e.number()).isEqualTo(-113);
              assertThat(e.origin().link()).isEqualTo("TCPIP::x");
              assertThat(e.origin().sent()).isEqualTo("FOO\\n");
            })
        .hasMessage("undefined header");
    assertThatThrownBy(() -> remote().call("measure", "three"))
        .isInstanceOf(Refused.class)
        .hasMessageContaining("'three' is not an int");
    assertThatThrownBy(() -> remote().call("nothing")).isInstanceOf(Refused.class);
    assertThatThrownBy(() -> remote().call("measure", new Object()))
        .isInstanceOf(Refused.class)
        .hasMessageContaining("cannot go to another node");
  }

  @Test
  void whatIsNotExportedCannotBeCalled() {
    assertThatThrownBy(() -> b.instrument(address, "PSU1").call("measure", 1))
        .isInstanceOfSatisfying(
            Refused.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNKNOWN_INSTRUMENT));
  }

  @Test
  void callerRoleAndCorrelationTravelAndTheRoleIsCapped() {
    String trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    remote()
        .call(
            Call.of("measure", 1)
                .by(new Caller("eve", Role.ADMINISTRATOR, "http"))
                .correlated(trace)
                .within(Duration.ofSeconds(2)));

    Call there = fake.calls.element();
    assertThat(there.caller()).isEqualTo(new Caller("eve@b", Role.OPERATOR, "consort.tcp"));
    assertThat(there.correlation()).isEqualTo(trace);
    assertThat(there.lease()).isNull();
    assertThat(there.deadline()).isBetween(Duration.ofMillis(1000), Duration.ofSeconds(2));
  }

  @Test
  void aDeadlineHoldsWhateverTheOwnerDoes() {
    CountDownLatch never = new CountDownLatch(1);
    fake.with(
        "hang",
        ValueType.VOID,
        List.of(),
        arguments -> {
          try {
            never.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return null;
        });
    long begun = System.nanoTime();

    assertThatThrownBy(() -> remote().call(Call.of("hang").within(Duration.ofMillis(200))))
        .isInstanceOf(TimedOut.class)
        .hasMessageContaining("DMM1.hang")
        .hasMessageContaining("effect is unknown");
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(2));
    never.countDown();
  }

  @Test
  void aCallThatIsCancelledWhileItWaitsIsNotDone() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    fake.with(
        "block",
        ValueType.VOID,
        List.of(),
        arguments -> {
          try {
            go.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return null;
        });
    Instrument remote = remote();
    remote.info();
    CompletionStage<?> blocking = remote.send(Call.of("block"));
    Side.await("it runs", () -> fake.done.get() == 1);
    CompletionStage<?> cancelled = remote.send(Call.of("set_level", 1.0));
    cancelled.toCompletableFuture().cancel(true);
    remote.send(Call.of("set_level", 2.0));
    // What is sent after the cancellation is read after it.
    b.instrument(address, "DMM1").info();
    go.countDown();
    blocking.toCompletableFuture().get(5, TimeUnit.SECONDS);
    Side.await("the last is done", () -> fake.calls.size() == 2);

    assertThat(fake.calls).extracting(Call::positional).last().isEqualTo(List.of(2.0));
  }

  @Test
  void overAUnixDomainSocketAllIsTheSame(@TempDir Path folder) throws IOException {
    try (Side c = new Side("c")) {
      Address file = c.listen("unix:" + folder.resolve("c.sock"));
      c.export(fake, Instrument.class);
      b.use(file);

      assertThat(b.instrument(file, "DMM1").call("measure", 2)).isEqualTo(3.0);
      assertThat(folder.resolve("c.sock")).exists();
      assertThat(java.nio.file.Files.getPosixFilePermissions(folder.resolve("c.sock"))).hasSize(2);
    }
    assertThat(folder.resolve("c.sock")).doesNotExist();
  }

  @Test
  void plainTcpGoesToLoopbackOnly() {
    assertThatThrownBy(() -> a.listen("tcp://0.0.0.0:0"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("plain TCP goes there only");
    assertThatThrownBy(
            () ->
                b.instrument(Address.parse("tcp://192.0.2.1:8600"), "X")
                    .call(Call.of("y").within(Duration.ofMillis(300))))
        .isInstanceOf(InstrumentException.class)
        .hasMessageContaining("plain TCP goes there only");
  }

  @Test
  void offersComeAndGoWithTheInstruments() {
    Side.await("both are offered", () -> b.offered.size() == 2);
    assertThat(b.offered.keySet()).contains(address + "#DMM1#" + Instrument.class.getName());
    a.exports.remove(a.exports.get(Export.target("DMM1", Instrument.class.getName())));
    Side.await("one is withdrawn", () -> b.offered.size() == 1);
    assertThat(b.peers.nodes())
        .singleElement()
        .satisfies(
            node -> {
              assertThat(node.name()).isEqualTo("a");
              assertThat(node.connected()).isTrue();
              assertThat(node.instruments()).containsExactly("DMM1");
            });
  }
}
