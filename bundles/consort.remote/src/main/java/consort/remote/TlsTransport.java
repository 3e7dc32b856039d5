// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.security.NodeKeys;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;

/** TLS over a channel. The handshake is done by the reading thread, before anybody writes. */
final class TlsTransport implements Transport {

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final SocketChannel channel;
  private final NodeKeys keys;
  private final SSLEngine engine;
  private final ByteBuffer encryptedIn;
  private final ByteBuffer encryptedOut;
  private final ByteBuffer plainIn;
  private boolean begun;
  private boolean established;

  TlsTransport(SocketChannel channel, NodeKeys keys, SSLEngine engine) {
    this.channel = channel;
    this.keys = keys;
    this.engine = engine;
    int packet = engine.getSession().getPacketBufferSize();
    encryptedIn = ByteBuffer.allocateDirect(packet);
    // Several packets go in one write.
    encryptedOut = ByteBuffer.allocateDirect(4 * packet).limit(0);
    plainIn = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize()).limit(0);
  }

  @Override
  public SocketChannel channel() {
    return channel;
  }

  @Override
  public boolean establish() throws IOException {
    try {
      return handshake();
    } catch (SSLException e) {
      throw new IOException(keys.reason(e), e);
    }
  }

  private boolean handshake() throws IOException {
    if (!begun) {
      begun = true;
      engine.beginHandshake();
    }
    while (!established) {
      HandshakeStatus status = engine.getHandshakeStatus();
      switch (status) {
        case NEED_TASK -> tasks();
        case NEED_WRAP -> {
          if (!write(NOTHING)) {
            return false;
          }
        }
        case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
          if (!unwrap()) {
            return false;
          }
        }
        case FINISHED, NOT_HANDSHAKING -> established = flush();
      }
      if (!established && status == HandshakeStatus.NOT_HANDSHAKING) {
        return false;
      }
    }
    return true;
  }

  private void tasks() {
    for (Runnable task = engine.getDelegatedTask();
        task != null;
        task = engine.getDelegatedTask()) {
      task.run();
    }
  }

  /** Takes one packet; false when there is none whole. */
  private boolean unwrap() throws IOException {
    plainIn.compact();
    try {
      while (true) {
        encryptedIn.flip();
        SSLEngineResult result;
        try {
          result = engine.unwrap(encryptedIn, plainIn);
        } finally {
          encryptedIn.compact();
        }
        switch (result.getStatus()) {
          case OK -> {
            return true;
          }
          case CLOSED -> throw new IOException("the peer ended TLS");
          case BUFFER_OVERFLOW -> {
            return true;
          }
          case BUFFER_UNDERFLOW -> {
            int count = channel.read(encryptedIn);
            if (count < 0) {
              throw new IOException("the peer closed the connection");
            }
            if (count == 0) {
              return false;
            }
          }
        }
      }
    } finally {
      plainIn.flip();
    }
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    int begin = into.position();
    while (into.hasRemaining()) {
      if (!plainIn.hasRemaining() && !unwrap()) {
        break;
      }
      if (engine.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
        tasks();
      }
      int count = Math.min(plainIn.remaining(), into.remaining());
      into.put(plainIn.slice(plainIn.position(), count));
      plainIn.position(plainIn.position() + count);
    }
    return into.position() - begin;
  }

  @Override
  public boolean write(ByteBuffer from) throws IOException {
    if (!flush()) {
      return false;
    }
    do {
      encryptedOut.clear();
      while (true) {
        SSLEngineResult result = engine.wrap(from, encryptedOut);
        if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
          throw new SSLException("TLS has ended");
        }
        if (result.getStatus() != SSLEngineResult.Status.OK
            || !from.hasRemaining()
            || result.bytesProduced() == 0) {
          break;
        }
      }
      encryptedOut.flip();
      if (!flush()) {
        return false;
      }
    } while (from.hasRemaining());
    return true;
  }

  /** Whether it waits for the channel to take something, while it is being established. */
  boolean wantsWrite() {
    return encryptedOut.hasRemaining();
  }

  private boolean flush() throws IOException {
    if (encryptedOut.hasRemaining()) {
      channel.write(encryptedOut);
    }
    return !encryptedOut.hasRemaining();
  }

  @Override
  public String peer() {
    try {
      return keys.node(engine.getSession());
    } catch (SSLPeerUnverifiedException e) {
      return "";
    }
  }

  @Override
  public void close() throws IOException {
    engine.closeOutbound();
    channel.close();
  }
}
