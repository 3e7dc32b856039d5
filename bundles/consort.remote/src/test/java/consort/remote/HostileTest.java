// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.Call;
import consort.api.Instrument;
import consort.api.ParameterInfo;
import consort.api.Result;
import consort.api.ValueType;
import consort.api.mesh.UserStatus;
import consort.testkit.FaultProxy;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the listener does with what is no peer, or a bad one. */
final class HostileTest {

  private static final int FRAMES = Integer.getInteger("frames", 1_000_000);

  private final FakeInstrument fake =
      new FakeInstrument("DMM1")
          .with(
              "measure",
              ValueType.DOUBLE,
              List.of(ParameterInfo.of("channel", ValueType.INT)),
              arguments -> 1.0)
          .with(
              "blob",
              ValueType.BYTES,
              List.of(ParameterInfo.of("size", ValueType.INT)),
              arguments -> new byte[(Integer) arguments.get("size")]);
  private Side a;
  private Address address;

  @BeforeEach
  void listen() throws IOException {
    a = new Side("a");
    a.export(fake, Instrument.class);
    address = a.listen("tcp://127.0.0.1:0");
  }

  @AfterEach
  void end() {
    a.close();
    fake.close();
  }

  private Socket socket() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), address.port());
    socket.setSoTimeout(10_000);
    return socket;
  }

  /** What comes until the listener closes. */
  private static int answer(Socket socket) throws IOException {
    try {
      return socket.getInputStream().readAllBytes().length;
    } catch (SocketException reset) {
      return 0;
    }
  }

  private static byte[] frame(Message message) {
    ByteBuffer out = ByteBuffer.allocate(message.size() + 64);
    assertThat(new Outgoing(message).next(out)).isTrue();
    return java.util.Arrays.copyOf(out.array(), out.position());
  }

  private static byte[] hello() {
    return frame(new Hello(Hello.VERSION, "b", 1, Duration.ofSeconds(60)).message());
  }

  private void isAlive() throws IOException {
    try (Side b = new Side("b")) {
      b.use(address);
      assertThat(b.instrument(address, "DMM1").call("measure", 1)).isEqualTo(1.0);
    }
  }

  @Test
  void aSerializedObjectIsAnsweredByClosing() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(new java.util.ArrayList<>(List.of("gadget")));
    }
    try (Socket socket = socket()) {
      socket.getOutputStream().write(bytes.toByteArray());
      answer(socket);
    }
    // Also after a proper greeting, as the payload of a call.
    try (Socket socket = socket()) {
      socket.getOutputStream().write(hello());
      Bytes payload = new Bytes(100);
      payload.write(bytes.toByteArray(), 0, bytes.size());
      socket.getOutputStream().write(frame(new Message(MessageType.CALL, 1, payload)));
      answer(socket);
    }
    assertThat(fake.done).hasValue(0);
    isAlive();
  }

  @Test
  void anotherProtocolIsAnsweredByClosing() throws IOException {
    for (String text :
        List.of("GET / HTTP/1.1\r\n\r\n", "SSH-2.0-x\r\n", "\u0016\u0003\u0001 tls", "\0\0\0\0")) {
      try (Socket socket = socket()) {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        answer(socket);
      }
    }
    isAlive();
  }

  @Test
  void whoSaysNothingIsClosedSoon() throws IOException {
    long begun = System.nanoTime();
    try (Socket socket = socket()) {
      answer(socket);
    }
    assertThat(Duration.ofNanos(System.nanoTime() - begun))
        .isBetween(Duration.ofSeconds(1), Duration.ofSeconds(6));
  }

  @Test
  void whoReadsSlowlyIsServedAndWhoReadsNothingIsLeftAndNobodyElseWaits() throws IOException {
    try (FaultProxy line = new FaultProxy(address.port());
        Side slow = new Side("slow");
        Side quick = new Side("quick");
        Socket stuck = socket()) {
      PeerClient client = slow.use(address.at(line.port()));
      quick.use(address);
      Side.await("it is connected", client::connected);
      assertThat(quick.instrument(address, "DMM1").call("measure", 1)).isEqualTo(1.0);
      line.throttle(200_000);
      CompletionStage<Result> large =
          slow.instrument(client.address(), "DMM1")
              .send(Call.of("blob", 12 << 20).within(Duration.ofSeconds(60)));
      stuck.getOutputStream().write(hello());
      for (int id = 1; id <= 3; id++) {
        stuck.getOutputStream().write(call(id, "blob", 5 << 20));
      }
      Side.await("all are connected", () -> a.sessions() == 3);

      long begun = System.nanoTime();
      long longest = 0;
      while (a.sessions() == 3 && System.nanoTime() - begun < 20_000_000_000L) {
        long asked = System.nanoTime();
        assertThat(quick.instrument(address, "DMM1").call("measure", 1)).isEqualTo(1.0);
        longest = Math.max(longest, System.nanoTime() - asked);
        LockSupport.parkNanos(1_000_000);
      }
      assertThat(Duration.ofNanos(System.nanoTime() - begun))
          .isBetween(Duration.ofSeconds(3), Duration.ofSeconds(8));
      assertThat(Duration.ofNanos(longest)).isLessThan(Duration.ofSeconds(1));
      assertThat(a.peers.users()).extracting(UserStatus::name).containsExactly("quick", "slow");
      // Longer than a peer may take nothing.
      long passed = line.passed();
      Side.await(
          "a part has come",
          () -> line.passed() - passed > 200_000 || large.toCompletableFuture().isDone());
      assertThat(large).isNotDone();

      line.throttle(Long.MAX_VALUE);
      assertThat(large)
          .succeedsWithin(Duration.ofSeconds(20))
          .satisfies(result -> assertThat((byte[]) result.value()).hasSize(12 << 20));
      assertThat(line.accepted()).isEqualTo(1);
    }
  }

  private static byte[] call(int id, String command, Object argument) {
    Object[] values = {
      "DMM1#consort.api.Instrument",
      command,
      List.of(argument),
      Map.of(),
      60_000_000_000L,
      "eve",
      "OPERATOR",
      "",
      null,
      null
    };
    return frame(new Message(MessageType.CALL, id, new CborOut(100).array(values).done()));
  }

  @Test
  void aLargeAnnouncementTakesNoMemory() throws IOException {
    ByteBuffer frame = ByteBuffer.allocate(14);
    frame.putInt(10).put((byte) (0x80 | MessageType.CALL.code())).putInt(1);
    frame.putInt(Integer.MAX_VALUE).put((byte) 0);
    try (Socket socket = socket()) {
      socket.getOutputStream().write(hello());
      socket.getOutputStream().write(frame.array());
      answer(socket);
    }
    try (Socket first = socket()) {
      first.getOutputStream().write(hello());
      // Four announcements take the whole budget of the node, and the fifth is too much.
      for (int id = 0; id < 5; id++) {
        ByteBuffer begin = ByteBuffer.allocate(14);
        begin.putInt(10).put((byte) (0x80 | MessageType.CALL.code())).putInt(id);
        begin.putInt(consort.remote.Limits.MESSAGE).put((byte) 0);
        first.getOutputStream().write(begin.array());
      }
      answer(first);
    }
    Side.await("all is given back", () -> a.budget.get() == 256 << 20);
    isAlive();
  }

  @Test
  void anotherVersionIsToldWhy() throws IOException {
    try (Socket socket = socket()) {
      socket.getOutputStream().write(frame(new Hello(9, "b", 1, Duration.ofSeconds(1)).message()));
      String told = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      assertThat(told).contains("the peer speaks version 9, this node 1");
    }
  }

  @Test
  void aMillionRandomFramesDoNoHarm() throws Exception {
    Random random = new Random(20261121);
    int sent = 0;
    int connections = 0;
    System.gc();
    long before = used();
    while (sent < FRAMES) {
      connections++;
      try (Socket socket = socket()) {
        socket.setTcpNoDelay(true);
        // What it answers is thrown away, so that it does not stop reading.
        Thread reader = new Thread(() -> drain(socket), "reader");
        reader.start();
        socket.getOutputStream().write(hello());
        int share = 1 + random.nextInt(400);
        ByteArrayOutputStream batch = new ByteArrayOutputStream();
        for (int i = 0; i < share; i++) {
          batch.write(randomFrame(random));
        }
        sent += share;
        try {
          socket.getOutputStream().write(batch.toByteArray());
        } catch (SocketException closed) {
          // it did not like one of them
        }
        socket.shutdownOutput();
        reader.join(20_000);
        assertThat(reader.isAlive()).as("the listener ends the connection").isFalse();
      } catch (SocketException closed) {
        // already
      }
    }
    Side.await("no session is left", () -> a.sessions() == 0);
    assertThat(a.budget).hasValue(256 << 20);
    assertThat(a.executor.isShutdown()).isFalse();
    isAlive();
    System.gc();
    assertThat(used() - before).as("growth in bytes").isLessThan(32 << 20);
    assertThat(connections).isGreaterThan(FRAMES / 400);
  }

  private static long used() {
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private static void drain(Socket socket) {
    try {
      byte[] buffer = new byte[65_536];
      while (socket.getInputStream().read(buffer) >= 0) {
        // thrown away
      }
    } catch (IOException closed) {
      // it is closed
    }
  }

  /** Mostly frames that are well formed outside, so that what is inside is read. */
  private static byte[] randomFrame(Random random) {
    MessageType[] types = MessageType.values();
    int kind = random.nextInt(1000);
    if (kind < 3) {
      byte[] noise = new byte[9 + random.nextInt(40)];
      random.nextBytes(noise);
      return noise;
    }
    byte[] payload;
    MessageType type = MessageType.CALL;
    if (kind < 8) {
      type = types[random.nextInt(types.length)];
      payload = new byte[random.nextInt(60)];
      random.nextBytes(payload);
    } else {
      Object[] values = {
        "DMM1#consort.api.Instrument",
        random.nextBoolean() ? "measure" : "x",
        List.of(1),
        Map.of(),
        1_000_000_000L,
        "eve",
        "OPERATOR",
        "",
        null,
        null
      };
      for (int i = 0; i < random.nextInt(3); i++) {
        values[2] = List.of(random.nextInt(), "x", random.nextDouble());
        values[3] = Map.of("channel", random.nextLong());
      }
      Bytes good = new CborOut(100).array(values).done();
      payload = good.toArray();
      // Some are damaged somewhere.
      if (kind < 20) {
        payload[random.nextInt(payload.length)] = (byte) random.nextInt();
      }
    }
    Bytes bytes = new Bytes(100);
    bytes.write(payload, 0, payload.length);
    return frame(new Message(type, random.nextInt(), bytes));
  }
}
