// SPDX-License-Identifier: Apache-2.0
package consort.security;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Makes keys with the JDK's keytool, in a process of its own, as the JDK has no public way to sign
 * a certificate. The store it needs is there only meanwhile.
 */
final class Keytool {

  private static final Duration LIMIT = Duration.ofMinutes(1);
  // It runs half a second: a better compiler would only cost.
  private static final List<String> JAVA =
      List.of("-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC", "-J-Duser.language=en");
  private static final String PASSWORD = "CONSORT_STORE";
  private static final String MADE = "made";
  private static final String SIGNER = "signer";

  /**
   * Until when a certificate is valid.
   *
   * @param begin as keytool wants it: {@code -1H} is an hour ago, as clocks of nodes differ
   * @param days how long from there
   */
  record Validity(String begin, int days) {}

  private final Path folder;

  /** Works in this folder, which its owner alone may read. */
  Keytool(Path folder) {
    this.folder = folder;
  }

  /** Makes a key with a certificate of its own. */
  Pem authority(String name, Validity validity) throws IOException {
    return make(
        name, validity, null, List.of("bc:c=ca:true,pathlen:0", "ku:c=keyCertSign,cRLSign"));
  }

  /** Makes a key with a certificate that another key has signed. */
  Pem signed(String name, Validity validity, List<String> extensions, Pem signer)
      throws IOException {
    return make(name, validity, signer, extensions);
  }

  private Pem make(String name, Validity validity, Pem signer, List<String> extensions)
      throws IOException {
    byte[] secret = new byte[16];
    new SecureRandom().nextBytes(secret);
    String password = HexFormat.of().formatHex(secret);
    Path work = Files.createTempDirectory(folder, ".work");
    try {
      Path store = work.resolve("keys.p12");
      if (signer != null) {
        save(signer, store, password);
      }
      List<String> words = new ArrayList<>(List.of("-genkeypair", "-alias", MADE));
      words.addAll(List.of("-keyalg", "EC", "-groupname", "secp256r1"));
      words.addAll(List.of("-dname", "CN=" + name, "-startdate", validity.begin()));
      words.addAll(List.of("-validity", Integer.toString(validity.days())));
      words.addAll(List.of("-keystore", store.toString(), "-storetype", "PKCS12"));
      words.addAll(List.of("-storepass:env", PASSWORD));
      extensions.forEach(extension -> words.addAll(List.of("-ext", extension)));
      if (signer != null) {
        words.addAll(List.of("-signer", SIGNER));
      }
      run(words, password, work.resolve("said"));
      return load(store, password);
    } catch (GeneralSecurityException e) {
      throw new IOException("the key for " + name + " cannot be made: " + e.getMessage(), e);
    } finally {
      delete(work);
    }
  }

  private static void run(List<String> words, String password, Path said) throws IOException {
    Path program = Path.of(System.getProperty("java.home"), "bin", "keytool");
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(JAVA);
    command.addAll(words);
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile());
    builder.redirectInput(new File(Files.exists(Path.of("/dev/null")) ? "/dev/null" : "NUL"));
    builder.environment().put(PASSWORD, password);
    Process process = builder.start();
    try {
      if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        throw new IOException("keytool does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while keytool makes a key", e);
    } finally {
      process.destroyForcibly();
    }
    if (process.exitValue() != 0) {
      throw new IOException(
          "keytool failed: " + Files.readString(said, StandardCharsets.ISO_8859_1).strip());
    }
  }

  private static void save(Pem signer, Path to, String password)
      throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, password.toCharArray());
    store.setKeyEntry(
        SIGNER,
        signer.key().orElseThrow(),
        password.toCharArray(),
        signer.certificates().toArray(Certificate[]::new));
    try (var out = Files.newOutputStream(to)) {
      store.store(out, password.toCharArray());
    }
  }

  private static Pem load(Path from, String password) throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (var in = Files.newInputStream(from)) {
      store.load(in, password.toCharArray());
    }
    return new Pem(
        Optional.of((PrivateKey) store.getKey(MADE, password.toCharArray())),
        Arrays.stream(store.getCertificateChain(MADE)).map(X509Certificate.class::cast).toList());
  }

  private static void delete(Path work) throws IOException {
    try (Stream<Path> files = Files.list(work)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(work);
  }
}
