// SPDX-License-Identifier: Apache-2.0
package consort.security;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Makes and takes the keys of the nodes of a laboratory: an authority signs a certificate for each
 * node, and nodes trust whom their authorities have signed. Works on files; no node needs to run.
 */
public final class LaboratoryKeys {

  /** How long the certificate of an authority is valid, in days. */
  public static final int AUTHORITY_DAYS = 3650;

  /** How long the certificate of a node is valid, in days, when nothing else is said. */
  public static final int NODE_DAYS = 397;

  // As JDKs read it in a certificate; other names have the form of Consort only.
  private static final Pattern HOST =
      Pattern.compile("[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9-]*[A-Za-z0-9])*");

  /** What a file of keys is for. */
  public enum Kind {
    /** Signs the certificates of nodes. */
    AUTHORITY,
    /** The key of this node. */
    NODE,
    /** The key of another node, to be carried there. */
    ISSUED,
    /** An authority whose nodes may connect. */
    TRUSTED
  }

  /**
   * A file of keys.
   *
   * @param name whose it is: a node or an authority
   * @param until the end of its certificate
   * @param fingerprint the first 8 bytes of the SHA-256 of its certificate, in hexadecimal
   */
  public record Entry(Kind kind, Path file, String name, Instant until, String fingerprint) {
    static Entry of(Kind kind, Path file, X509Certificate certificate) {
      return new Entry(
          kind,
          file,
          Certificates.node(certificate).orElse(Certificates.owner(certificate)),
          certificate.getNotAfter().toInstant(),
          Certificates.fingerprint(certificate));
    }
  }

  private final KeyFiles files;
  private final String node;

  /**
   * The keys of one node.
   *
   * @param home its folder
   * @param node its name
   */
  public LaboratoryKeys(Path home, String node) {
    this.files = new KeyFiles(home);
    this.node = node;
  }

  /**
   * Makes an authority that this node trusts, and this node's own key, signed by it. An authority
   * that is replaced stays trusted, so that the nodes it signed get in until they have new keys.
   *
   * @param replace whether what is there may be replaced
   * @throws IOException when there is an authority already; says what to do
   */
  public List<Entry> init(boolean replace) throws IOException {
    check(node);
    keep(files.authorityFile(), replace, "and the nodes it signed trust it");
    keep(files.nodeFile(), replace, "the key of this node");
    Pem authority =
        keytool()
            .authority("Consort CA of " + node, new Keytool.Validity("-1d", AUTHORITY_DAYS + 1));
    OwnerOnly.write(
        files.authorityKey(), new Pem(authority.key(), authority.certificates()).bytes());
    OwnerOnly.write(
        files.authorityFile(), new Pem(Optional.empty(), authority.certificates()).bytes());
    List<Entry> made = new ArrayList<>();
    made.add(Entry.of(Kind.AUTHORITY, files.authorityFile(), authority.certificates().get(0)));
    made.addAll(trust(authority.certificates()));
    made.add(issue(node, NODE_DAYS, replace));
    return made;
  }

  /**
   * Makes the key of a node: of this one in place, of another one as a file to be carried there.
   *
   * @param name the node
   * @param days how long its certificate is valid, at least 1, and not longer than the authority's
   * @param replace whether one that is there may be replaced
   * @throws IOException when there is no authority here, or a key already; says what to do
   */
  public Entry issue(String name, int days, boolean replace) throws IOException {
    // Clocks differ: one that is behind does not refuse it.
    return issue(name, new Keytool.Validity("-1H", days), replace);
  }

  Entry issue(String name, Keytool.Validity validity, boolean replace) throws IOException {
    check(name);
    if (validity.days() < 1 || validity.days() > AUTHORITY_DAYS) {
      throw new IllegalArgumentException(
          "%d days is outside [1, %d]".formatted(validity.days(), AUTHORITY_DAYS));
    }
    Path file = name.equals(node) ? files.nodeFile() : files.issuedFile(name);
    keep(file, replace, "the key of " + name);
    Pem authority = authority();
    X509Certificate signer = authority.certificates().get(0);
    Date end = Date.from(Instant.now().plusSeconds(validity.days() * 86_400L));
    if (end.after(signer.getNotAfter())) {
      throw new IOException(
          "%s ends on %s, before %d days are over; issue for fewer days, or make a new one with"
                  .formatted(
                      files.authorityFile(),
                      Certificates.day(signer.getNotAfter()),
                      validity.days())
              + " 'consort keys init --replace'");
    }
    List<String> extensions = new ArrayList<>();
    extensions.addAll(List.of("bc:c=ca:false", "ku:c=digitalSignature"));
    extensions.add("eku=serverAuth,clientAuth");
    String host = HOST.matcher(name).matches() ? ",dns:" + name : "";
    extensions.add("san=uri:" + Certificates.SCHEME + name + host);
    Pem made = keytool().signed(name, validity, extensions, authority);
    if (!file.equals(files.nodeFile())) {
      OwnerOnly.folder(file.getParent());
    }
    OwnerOnly.write(file, made.bytes());
    return Entry.of(
        file.equals(files.nodeFile()) ? Kind.NODE : Kind.ISSUED, file, made.certificates().get(0));
  }

