// SPDX-License-Identifier: Apache-2.0
package consort.security;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Where the keys of a node are. */
record KeyFiles(Path home) {

  private static final int MOST_AUTHORITIES = 100;

  /** Differs when a file was written, came or went. */
  record Stamp(List<Object> files) {}

  Path folder() {
    return home.resolve("data/keys");
  }

  /** Key and certificate in one file, so that they change together. */
  Path nodeFile() {
    return folder().resolve("node.pem");
  }

  Path authorityFile() {
    return folder().resolve("ca.pem");
  }

  Path authorityKey() {
    return folder().resolve("ca.key");
  }

  /** What was made for another node and is to be carried there. */
  Path issuedFile(String node) {
    return folder().resolve("issued").resolve(node + ".pem");
  }

  Path trustedFolder() {
    return folder().resolve("trusted");
  }

  /** The key of this node and its certificate with those of its authorities behind it. */
  Pem node() throws IOException {
    Pem node;
    try {
      node = Pem.read(nodeFile());
    } catch (NoSuchFileException e) {
      throw new IOException(
          nodeFile()
              + " is not there: this node has no keys; 'consort keys init' makes the first of a"
              + " laboratory, 'consort keys trust FILE' takes those made on another node",
          e);
    }
    if (node.key().isEmpty() || node.certificates().isEmpty()) {
      throw new IOException(nodeFile() + " holds no key with its certificate");
    }
    OwnerOnly.close(nodeFile());
    return node;
  }

  /** The authorities whose nodes may connect. */
  List<X509Certificate> trusted() throws IOException {
    List<X509Certificate> all = new ArrayList<>();
    for (Path file : trustedFiles()) {
      for (X509Certificate certificate : Pem.read(file).certificates()) {
        if (!Certificates.isAuthority(certificate)) {
          throw new IOException(
              "%s: the certificate of %s is not that of an authority"
                  .formatted(file, Certificates.owner(certificate)));
        }
        all.add(certificate);
      }
    }
    return all;
  }

  List<Path> trustedFiles() throws IOException {
    if (!Files.isDirectory(trustedFolder())) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(trustedFolder())) {
      List<Path> all =
          files
              .filter(file -> file.toString().endsWith(".pem"))
              .limit(MOST_AUTHORITIES + 1)
              .toList();
      if (all.size() > MOST_AUTHORITIES) {
        throw new IOException(
            trustedFolder() + " holds more than " + MOST_AUTHORITIES + " authorities");
      }
      return all.stream().sorted().toList();
    }
  }

  Stamp stamp() throws IOException {
    List<Object> seen = new ArrayList<>();
    List<Path> files = new ArrayList<>(trustedFiles());
    files.add(nodeFile());
    for (Path file : files) {
      seen.add(file);
      if (Files.exists(file)) {
        BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
        FileTime written = is.lastModifiedTime();
        seen.addAll(List.of(written, is.size(), String.valueOf(is.fileKey())));
      }
    }
    return new Stamp(seen);
  }
}
