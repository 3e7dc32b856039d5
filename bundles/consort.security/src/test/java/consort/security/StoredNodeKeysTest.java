// SPDX-License-Identifier: Apache-2.0
package consort.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.security.Keytool.Validity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** TLS between nodes over sockets, with keys as the command line makes them. */
@Timeout(60)
class StoredNodeKeysTest {

  private static final Validity YEAR = new Validity("-1H", 365);

  /** bench1 has the authority, bench2 is of its laboratory, stranger1 of another one. */
  @TempDir static Path made;

  @TempDir Path homes;
  private ServerSocket listener;

  /** What became of a connection on the side that accepted it. */
  private record Outcome(String node, String refused) {}

  @BeforeAll
  static void make() throws IOException {
    laboratory(made, "bench1", "bench2");
    laboratory(made, "stranger1");
  }

  private static void laboratory(Path root, String first, String... others) throws IOException {
    LaboratoryKeys keys = new LaboratoryKeys(root.resolve(first), first);
    keys.init(false);
    for (String other : others) {
      LaboratoryKeys.Entry issued = keys.issue(other, 365, false);
      new LaboratoryKeys(root.resolve(other), other).trust(issued.file(), false);
    }
  }

  @BeforeEach
  void listen() throws IOException {
    listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    Homes.copy(made, homes);
  }

  @AfterEach
  void close() throws IOException {
    listener.close();
  }

  private StoredNodeKeys keys(String node) {
    return new StoredNodeKeys(homes.resolve(node));
  }

  private LaboratoryKeys laboratory(String node) {
    return new LaboratoryKeys(homes.resolve(node), node);
  }

  /** Accepts one connection as a node does. */
  private CompletableFuture<Outcome> accept(StoredNodeKeys keys) {
    return CompletableFuture.supplyAsync(
        () -> {
          try (TlsConnection tls = new TlsConnection(keys.server(), listener.accept())) {
            tls.handshake();
            tls.send("welcome");
            return new Outcome(keys.node(tls.engine().getSession()), null);
          } catch (IOException e) {
            return new Outcome(null, keys.reason(e));
          }
        });
  }

  private Socket socket() throws IOException {
    return new Socket(listener.getInetAddress(), listener.getLocalPort());
  }

  /** Connects; the name of the node that answered. */
  private String connect(StoredNodeKeys keys, String expected) throws IOException {
    return connect(keys, keys.client(expected));
  }

  private String connect(StoredNodeKeys keys, SSLEngine engine) throws IOException {
    try (TlsConnection tls = new TlsConnection(engine, socket())) {
      tls.handshake();
      assertThat(tls.receive()).isEqualTo("welcome");
      assertThat(tls.engine().getSession().getProtocol()).isEqualTo("TLSv1.3");
      return keys.node(tls.engine().getSession());
    }
  }

  /** What the accepting side says of a client that it does not let in. */
  private String refusal(StoredNodeKeys client) throws Exception {
    CompletableFuture<Outcome> outcome = accept(keys("bench1"));
    assertThatThrownBy(() -> connect(client, (String) null)).isInstanceOf(IOException.class);
    return outcome.get(10, TimeUnit.SECONDS).refused();
  }

  @Test
  void nodesOfALaboratoryKnowEachOther() throws Exception {
    CompletableFuture<Outcome> outcome = accept(keys("bench1"));

    assertThat(connect(keys("bench2"), "bench1")).isEqualTo("bench1");
    assertThat(outcome.get(10, TimeUnit.SECONDS).node()).isEqualTo("bench2");
  }

  @Test
  void aNodeOfAnotherAuthorityIsRefused() throws Exception {
    // It trusts bench1, but bench1 does not trust it.
    laboratory("stranger1").trust(homes.resolve("bench1/data/keys/ca.pem"), false);

    assertThat(refusal(keys("stranger1")))
        .isEqualTo(
            "the certificate of stranger1 is not signed by an authority that is trusted here, but"
                + " by 'Consort CA of stranger1'; 'consort keys trust' takes another one");
  }

