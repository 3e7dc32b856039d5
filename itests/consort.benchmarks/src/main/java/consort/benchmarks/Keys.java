// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import consort.security.LaboratoryKeys;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Keys of two nodes, and those of a bare server. */
record Keys(Map<String, Path> homes, SSLContext context) {

  private static final char[] PASSWORD = "changeit".toCharArray();

  static Keys make(String first, String second)
      throws IOException, GeneralSecurityException, InterruptedException {
    Path one = Files.createTempDirectory("consort-benchmark");
    Path other = Files.createTempDirectory("consort-benchmark");
    LaboratoryKeys laboratory = new LaboratoryKeys(one, first);
    laboratory.init(false);
    Path issued = laboratory.issue(second, LaboratoryKeys.NODE_DAYS, false).file();
    new LaboratoryKeys(other, second).trust(issued, false);
    return new Keys(Map.of(first, one, second, other), bare(one.resolve("bare.p12")));
  }

  Path home(String node) {
    return homes.get(node);
  }

  private static SSLContext bare(Path file)
      throws IOException, GeneralSecurityException, InterruptedException {
    Process keytool =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-genkeypair",
                    "-alias",
                    "bare",
                    "-keyalg",
                    "EC",
                    "-groupname",
                    "secp256r1",
                    "-dname",
                    "CN=bare",
                    "-storetype",
                    "PKCS12",
                    "-keystore",
                    file.toString(),
                    "-storepass",
                    new String(PASSWORD)))
            .inheritIO()
            .start();
    if (keytool.waitFor() != 0) {
      throw new IOException("keytool failed");
    }
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, PASSWORD);
    }
    KeyManagerFactory key = KeyManagerFactory.getInstance("PKIX");
    key.init(store, PASSWORD);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(key.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }
}
