// SPDX-License-Identifier: Apache-2.0
package consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ScpiSimulatorTest {

  private final ScpiSimulator simulator = new ScpiSimulator().setting("VOLT", "0");

  @AfterEach
  void end() {
    simulator.close();
  }

  @Test
  void remembersSettingsAndAnswersSeveralQuestionsInOneLine() throws IOException {
    try (Client client = new Client()) {
      assertThat(client.ask(":volt 3.3;VOLT?;*OPC?")).isEqualTo("3.3;1");
      assertThat(simulator.setting("VOLT")).isEqualTo("3.3");
    }
  }

  @Test
  void queuesAnErrorForWhatItDoesNotKnow() throws IOException {
    try (Client client = new Client()) {
      assertThat(client.ask("BANANA;SYST:ERR?")).isEqualTo("-113,\"Undefined header\"");
      assertThat(client.ask("SYST:ERR?")).isEqualTo("+0,\"No error\"");
    }
  }

  @Test
  void hangsUpInsteadOfAnswering() throws IOException {
    simulator.mood(ScpiSimulator.Mood.HANGING_UP);
    try (Client client = new Client()) {
      assertThat(client.ask("*IDN?")).isNull();
    }
    assertThat(simulator.received()).containsExactly("*IDN?");
    assertThat(simulator.connections()).isEqualTo(1);
  }

  @Test
  void refusesConnectionsForAWhile() throws IOException {
    simulator.refusing(true);
    assertThatExceptionOfType(ConnectException.class).isThrownBy(Client::new);

    simulator.refusing(false);
    try (Client client = new Client()) {
      assertThat(client.ask("*OPC?")).isEqualTo("1");
    }
  }

  private final class Client implements AutoCloseable {
    private final Socket socket = new Socket("127.0.0.1", simulator.port());
    private final BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));

    Client() throws IOException {}

    String ask(String line) throws IOException {
      socket.getOutputStream().write((line + "\n").getBytes(StandardCharsets.ISO_8859_1));
      return reader.readLine();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
