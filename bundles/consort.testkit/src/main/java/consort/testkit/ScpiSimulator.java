// SPDX-License-Identifier: Apache-2.0
package consort.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A small SCPI instrument on a free port of the loopback, or on any pair of streams. It has an
 * identity, an error queue, settings that can be written and read back, and answers of its own; and
 * it can be told to behave badly. Commands are matched as they are written, ignoring case and a
 * leading colon. All methods may be called while it serves.
 */
public final class ScpiSimulator implements AutoCloseable {

  /** How it behaves. */
  public enum Mood {
    /** Answers every question. */
    WELL,
    /** Reads and never answers. */
    SILENT,
    /** Answers with bytes that mean nothing, and a terminator. */
    GARBLED,
    /** Sends each answer byte by byte. */
    IN_PIECES,
    /** Sends half an answer and no more. */
    HALF,
    /** Sends without ever ending the line. */
    ENDLESS,
    /** Closes the connection instead of answering. */
    HANGING_UP
  }

  private final Map<String, Function<String, String>> rules = new ConcurrentHashMap<>();
  private final Map<String, String> settings = new ConcurrentHashMap<>();
  private final Queue<String> errors = new ArrayDeque<>();
  private final List<String> received = new CopyOnWriteArrayList<>();
  private final Set<AutoCloseable> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger connections = new AtomicInteger();
  private final CountDownLatch end = new CountDownLatch(1);
  private final ScheduledExecutorService later =
      Executors.newSingleThreadScheduledExecutor(body -> thread("simulator late answers", body));
  private final int port;
  private volatile ServerSocket server;
  private volatile Thread acceptor;
  private volatile Mood mood = Mood.WELL;
  private volatile Supplier<Duration> slowness = () -> Duration.ZERO;
  private volatile Supplier<Duration> lateness;
  private volatile String terminator = "\n";

  /** Starts on a free port. */
  public ScpiSimulator() {
    answer("*IDN?", "Consort,Simulator,0,1.0");
    answer("*OPC?", "1");
    rules.put("*RST", line -> null);
    rules.put("*CLS", line -> clearErrors());
    rules.put("SYST:ERR?", line -> nextError());
    server = listen(0);
    port = server.getLocalPort();
    acceptor = accept(server);
  }

  /** Answers a question. */
  public ScpiSimulator answer(String question, String answer) {
    return answer(question, line -> answer);
  }

  /** Answers what begins like this with what the function makes of the line; null is no answer. */
  public ScpiSimulator answer(String start, Function<String, String> answer) {
    rules.put(key(start), answer);
    return this;
  }

  /** A setting: {@code VOLT 3.3} writes it, {@code VOLT?} reads it back. */
  public ScpiSimulator setting(String header, String value) {
    settings.put(key(header), value);
    return this;
  }

  /** The value of a setting; null when there is none. */
  public String setting(String header) {
    return settings.get(key(header));
  }

  /** Puts an error into the queue that {@code SYST:ERR?} reads. */
  public ScpiSimulator error(int number, String text) {
    synchronized (errors) {
      errors.add(String.format(Locale.ROOT, "%+d,\"%s\"", number, text));
    }
    return this;
  }

  /** How it behaves from the next command on. */
  public ScpiSimulator mood(Mood next) {
    mood = next;
    return this;
  }

  /** How long it thinks before each answer; later commands wait meanwhile. */
  public ScpiSimulator slow(Supplier<Duration> thinking) {
    slowness = thinking;
    return this;
  }

  /**
   * Sends each answer this long after its question, without holding up the next one; null ends it.
   */
  public ScpiSimulator late(Supplier<Duration> delay) {
    lateness = delay;
    return this;
  }

  /** What ends a line both ways; a line feed at first. */
  public ScpiSimulator terminator(String text) {
    terminator = text;
    return this;
  }

  /** Refuses connections, or takes them again; open ones stay. */
  public ScpiSimulator refusing(boolean refuse) {
    if (refuse) {
      closeQuietly(server);
      // The socket goes on listening until the thread in accept has left it.
      join(acceptor);
    } else if (server.isClosed()) {
      server = listen(port);
      acceptor = accept(server);
    }
    return this;
  }

  /** Closes all connections, as an instrument that is switched off and on again. */
  public void hangUp() {
    open.forEach(ScpiSimulator::closeQuietly);
  }

  /** The port it listens on. */
  public int port() {
    return port;
  }

  /** Its VISA resource name. */
  public String resource() {
    return "TCPIP::127.0.0.1::" + port + "::SOCKET";
  }

  /** How many connections it has taken. */
  public int connections() {
    return connections.get();
  }

  /** The lines it has received, without terminators. */
  public List<String> received() {
    return List.copyOf(received);
  }

  /** Serves one more client on these streams, on a thread of its own, until they end. */
  public void serve(InputStream in, OutputStream out) {
    AutoCloseable both =
        () -> {
          in.close();
          out.close();
        };
    open.add(both);
    thread("simulator streams", () -> run(in, out, both)).start();
  }

  @Override
  public void close() {
    end.countDown();
    closeQuietly(server);
    hangUp();
    later.shutdownNow();
  }

