// SPDX-License-Identifier: Apache-2.0
package consort.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class OptionsTest {

  @Test
  void readsOptionsBeforeAndAfterTheVerbWithBlankOrEqualsSign() throws Exception {
    Options options = Options.parse("--home", "/a", "run", "--port=0", "--shell");

    assertThat(options.home().root()).isEqualTo(Path.of("/a"));
    assertThat(options.port()).isEqualTo("0");
    assertThat(options.shell()).isTrue();
    assertThat(options.words()).containsExactly("run");
  }

  @Test
  void takesAnUnknownLogLevelForInfo() throws Exception {
    assertThat(Options.parse("run", "--log-level", "debug").logLevel()).isEqualTo("debug");
    assertThat(Options.parse("run", "--log-level", "loud").logLevel()).isEqualTo("info");
  }

  @Test
  void refusesWhatItDoesNotKnow() {
    assertThatThrownBy(() -> Options.parse("run", "--prot", "1"))
        .hasMessage("unknown option --prot");
    assertThatThrownBy(() -> Options.parse("run", "--home")).hasMessage("--home needs a value");
    assertThatThrownBy(() -> Options.parse("run", "--home="))
        .hasMessage("--home needs the name of a folder");
    assertThatThrownBy(() -> Options.parse("run", "--port", "8555x"))
        .hasMessage("--port 8555x is not a port: 0 to 65535, 0 takes a free one");
  }
}
