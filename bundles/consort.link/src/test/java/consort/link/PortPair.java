// SPDX-License-Identifier: Apache-2.0
package consort.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A pseudo-terminal made by socat whose other end is the process's own input and output. */
final class PortPair implements AutoCloseable {

  private final Path name;
  private Process socat;

  /** Nothing is there before {@link #plugIn}. */
  PortPair(Path folder) {
    name = folder.resolve("port");
  }

  static boolean isPossible() {
    try {
      Process version = new ProcessBuilder("socat", "-V").redirectErrorStream(true).start();
      version.getInputStream().readAllBytes();
      return version.waitFor(10, TimeUnit.SECONDS) && version.exitValue() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  String resource() {
    return "ASRL" + name + "::INSTR";
  }

  Path name() {
    return name;
  }

  void plugIn() {
    try {
      socat =
          new ProcessBuilder("socat", "PTY,raw,echo=0,link=" + name, "-")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> Files.exists(name));
  }

  /** What the instrument reads. */
  InputStream in() {
    return socat.getInputStream();
  }

  /** What the instrument writes. */
  OutputStream out() {
    return socat.getOutputStream();
  }

  void unplug() {
    if (socat != null) {
      socat.destroyForcibly();
      try {
        assertThat(socat.waitFor(10, TimeUnit.SECONDS)).isTrue();
        Files.deleteIfExists(name);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      socat = null;
    }
  }

  @Override
  public void close() {
    unplug();
  }
}