  private static ServerSocket listen(int port) {
    try {
      ServerSocket socket = new ServerSocket();
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port));
      return socket;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Thread accept(ServerSocket from) {
    Thread thread = thread("simulator " + from.getLocalPort(), () -> acceptAll(from));
    thread.start();
    return thread;
  }

  private void acceptAll(ServerSocket from) {
    try {
      while (true) {
        Socket socket = from.accept();
        socket.setTcpNoDelay(true);
        connections.incrementAndGet();
        AutoCloseable connection = () -> hangUp(socket);
        open.add(connection);
        InputStream in = socket.getInputStream();
        OutputStream out = socket.getOutputStream();
        thread("simulator client", () -> run(in, out, connection)).start();
      }
    } catch (IOException e) {
      // The listening socket was closed: by refusing, or at the end.
      return;
    }
  }

  /** Closing alone tells the client only when the thread that reads has left the socket. */
  private static void hangUp(Socket socket) throws IOException {
    try {
      socket.shutdownOutput();
    } finally {
      socket.close();
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join(5000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run(InputStream in, OutputStream out, AutoCloseable connection) {
    try {
      StringBuilder line = new StringBuilder();
      for (int next = in.read(); next >= 0; next = in.read()) {
        line.append((char) next);
        int length = line.length() - terminator.length();
        if (length >= 0 && line.indexOf(terminator, length) == length) {
          line.setLength(length);
          String text = line.toString();
          line.setLength(0);
          if (!serve(text, out)) {
            return;
          }
        }
      }
    } catch (IOException e) {
      // The client or the test has closed the connection.
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      closeQuietly(connection);
      open.remove(connection);
    }
  }

  private boolean serve(String line, OutputStream out) throws IOException, InterruptedException {
    Mood now = mood;
    Supplier<Duration> lateBy = lateness;
    received.add(line);
    StringBuilder answer = new StringBuilder();
    for (String command : line.split(";")) {
      String one = execute(command.strip());
      if (one != null) {
        answer.append(answer.length() > 0 ? ";" : "").append(one);
      }
    }
    if (answer.length() == 0) {
      return true;
    }
    byte[] bytes = answer.append(terminator).toString().getBytes(StandardCharsets.ISO_8859_1);
    if (lateBy != null) {
      later.schedule(() -> sendLate(bytes, out), lateBy.get().toNanos(), TimeUnit.NANOSECONDS);
      return true;
    }
    if (end.await(slowness.get().toNanos(), TimeUnit.NANOSECONDS)) {
      return false;
    }
    return send(now, bytes, out);
  }

  private boolean send(Mood how, byte[] bytes, OutputStream out) throws IOException {
    synchronized (out) {
      switch (how) {
        case WELL -> out.write(bytes);
        case SILENT -> out.flush();
        case GARBLED ->
            out.write(("\0\u00ff#@" + terminator).getBytes(StandardCharsets.ISO_8859_1));
        case IN_PIECES -> {
          for (byte one : bytes) {
            out.write(one);
            out.flush();
          }
        }
        case HALF -> out.write(bytes, 0, bytes.length / 2);
        case ENDLESS -> {
          byte[] same = "9".repeat(1024).getBytes(StandardCharsets.US_ASCII);
          while (end.getCount() > 0) {
            out.write(same);
          }
        }
        case HANGING_UP -> {
          return false;
        }
      }
      out.flush();
    }
    return true;
  }

  private static void sendLate(byte[] bytes, OutputStream out) {
    try {
      synchronized (out) {
        out.write(bytes);
        out.flush();
      }
    } catch (IOException e) {
      // The client did not wait for it.
      return;
    }
  }

  private String execute(String command) {
    String key = key(command);
    Function<String, String> rule = rules.get(key);
    if (rule != null) {
      return rule.apply(command);
    }
    if (key.endsWith("?") && settings.containsKey(key.substring(0, key.length() - 1))) {
      return settings.get(key.substring(0, key.length() - 1));
    }
    int blank = key.indexOf(' ');
    if (blank > 0 && settings.containsKey(key.substring(0, blank))) {
      String value = command.substring(command.indexOf(' ')).strip();
      settings.put(key.substring(0, blank), value);
      return null;
    }
    for (Map.Entry<String, Function<String, String>> one : rules.entrySet()) {
      if (key.startsWith(one.getKey() + " ")) {
        return one.getValue().apply(command);
      }
    }
    if (!command.isEmpty()) {
      error(-113, "Undefined header");
    }
    return null;
  }

  private String nextError() {
    synchronized (errors) {
      String next = errors.poll();
      return next == null ? "+0,\"No error\"" : next;
    }
  }

  private String clearErrors() {
    synchronized (errors) {
      errors.clear();
    }
    return null;
  }

  private static String key(String command) {
    String text = command.strip().toUpperCase(Locale.ROOT);
    return text.startsWith(":") ? text.substring(1) : text;
  }

  private static Thread thread(String name, Runnable body) {
    Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    return thread;
  }

  private static void closeQuietly(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      // It is not used any more, whatever became of it.
      return;
    }
  }
}