  @Test
  void anotherAuthorityIsTrustedOnceItIsTaken() throws Exception {
    StoredNodeKeys bench1 = keys("bench1");
    laboratory("stranger1").trust(homes.resolve("bench1/data/keys/ca.pem"), false);
    laboratory("bench1").trust(homes.resolve("stranger1/data/keys/ca.pem"), false);
    CompletableFuture<Outcome> outcome = accept(bench1);

    assertThat(connect(keys("stranger1"), "bench1")).isEqualTo("bench1");
    assertThat(outcome.get(10, TimeUnit.SECONDS).node()).isEqualTo("stranger1");
  }

  @Test
  void aServerThatIsNotTheExpectedNodeIsRefusedByTheClient() throws Exception {
    StoredNodeKeys bench2 = keys("bench2");
    CompletableFuture<Outcome> outcome = accept(keys("bench1"));

    assertThatThrownBy(() -> connect(bench2, "bench3"))
        .isInstanceOfSatisfying(
            IOException.class,
            e ->
                assertThat(bench2.reason(e))
                    .isEqualTo("expected the node bench3, but it is bench1"));
    assertThat(outcome.get(10, TimeUnit.SECONDS).refused())
        .startsWith("the other side refused this node's certificate or protocol (");
  }

  @Test
  void aServerOfAnotherAuthorityIsRefusedByTheClient() throws Exception {
    StoredNodeKeys bench2 = keys("bench2");
    CompletableFuture<Outcome> outcome = accept(keys("stranger1"));

    assertThatThrownBy(() -> connect(bench2, (String) null))
        .isInstanceOfSatisfying(
            IOException.class,
            e -> assertThat(bench2.reason(e)).contains("'Consort CA of stranger1'"));
    assertThat(outcome.get(10, TimeUnit.SECONDS).node()).isNull();
  }

  @Test
  void anExpiredCertificateIsRefusedWithItsDay() throws Exception {
    LaboratoryKeys.Entry issued = laboratory("bench1").issue("old", new Validity("-10d", 3), false);
    Path old = place("old", issued.file());

    assertThat(refusal(new StoredNodeKeys(old)))
        .isEqualTo("the certificate of old expired on " + issued.until());
  }

  @Test
  void aCertificateOfTheFutureIsRefusedWithAWordOnClocks() throws Exception {
    LaboratoryKeys.Entry issued = laboratory("bench1").issue("new", new Validity("+3d", 3), false);

    assertThat(refusal(new StoredNodeKeys(place("new", issued.file()))))
        .contains("the certificate of new is valid only from", "clocks");
  }

  /** As if carried there by hand: 'trust' would not take it. */
  private Path place(String node, Path issued) throws IOException {
    Path keys = homes.resolve(node).resolve("data/keys");
    Files.createDirectories(keys);
    Files.copy(issued, keys.resolve("node.pem"));
    Homes.copy(homes.resolve("bench1/data/keys/trusted"), keys.resolve("trusted"));
    return homes.resolve(node);
  }

  @Test
  void aCertificateOfTheAuthorityWithoutANameOfANodeIsRefused() throws Exception {
    Pem web =
        new Keytool(homes)
            .signed(
                "web",
                YEAR,
                List.of("eku=serverAuth,clientAuth", "san=dns:bench2"),
                Pem.read(homes.resolve("bench1/data/keys/ca.key")));
    Path file = Files.write(homes.resolve("web.pem"), web.bytes());

    assertThat(refusal(new StoredNodeKeys(place("web", file))))
        .isEqualTo("the certificate of web has no name of a node; 'consort keys issue' makes such");
  }

  @Test
  void aNodeIsNoAuthority() throws Exception {
    Pem forged =
        new Keytool(homes)
            .signed(
                "bench1",
                YEAR,
                List.of("eku=serverAuth,clientAuth", "san=uri:consort:bench1"),
                Pem.read(homes.resolve("bench2/data/keys/node.pem")));
    Path file = Files.write(homes.resolve("forged.pem"), forged.bytes());

    assertThat(refusal(new StoredNodeKeys(place("forged", file))))
        .startsWith("the certificate of bench1 is not signed by an authority");
  }

  @Test
  void aClientWithoutTlsIsRefused() throws Exception {
    CompletableFuture<Outcome> outcome = accept(keys("bench1"));
    try (Socket plain = socket()) {
      plain.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

      assertThat(outcome.get(10, TimeUnit.SECONDS).refused())
          .isEqualTo("what is there does not speak TLS");
    }
  }

