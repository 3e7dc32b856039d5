// SPDX-License-Identifier: Apache-2.0
package consort.security;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/** What is read from certificates. */
final class Certificates {

  /** A node's name stands in its certificate as the URI {@code consort:NAME}. */
  static final String SCHEME = "consort:";

  static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
  private static final int URI = 6;

  private Certificates() {}

  /** The name of the node whose certificate this is; empty when it is not one of a node. */
  static Optional<String> node(X509Certificate certificate) {
    try {
      var names = certificate.getSubjectAlternativeNames();
      if (names == null) {
        return Optional.empty();
      }
      for (List<?> name : names) {
        String text = name.get(0).equals(URI) ? (String) name.get(1) : "";
        if (text.startsWith(SCHEME) && NAME.matcher(text.substring(SCHEME.length())).matches()) {
          return Optional.of(text.substring(SCHEME.length()));
        }
      }
      return Optional.empty();
    } catch (CertificateParsingException e) {
      return Optional.empty();
    }
  }

  static boolean isAuthority(X509Certificate certificate) {
    return certificate.getBasicConstraints() >= 0;
  }

  /** The common name of the owner, or all of its name when it has none. */
  static String owner(X509Certificate certificate) {
    return name(certificate.getSubjectX500Principal().getName());
  }

  static String issuer(X509Certificate certificate) {
    return name(certificate.getIssuerX500Principal().getName());
  }

  private static String name(String distinguished) {
    try {
      for (Rdn part : new LdapName(distinguished).getRdns()) {
        if (part.getType().equalsIgnoreCase("CN")) {
          return part.getValue().toString();
        }
      }
    } catch (InvalidNameException e) {
      // Then as it is.
    }
    return distinguished;
  }

  static LocalDate day(Date date) {
    return LocalDate.ofInstant(date.toInstant(), ZoneOffset.UTC);
  }

  /** Tells certificates of one name apart: the begin of the SHA-256 of all of it. */
  static String fingerprint(X509Certificate certificate) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
      return HexFormat.of().formatHex(hash, 0, 8);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // every Java has SHA-256, and what was read has a form
    }
  }

  /** Refuses one that is not valid now; says since when, or until when. */
  static void checkDays(X509Certificate certificate, Date now) throws CertificateException {
    if (now.after(certificate.getNotAfter())) {
      throw new CertificateException(
          "the certificate of %s expired on %s"
              .formatted(owner(certificate), certificate.getNotAfter().toInstant()));
    }
    if (now.before(certificate.getNotBefore())) {
      throw new CertificateException(
          "the certificate of %s is valid only from %s on; is one of the clocks wrong?"
              .formatted(owner(certificate), certificate.getNotBefore().toInstant()));
    }
  }
}
