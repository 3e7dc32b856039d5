// SPDX-License-Identifier: Apache-2.0
package consort.http;

import consort.api.script.Buffers;
import consort.commands.Commands;
import java.io.IOException;
import java.net.BindException;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The server that listens. Its threads read and write; commands run on those of the handler. */
final class Listener {

  private static final Logger LOG = LoggerFactory.getLogger(Listener.class);

  /** How long running requests have to send their replies when the node ends. */
  private static final Duration END = Duration.ofMillis(500);

  /** A client that says nothing for so long in the middle of a request is hung up on. */
  private static final Duration IDLE = Duration.ofSeconds(30);

  private final Settings settings;
  private final Server server;
  private final ServerConnector connector;
  private final RpcHandler rpc;
  private final EventsHandler events;
  private final NodeFile file;
  private boolean closed;

  Listener(Settings settings, Gate gate, Commands commands, Supplier<Buffers> buffers) {
    this(settings, gate, commands, buffers, IDLE);
  }

  Listener(
      Settings settings, Gate gate, Commands commands, Supplier<Buffers> buffers, Duration idle) {
    this.settings = settings;
    this.rpc = new RpcHandler(commands, gate);
    // Silence is broken before the connection counts as idle.
    this.events = new EventsHandler(commands, gate, idle.dividedBy(3));
    this.file = new NodeFile(settings.home().resolve("data/run/node.json"));
    QueuedThreadPool threads = new QueuedThreadPool(16, 4);
    threads.setName("http");
    threads.setReservedThreads(0);
    threads.setStopTimeout(END.toMillis());
    server = new Server(threads);
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    http.setRequestHeaderSize(16 << 10);
    connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
    connector.setHost(settings.host());
    connector.setPort(settings.port());
    connector.setIdleTimeout(idle.toMillis());
    connector.setAcceptQueueSize(256);
    server.addConnector(connector);
    server.setErrorHandler(errors());
    server.setHandler(
        new GracefulHandler(new Handler.Sequence(events, new BuffersHandler(buffers, gate), rpc)));
    server.setStopTimeout(END.toMillis());
  }

  static void inBackground(Runnable opening) {
    Thread thread = new Thread(opening, "http start");
    thread.setDaemon(true);
    thread.start();
  }

  /** What is no HTTP is answered in our words, not with Jetty's page. */
  private static ErrorHandler errors() {
    return new ErrorHandler() {
      @Override
      protected void generateResponse(
          org.eclipse.jetty.server.Request request,
          org.eclipse.jetty.server.Response response,
          int code,
          String message,
          Throwable cause,
          org.eclipse.jetty.util.Callback callback) {
        if (request.getConnectionMetaData().getHttpVersion() == HttpVersion.HTTP_0_9) {
          callback.succeeded();
        } else {
          RpcHandler.refuse(response, callback, code, "exception: " + message);
        }
      }
    };
  }

  /**
   * Listens, and says so in {@code data/run/node.json}.
   *
   * @throws IOException when it cannot; the message says what to do
   */
  synchronized void open() throws IOException {
    if (closed) {
      return; // the bundle was stopped while it started
    }
    try {
      server.start();
    } catch (Exception e) {
      close();
      throw failed(e);
    }
    file.write(settings.node(), port(), Instant.now());
  }

  private IOException failed(Exception e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof BindException) {
        return new IOException(
            "port %d of %s is taken by another program: end it, or take another port with --port N or http: port: in etc/consort.yaml; 0 takes a free one"
                .formatted(settings.port(), settings.host()),
            e);
      }
    }
    return new IOException("the HTTP listener does not start: " + e.getMessage(), e);
  }

  int port() {
    return connector.getLocalPort();
  }

  synchronized void close() {
    closed = true;
    file.remove();
    events.close();
    try {
      server.stop();
    } catch (Exception e) {
      LOG.warn("the HTTP listener does not stop cleanly", e);
    }
    rpc.close();
  }
}
