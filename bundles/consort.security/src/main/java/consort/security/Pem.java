// SPDX-License-Identifier: Apache-2.0
package consort.security;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Certificates and a private key in the text form that other tools read, too.
 *
 * @param key in PKCS #8; empty where there are certificates only
 * @param certificates in the order of the file
 */
record Pem(Optional<PrivateKey> key, List<X509Certificate> certificates) {

  private static final int LARGEST = 64 * 1024;
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]*)-----END \\1-----");

  Pem {
    certificates = List.copyOf(certificates);
  }

  static Pem read(Path file) throws IOException {
    if (Files.size(file) > LARGEST) {
      throw new IOException(file + " is larger than " + LARGEST + " bytes: not a file of keys");
    }
    List<X509Certificate> certificates = new ArrayList<>();
    byte[] key = null;
    try {
      Matcher block = BLOCK.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
      while (block.find()) {
        byte[] content = Base64.getMimeDecoder().decode(block.group(2));
        switch (block.group(1)) {
          case "CERTIFICATE" -> certificates.add(certificate(content));
          case "PRIVATE KEY" -> key = content;
          default ->
              throw new IOException(
                  file
                      + " holds a block "
                      + block.group(1)
                      + "; known are CERTIFICATE and PRIVATE KEY (PKCS #8, without a password)");
        }
      }
      return new Pem(Optional.ofNullable(key(key, certificates)), certificates);
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IOException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static X509Certificate certificate(byte[] content) throws GeneralSecurityException {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(content));
  }

  /** The form says less than the certificate about what kind of key it is. */
  private static PrivateKey key(byte[] content, List<X509Certificate> certificates)
      throws GeneralSecurityException {
    if (content == null) {
      return null;
    }
    String kind = certificates.isEmpty() ? "EC" : certificates.get(0).getPublicKey().getAlgorithm();
    return KeyFactory.getInstance(kind).generatePrivate(new PKCS8EncodedKeySpec(content));
  }

  byte[] bytes() throws IOException {
    StringBuilder text = new StringBuilder();
    key.ifPresent(k -> block(text, "PRIVATE KEY", k.getEncoded()));
    try {
      for (X509Certificate certificate : certificates) {
        block(text, "CERTIFICATE", certificate.getEncoded());
      }
    } catch (GeneralSecurityException e) {
      throw new IOException("a certificate cannot be written: " + e.getMessage(), e);
    }
    return text.toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  private static void block(StringBuilder text, String what, byte[] content) {
    text.append("-----BEGIN ").append(what).append("-----\n");
    text.append(Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content));
    text.append("\n-----END ").append(what).append("-----\n");
  }
}
