// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class JarTest {

  private static final long MIB = 1 << 20;

  @Test
  void aJarThatUnpacksToMuchMoreThanItsSizeIsNotUnpacked() throws Exception {
    byte[] bomb = Jars.driver("acme", "1.0.0").bytesWithZeros(3);

    assertThat(bomb).hasSizeLessThan(20_000);
    assertThatThrownBy(() -> Jar.of(bomb, 2 * MIB))
        .isInstanceOf(Jar.Unfit.class)
        .hasMessage("the jar has more than 2 MiB when it is unpacked");
    assertThat(Jar.of(bomb, 4 * MIB).exports()).isEmpty();
  }

  @Test
  void aManifestWithoutEndIsNotRead() {
    byte[] bomb = Jars.driver("acme", "1.0.0").header("Padding", "x".repeat(5_000_000)).bytes();

    assertThatThrownBy(() -> Jar.of(bomb))
        .isInstanceOf(Jar.Unfit.class)
        .hasMessage("its manifest is longer than 4 MiB");
  }
}
