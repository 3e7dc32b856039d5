// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Call;
import consort.api.Caller;
import consort.api.Instrument;
import consort.api.NumericArray;
import consort.api.Role;
import consort.api.Unreachable;
import consort.api.ValueType;
import consort.api.security.NodeKeys;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.FrameworkUtil;

/** With keys made by keytool, as a user may. */
final class TlsTest {

  @TempDir static Path folder;

  @BeforeAll
  static void makeKeys() throws Exception {
    Files.writeString(folder.resolve("password"), "secret1\n");
    for (String name : List.of("a", "b", "eve")) {
      keytool(
          "-genkeypair",
          "-alias",
          "node",
          "-keyalg",
          "EC",
          "-groupname",
          "secp256r1",
          "-dname",
          "CN=" + name,
          "-ext",
          "SAN=ip:127.0.0.1,dns:localhost",
          "-validity",
          "30",
          "-keystore",
          name + ".p12");
      keytool("-exportcert", "-alias", "node", "-keystore", name + ".p12", "-file", name + ".crt");
    }
    for (String name : List.of("a", "b")) {
      keytool(
          "-importcert",
          "-noprompt",
          "-alias",
          name,
          "-file",
          name + ".crt",
          "-keystore",
          "trust.p12");
    }
  }

  private static void keytool(String... words) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(words));
    command.addAll(List.of("-storetype", "PKCS12", "-storepass", "secret1"));
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("keytool.out").toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(folder.resolve("keytool.out"))).isZero();
  }

  private static NodeKeys keys(String name) throws IOException {
    return StoredKeys.read(
        folder.resolve(name + ".p12"), folder.resolve("trust.p12"), folder.resolve("password"));
  }

  @Test
  void callsAndLargeArraysGoThroughTls() throws IOException {
    double[] data = new double[300_000];
    data[299_999] = 7;
    try (FakeInstrument fake =
            new FakeInstrument("DMM1").echo("array", ValueType.arrayOf(NumericArray.Type.FLOAT64));
        Side a = new Side("a", keys("a"));
        Side b = new Side("b", keys("b"))) {
      a.export(fake, Instrument.class);
      Address address = a.listen("tls://localhost:0");
      b.use(address);
      Instrument remote = b.instrument(address, "DMM1");

      for (int i = 0; i < 5; i++) {
        assertThat(remote.call("array", NumericArray.of(data))).isEqualTo(NumericArray.of(data));
      }
    }
  }

  @Test
  void keysMayComeLater() throws IOException {
    LateKeys late = new LateKeys();
    try (FakeInstrument fake = new FakeInstrument("DMM1").echo("x", ValueType.INT);
        Side a = new Side("a", keys("a"));
        Side b = new Side("b", late)) {
      a.export(fake, Instrument.class);
      Address address = a.listen("tls://localhost:0");
      PeerClient client = b.use(address);
      Side.await("it is said", () -> client.reason().contains("the bundle consort.security has"));

      late.set(keys("b"));

      assertThat(b.instrument(address, "DMM1").call("x", 1)).isEqualTo(1);
    }
  }

  @Test
  void whoIsNotTrustedGetsNothing() throws IOException {
    try (FakeInstrument fake = new FakeInstrument("DMM1").echo("x", ValueType.INT);
        Side a = new Side("a", keys("a"));
        Side eve = new Side("eve", keys("eve"))) {
      a.export(fake, Instrument.class);
      Address address = a.listen("tls://localhost:0");
      eve.use(address);

      assertThatThrownBy(
              () ->
                  eve.instrument(address, "DMM1")
                      .call(
                          new Call(
                              "x",
                              List.of(1),
                              java.util.Map.of(),
                              Duration.ofSeconds(1),
                              consort.api.Caller.SERVICE,
                              "")))
          .isInstanceOf(Unreachable.class);
      assertThat(fake.done).hasValue(0);
    }
  }

  @Test
  void aNodeThatGivesAnothersNameIsRefused() throws IOException {
    try (Side a = new Side("a", keys("a"));
        Side b = new Side("notb", keys("b"))) {
      Address address = a.listen("tls://localhost:0");
      PeerClient client = b.use(address);

      Side.await("it is told", () -> client.reason().contains("its certificate says b"));
    }
  }

  private static Permissions permissions(Role role, String instruments) throws Exception {
    Permission b = new Permission(role, FrameworkUtil.createFilter(instruments));
    return new Permissions(new Permission((Role) null), Map.of("b", b));
  }

  @Test
  void whatANodeMayNotUseIsNotThereForIt() throws Exception {
    try (FakeInstrument dmm = new FakeInstrument("DMM1").echo("x", ValueType.INT);
        FakeInstrument psu = new FakeInstrument("PSU1").echo("x", ValueType.INT);
        Side a = new Side("a", keys("a"));
        Side b = new Side("b", keys("b"))) {
      Export hidden = a.export(psu, Instrument.class);
      Address address =
          a.listen("tls://localhost:0", permissions(Role.OPERATOR, "(consort.instrument=DMM*)"));
      b.use(address);
      a.export(dmm, Instrument.class);
      Side.await("one is offered", () -> !b.offered.isEmpty());

      assertThat(b.instrument(address, "DMM1").call("x", 7)).isEqualTo(7);
      assertThat(a.peers.users().get(0).instruments()).containsExactly("DMM1");
      for (String name : List.of("PSU1", "NOSUCH")) {
        Instrument none = b.instrument(address, name);
        assertThatThrownBy(() -> none.call("x", 7))
            .hasMessage("there is no instrument '" + name + "' for other nodes here");
        assertThatThrownBy(none::info)
            .hasMessage("there is no instrument '" + name + "' for other nodes here");
      }
      a.tell("consort/fault/RAISED", "PSU1");
      a.tell("consort/fault/RAISED", "DMM1");
      a.exports.remove(hidden);
      Side.await("something is told", () -> !b.happened.isEmpty());
      assertThat(b.happened).containsExactly("consort/fault/RAISED {instrument=DMM1}");
      assertThat(b.peers.client(address).status("PSU1")).isNull();
      assertThat(b.peers.client(address).status("DMM1")).isNotNull();
      assertThat(b.offered.keySet()).singleElement().asString().contains("#DMM1#");
      assertThat(psu.done).hasValue(0);
    }
  }

  @Test
  void theCallersOfANodeAreObserversWhereTheNodeIsOne() throws Exception {
    try (FakeInstrument fake = new FakeInstrument("DMM1").echo("x", ValueType.INT);
        Side a = new Side("a", keys("a"));
        Side b = new Side("b", keys("b"))) {
      a.export(fake, Instrument.class);
      Address address =
          a.listen("tls://localhost:0", permissions(Role.OBSERVER, "(consort.instrument=*)"));
      b.use(address);
      b.instrument(address, "DMM1")
          .call(Call.of("x", 1).by(new Caller("eve", Role.ADMINISTRATOR, "shell")));

      assertThat(fake.calls.peek().caller().role()).isEqualTo(Role.OBSERVER);
      assertThat(fake.calls.peek().caller().name()).isEqualTo("eve@b");
      assertThat(a.peers.users())
          .singleElement()
          .satisfies(
              user -> {
                assertThat(user.proven()).isTrue();
                assertThat(user.role()).isEqualTo(Role.OBSERVER);
              });
    }
  }

  @Test
  void aNodeThatIsNotLetInIsToldSoAndAsksLessAndLess() throws Exception {
    Permissions notB =
        new Permissions(new Permission(Role.OPERATOR), Map.of("b", new Permission((Role) null)));
    try (FakeInstrument fake = new FakeInstrument("DMM1").echo("x", ValueType.INT);
        Side a = new Side("a", keys("a"));
        Side b = new Side("b", keys("b"))) {
      a.export(fake, Instrument.class);
      Address address = a.listen("tls://localhost:0");
      PeerClient client = b.use(address);
      Side.await("it is let in", () -> !b.offered.isEmpty());

      a.deafen();
      a.relisten(address, notB);
      Side.await("it is told", () -> client.reason().contains("'b' is not let in"));
      Side.await("it has nothing any more", b.offered::isEmpty);
      assertThat(client.connected()).isFalse();
      assertThat(a.peers.users()).isEmpty();
      assertThat(client.node()).isEqualTo("a");
      Side.await("it waits as long as it ever does", () -> client.pause() == 2_000_000_000L);
    }
  }

  @Test
  void plainBytesEndTheConnection() throws IOException {
    try (Side a = new Side("a", keys("a"))) {
      Address address = a.listen("tls://localhost:0");
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), address.port())) {
        socket.setSoTimeout(10_000);
        socket.getOutputStream().write(new byte[] {0, 0, 0, 5, 3, 0, 0, 0, 0});
        assertThat(socket.getInputStream().readAllBytes()).hasSizeLessThan(100);
      }
    }
  }
}
