// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a node listens.
 *
 * @param kind how one gets there
 * @param host the host, or the path of a socket
 * @param port the port, 0 for a socket file
 */
record Address(Kind kind, String host, int port) {

  /** How bytes go to a node. */
  enum Kind {
    /** Plain TCP, on loopback only. */
    TCP,
    /** TLS 1.3 over TCP. */
    TLS,
    /** A Unix-domain socket. */
    UNIX
  }

  private static final Pattern INET =
      Pattern.compile("(tcp|tls)://(\\[[0-9A-Fa-f:.%a-z]+\\]|[^\\[\\]:/#\\s]+):([0-9]{1,5})");
  private static final Pattern FILE = Pattern.compile("unix:([^#\\s]{1,90})");

  /**
   * Reads an address.
   *
   * @throws IllegalArgumentException when it is none
   */
  static Address parse(String text) {
    Matcher inet = INET.matcher(text);
    if (inet.matches() && Integer.parseInt(inet.group(3)) <= 65535) {
      String host = inet.group(2).replaceAll("[\\[\\]]", "");
      Kind kind = inet.group(1).equals("tcp") ? Kind.TCP : Kind.TLS;
      return new Address(kind, host, Integer.parseInt(inet.group(3)));
    }
    Matcher file = FILE.matcher(text);
    if (file.matches()) {
      return new Address(Kind.UNIX, file.group(1), 0);
    }
    throw new IllegalArgumentException(
        "'"
            + text
            + "' is no address of a node; it is such as tcp://127.0.0.1:8600, tls://bench2:8600"
            + " or unix:/run/consort.sock");
  }

  /** This address, where the path of a socket is relative to a folder. */
  Address below(Path folder) {
    return kind == Kind.UNIX ? new Address(kind, folder.resolve(host).toString(), 0) : this;
  }

  /** This address with the port that was taken. */
  Address at(int taken) {
    return new Address(kind, host, taken);
  }

  StandardProtocolFamily family() {
    return kind == Kind.UNIX ? StandardProtocolFamily.UNIX : StandardProtocolFamily.INET;
  }

  /**
   * What a socket needs to know.
   *
   * @throws IOException when the name is not known, or a plain address is not a loopback one
   */
  SocketAddress socket() throws IOException {
    if (kind == Kind.UNIX) {
      try {
        return UnixDomainSocketAddress.of(host);
      } catch (InvalidPathException e) {
        throw new IOException(host + " is no path of a socket", e);
      }
    }
    InetAddress address;
    try {
      address = InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new IOException("the host " + host + " is not known", e);
    }
    if (kind == Kind.TCP && !address.isLoopbackAddress()) {
      throw new IOException(
          this + " is not a loopback address; plain TCP goes there only, others need tls://");
    }
    return new InetSocketAddress(address, port);
  }

  @Override
  public String toString() {
    if (kind == Kind.UNIX) {
      return "unix:" + host;
    }
    return kind.name().toLowerCase(java.util.Locale.ROOT) + "://" + shown(host, port);
  }

  /** Host and port of a socket, as people write them. */
  static String shown(InetSocketAddress socket) {
    return shown(socket.getAddress().getHostAddress(), socket.getPort());
  }

  private static String shown(String host, int port) {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
