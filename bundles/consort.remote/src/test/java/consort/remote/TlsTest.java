// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Call;
import consort.api.Instrument;
import consort.api.NumericArray;
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
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
