// SPDX-License-Identifier: Apache-2.0
package consort.http;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.LeaseToken;
import consort.api.NumericArray;
import consort.api.Refused;
import consort.api.Role;
import consort.api.script.Buffer;
import consort.api.script.Buffers;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Long arrays over HTTP. */
final class BuffersTest {

  private static final Buffer FLOATS =
      new Buffer("buf_1", NumericArray.of(new float[] {1, -2.5f}), "float32", Instant.EPOCH);
  private static final Buffer BYTES =
      new Buffer("buf_2", NumericArray.of(new byte[] {1, -1}), "uint8", Instant.EPOCH);

  @TempDir Path home;
  private final HttpClient client = HttpClient.newHttpClient();
  private Listener listener;
  private String released = "";

  private final Buffers buffers =
      new Buffers() {
        @Override
        public Buffer keep(Object data, Caller owner, LeaseToken lease) {
          throw new AssertionError("nobody keeps anything here");
        }

        @Override
        public Buffer get(String id, Caller caller) {
          assertThat(caller.name()).isEqualTo("admin");
          return switch (id) {
            case "buf_1" -> FLOATS;
            case "buf_2" -> BYTES;
            default -> throw new Refused(ErrorCode.BAD_REQUEST, "there is no buffer " + id);
          };
        }

        @Override
        public void release(String id, Caller caller) {
          released = get(id, caller).id();
        }
      };

  @BeforeEach
  void listen() throws IOException {
    listener =
        new Listener(
            new Settings(home, "bench1", "127.0.0.1", 0, null),
            new Gate(
                (token, face) ->
                    token.equals("secret")
                        ? Optional.of(new Caller("admin", Role.ADMINISTRATOR, face))
                        : Optional.empty(),
                Set.of("localhost"),
                null),
            new NoCommands(),
            () -> buffers);
    listener.open();
  }

  @AfterEach
  void close() {
    listener.close();
  }

  private HttpResponse<byte[]> send(String method, String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + listener.port() + "/api/buffers/" + path))
            .header("Authorization", "Bearer secret")
            .method(method, HttpRequest.BodyPublishers.noBody())
            .build(),
        BodyHandlers.ofByteArray());
  }

  private String text(String method, String path) throws Exception {
    return new String(send(method, path).body(), java.nio.charset.StandardCharsets.UTF_8);
  }

  @Test
  void givesTheElementsRawAndLittleEndian() throws Exception {
    HttpResponse<byte[]> answer = send("GET", "buf_1");

    ByteBuffer body = ByteBuffer.wrap(answer.body()).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(body.remaining()).isEqualTo(8);
    assertThat(body.getFloat()).isEqualTo(1);
    assertThat(body.getFloat()).isEqualTo(-2.5f);
    assertThat(answer.headers().firstValue("X-Data-Type")).contains("float32");
    assertThat(answer.headers().firstValue("X-Element-Count")).contains("2");
  }

  @Test
  void givesOneNumberALineAsCsv() throws Exception {
    assertThat(text("GET", "buf_1?format=csv")).isEqualTo("1.0\n-2.5\n");
    assertThat(text("GET", "buf_2?format=csv")).isEqualTo("1\n255\n");
  }

  @Test
  void releasesABuffer() throws Exception {
    assertThat(send("DELETE", "buf_2").statusCode()).isEqualTo(200);
    assertThat(released).isEqualTo("buf_2");
  }

  @Test
  void saysWhatIsWrong() throws Exception {
    assertThat(send("GET", "nothing").statusCode()).isEqualTo(404);
    assertThat(text("GET", "nothing")).contains("there is no buffer nothing");
    assertThat(send("POST", "buf_1").statusCode()).isEqualTo(405);
    assertThat(send("GET", "buf_1?format=hdf5").statusCode()).isEqualTo(400);
    HttpResponse<String> stranger =
        client.send(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + listener.port() + "/api/buffers/buf_1"))
                .build(),
            BodyHandlers.ofString());
    assertThat(stranger.statusCode()).isEqualTo(401);
  }
}