  @Test
  void aClientWithAnOlderTlsIsRefused() throws Exception {
    StoredNodeKeys bench2 = keys("bench2");
    CompletableFuture<Outcome> outcome = accept(keys("bench1"));
    SSLEngine old = bench2.client(null);
    old.setEnabledProtocols(new String[] {"TLSv1.2"});

    assertThatThrownBy(() -> connect(bench2, old)).isInstanceOf(IOException.class);
    assertThat(outcome.get(10, TimeUnit.SECONDS).refused())
        .isEqualTo("the other side does not offer TLS 1.3");
  }

  @Test
  void aClientWithoutACertificateIsRefused() throws Exception {
    CompletableFuture<Outcome> outcome = accept(keys("bench1"));
    SSLContext nameless = SSLContext.getInstance("TLSv1.3");
    StoredNodeKeys bench2 = keys("bench2");
    nameless.init(null, new javax.net.ssl.TrustManager[] {new TrustAll()}, null);
    SSLEngine engine = nameless.createSSLEngine();
    engine.setUseClientMode(true);

    assertThatThrownBy(() -> connect(bench2, engine)).isInstanceOf(IOException.class);
    assertThat(outcome.get(10, TimeUnit.SECONDS).refused())
        .isEqualTo("the other side shows no certificate");
  }

  @Test
  void newKeysAreUsedByTheNextConnectionWithoutARestart() throws Exception {
    StoredNodeKeys bench1 = keys("bench1");
    StoredNodeKeys bench2 = keys("bench2");
    String before = serial(bench1, bench2);
    assertThat(serial(bench1, bench2)).isEqualTo(before);

    laboratory("bench1").issue("bench1", 30, true);

    assertThat(serial(bench1, bench2)).isNotEqualTo(before);
  }

  @Test
  void anAuthorityIsReplacedWithoutANodeBeingShutOut() throws Exception {
    StoredNodeKeys bench1 = keys("bench1");
    StoredNodeKeys bench2 = keys("bench2");
    Path authority = homes.resolve("bench1/data/keys/ca.pem");
    serial(bench1, bench2);

    laboratory("bench1").init(true);
    laboratory("bench2").trust(authority, false);
    serial(bench1, bench2);

    LaboratoryKeys.Entry issued = laboratory("bench1").issue("bench2", 365, true);
    laboratory("bench2").trust(issued.file(), true);
    serial(bench1, bench2);
    serial(bench2, bench1);
  }

  /** Connects, and gives the number of the certificate that the server showed. */
  private String serial(StoredNodeKeys server, StoredNodeKeys client) throws Exception {
    CompletableFuture<Outcome> outcome = accept(server);
    try (TlsConnection tls = new TlsConnection(client.client(null), socket())) {
      tls.handshake();
      assertThat(tls.receive()).isEqualTo("welcome");
      assertThat(outcome.get(10, TimeUnit.SECONDS).refused()).isNull();
      var shown =
          (java.security.cert.X509Certificate) tls.engine().getSession().getPeerCertificates()[0];
      return shown.getSerialNumber().toString(16);
    }
  }

  @Test
  void aNodeWithoutKeysSaysWhatToDo() {
    Path nowhere = homes.resolve("nowhere");

    assertThatThrownBy(() -> new StoredNodeKeys(nowhere).server())
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(nowhere.resolve("data/keys/node.pem") + " is not there")
        .hasMessageContaining("'consort keys init'");
  }

  @Test
  void aNodeThatTrustsNobodySaysSo() throws IOException {
    Path alone = homes.resolve("alone/data/keys");
    Files.createDirectories(alone);
    Files.copy(homes.resolve("bench2/data/keys/node.pem"), alone.resolve("node.pem"));

    assertThatThrownBy(() -> keys("alone").server())
        .hasMessageContaining("no authority is trusted");
  }

  @Test
  void brokenFilesAreNamed() throws IOException {
    Path file = homes.resolve("bench2/data/keys/node.pem");
    Files.writeString(file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assertThatThrownBy(() -> keys("bench2").server())
        .hasMessageContaining(file + " cannot be read");

    Files.writeString(file, "x".repeat(70_000));
    assertThatThrownBy(() -> keys("bench2").server()).hasMessageContaining("larger than 65536");

    Files.writeString(
        file, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n\n-----END ENCRYPTED PRIVATE KEY-----");
    assertThatThrownBy(() -> keys("bench2").server()).hasMessageContaining("without a password");
  }
}