  /**
   * Takes what a file holds: certificates of authorities, whose nodes are trusted from now on, and
   * this node's own key where {@link #issue} made it for this node.
   *
   * @param replace whether another key of this node may be replaced
   * @return what was taken
   * @throws IOException when the file holds nothing to take, or the key of another node
   */
  public List<Entry> trust(Path file, boolean replace) throws IOException {
    Pem given;
    try {
      given = Pem.read(file);
    } catch (NoSuchFileException e) {
      throw new IOException(file + " is not there", e);
    }
    List<X509Certificate> authorities =
        given.certificates().stream().filter(Certificates::isAuthority).toList();
    if (authorities.isEmpty()) {
      throw new IOException(
          file + " holds no certificate of an authority; carry ca.pem or what 'keys issue' made");
    }
    if (given.key().isPresent()) {
      checkOwn(file, given, authorities);
      if (!same(given)) {
        keep(files.nodeFile(), replace, "the key of " + node);
      }
    }
    OwnerOnly.folder(files.folder());
    List<Entry> taken = trust(authorities);
    if (given.key().isPresent()) {
      OwnerOnly.write(files.nodeFile(), given.bytes());
      taken.add(Entry.of(Kind.NODE, files.nodeFile(), given.certificates().get(0)));
    }
    return taken;
  }

  /** What there is. */
  public List<Entry> list() throws IOException {
    List<Entry> all = new ArrayList<>();
    if (Files.exists(files.authorityFile())) {
      all.add(first(Kind.AUTHORITY, files.authorityFile()));
    }
    if (Files.exists(files.nodeFile())) {
      all.add(first(Kind.NODE, files.nodeFile()));
    }
    for (Path file : files.trustedFiles()) {
      all.add(first(Kind.TRUSTED, file));
    }
    return all;
  }

  private static Entry first(Kind kind, Path file) throws IOException {
    List<X509Certificate> certificates = Pem.read(file).certificates();
    if (certificates.isEmpty()) {
      throw new IOException(file + " holds no certificate");
    }
    return Entry.of(kind, file, certificates.get(0));
  }

  private List<Entry> trust(List<X509Certificate> authorities) throws IOException {
    OwnerOnly.folder(files.trustedFolder());
    List<Entry> taken = new ArrayList<>();
    for (X509Certificate authority : authorities) {
      Path file = files.trustedFolder().resolve(fileName(authority));
      OwnerOnly.write(file, new Pem(Optional.empty(), List.of(authority)).bytes());
      taken.add(Entry.of(Kind.TRUSTED, file, authority));
    }
    return taken;
  }

  /** For people the name, for the machine the fingerprint. */
  private static String fileName(X509Certificate authority) {
    String name =
        Certificates.owner(authority).toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    return name.substring(0, Math.min(40, name.length()))
        + "-"
        + Certificates.fingerprint(authority)
        + ".pem";
  }

  private Pem authority() throws IOException {
    try {
      Pem authority = Pem.read(files.authorityKey());
      if (authority.key().isEmpty() || authority.certificates().isEmpty()) {
        throw new IOException(files.authorityKey() + " holds no key with its certificate");
      }
      return authority;
    } catch (NoSuchFileException e) {
      throw new IOException(
          files.authorityKey()
              + " is not there: issue keys on the node where 'consort keys init' was run, or run it"
              + " here for a laboratory of its own",
          e);
    }
  }

  private Keytool keytool() throws IOException {
    OwnerOnly.folder(files.folder());
    return new Keytool(files.folder());
  }

  private static void keep(Path file, boolean replace, String what) throws IOException {
    if (!replace && Files.exists(file)) {
      throw new IOException(file + " is there, " + what + "; --replace makes a new one");
    }
  }

  private boolean same(Pem given) throws IOException {
    return Files.exists(files.nodeFile())
        && Pem.read(files.nodeFile()).certificates().equals(given.certificates());
  }

  /** The key fits its certificate, which is this node's, valid, and signed by what comes along. */
  private void checkOwn(Path file, Pem given, List<X509Certificate> authorities)
      throws IOException {
    X509Certificate own = given.certificates().get(0);
    String name = Certificates.node(own).orElse("");
    if (!name.equals(node)) {
      throw new IOException(
          "%s is for the node '%s', and this one is called '%s' (node: in etc/consort.yaml)"
              .formatted(file, name.isEmpty() ? Certificates.owner(own) : name, node));
    }
    try {
      Certificates.checkDays(own, new Date());
      own.verify(authorities.get(0).getPublicKey());
      PrivateKey key = given.key().orElseThrow();
      Signature signature =
          Signature.getInstance(
              key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "SHA256withRSA");
      signature.initSign(key);
      byte[] signed = signature.sign();
      signature.initVerify(own);
      if (!signature.verify(signed)) {
        throw new IOException(file + ": the key is not that of the certificate");
      }
    } catch (CertificateException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    } catch (GeneralSecurityException e) {
      throw new IOException(
          file + ": the certificate is not signed by the authority behind it: " + e.getMessage(),
          e);
    }
  }

  private static void check(String name) {
    if (!Certificates.NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "'"
              + (name.length() > 80 ? name.substring(0, 80) + "..." : name)
              + "' is no name of a node for a certificate: 1 to 63 letters, digits, '.', '_', '-'");
    }
  }
}
