// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.mesh.UserStatus;
import consort.api.security.NodeKeys;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Accepts other nodes. */
final class Listener implements IoLoop.Ready, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Listener.class);

  private final Address address;
  private final Permissions permissions;
  private final Exports exports;
  private final IoLoop loop;
  private final NodeKeys keys;
  private final Hello hello;
  private final AtomicLong budget;
  private final ServerSocketChannel channel;
  private final Set<Session> sessions = ConcurrentHashMap.newKeySet();

  /**
   * Listens, accepting from {@link #start} on.
   *
   * @param permissions what other nodes may do
   * @param keys who this node is, for TLS
   */
  Listener(
      Address asked,
      Permissions permissions,
      Exports exports,
      IoLoop loop,
      NodeKeys keys,
      Hello hello,
      AtomicLong budget)
      throws IOException {
    this.permissions = permissions;
    this.exports = exports;
    this.loop = loop;
    this.keys = keys;
    this.hello = hello;
    this.budget = budget;
    var socket = asked.socket();
    channel =
        asked.kind() == Address.Kind.UNIX
            ? ServerSocketChannel.open(asked.family())
            : ServerSocketChannel.open();
    try {
      if (asked.kind() == Address.Kind.UNIX) {
        bindFile(Path.of(asked.host()), socket);
      } else {
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        channel.bind(socket, 64);
      }
      channel.configureBlocking(false);
      address =
          channel.getLocalAddress() instanceof InetSocketAddress bound
              ? asked.at(bound.getPort())
              : asked;
    } catch (IOException e) {
      channel.close();
      throw new IOException("cannot listen on " + asked + ": " + IoLoop.said(e), e);
    }
  }

  /** A file left by a node that was killed is in the way; only its owner may connect. */
  private void bindFile(Path file, java.net.SocketAddress socket) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    if (Files.exists(file)) {
      try {
        SocketChannel.open(socket).close();
        throw new IOException("another node listens there");
      } catch (java.net.ConnectException nobody) {
        Files.delete(file);
      }
    }
    channel.bind(socket, 64);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  void start() {
    loop.execute(
        () -> {
          try {
            loop.register(channel, SelectionKey.OP_ACCEPT, this);
          } catch (IOException e) {
            failed(IoLoop.said(e));
          }
        });
  }

  /** Where it listens, with the port that was taken. */
  Address address() {
    return address;
  }

  /** The nodes that use this one, sorted by name. */
  List<UserStatus> users() {
    return sessions.stream()
        .map(Session::user)
        .filter(Objects::nonNull)
        .sorted(Comparator.comparing(UserStatus::name).thenComparing(UserStatus::since))
        .toList();
  }

  /** The peers that are connected. */
  Set<Session> sessions() {
    return sessions;
  }

  @Override
  public void ready(SelectionKey key) {
    SocketChannel accepted;
    try {
      accepted = channel.accept();
    } catch (IOException e) {
      // No file descriptors left, say: the next one may be luckier.
      LOG.warn("cannot accept a node: {}", IoLoop.said(e));
      return;
    }
    if (accepted == null) {
      return;
    }
    try {
      if (sessions.size() >= Limits.CONNECTIONS) {
        LOG.warn("more than {} connections; another one is refused", Limits.CONNECTIONS);
        accepted.close();
        return;
      }
      new Connection(
              loop,
              Channels.transport(accepted, address, keys, false),
              hello,
              budget,
              new Session(exports, loop, permissions, sessions))
          .begin();
    } catch (IOException | RuntimeException e) {
      LOG.warn("cannot talk to a node: {}", IoLoop.said(e));
      try {
        accepted.close();
      } catch (IOException closing) {
        LOG.debug("it does not close", closing);
      }
    }
  }

  @Override
  public void failed(String reason) {
    LOG.error("{} does not accept nodes any more: {}", address, reason);
  }

  @Override
  public void close() {
    sessions.forEach(Session::close);
    try {
      channel.close();
      if (address.kind() == Address.Kind.UNIX) {
        Files.deleteIfExists(Path.of(address.host()));
      }
    } catch (IOException e) {
      LOG.warn("{} does not close: {}", address, IoLoop.said(e));
    }
  }
}
