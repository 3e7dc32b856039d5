// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import consort.api.Call;
import consort.api.Instrument;
import consort.api.InstrumentException;
import consort.api.State;
import consort.api.coordinator.Coordinator;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import javax.inject.Inject;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.osgi.framework.BundleContext;

/** Answers that come too late, over a real socket: none may be taken for that of another call. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class LateAnswersIT {

  private static final int CALLS = 10_000;
  private static final int CALLERS = 4;
  private static final Duration DEADLINE = Duration.ofMillis(40);
  private static final long SEED = 20261121;

  @Inject private BundleContext context;
  @Inject private Coordinator coordinator;

  @Configuration
  public Option[] distribution() throws IOException {
    return DistributionOptions.of(LateAnswersIT.class);
  }

  /** Gives numbers back, some of them late, each in its turn as an instrument does. */
  private static final class Server implements AutoCloseable {
    private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Random random = new Random(SEED);
    private final AtomicInteger late = new AtomicInteger();

    Server() throws IOException {
      start("accept", this::accept);
    }

    private static void start(String name, Runnable task) {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      thread.start();
    }

    private void accept() {
      while (!socket.isClosed()) {
        try {
          Socket client = socket.accept();
          start("answers", () -> answer(client));
        } catch (IOException closed) {
          return;
        }
      }
    }

    private void answer(Socket client) {
      try (client) {
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
          boolean number = line.startsWith("NUMBER? ");
          String answer = number ? line.substring(8) : "Acme,Numbers,1,1";
          if (number) {
            LockSupport.parkNanos(delay());
          }
          client.getOutputStream().write((answer + "\n").getBytes(StandardCharsets.US_ASCII));
        }
      } catch (IOException gone) {
        // it asks again on another connection
      }
    }

    /** Mostly none; else up to three times the deadline, often just about it. */
    private synchronized long delay() {
      if (random.nextInt(25) != 0) {
        return 0;
      }
      late.incrementAndGet();
      double times =
          random.nextBoolean() ? 0.9 + 0.3 * random.nextDouble() : 3 * random.nextDouble();
      return (long) (DEADLINE.toNanos() * times);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @Test
  public void noneOfTenThousandIsGivenToTheWrongQuestion() throws Exception {
    Path home = Path.of(context.getProperty("consort.home"));
    try (Server server = new Server()) {
      Files.write(home.resolve("drivers/numbers.jar"), Jars.numbers().bytes());
      Files.writeString(
          home.resolve("instruments/numbers.yaml"),
          "name: N\ndriver: numbers\nconnection: TCPIP::127.0.0.1::%d::SOCKET\n"
              .formatted(server.socket.getLocalPort()));
      long until = System.nanoTime() + Duration.ofSeconds(40).toNanos();
      while (coordinator.instrument("N").map(n -> n.status().state()).orElse(null) != State.READY) {
        assertTrue("N is ready", System.nanoTime() < until);
        LockSupport.parkNanos(2_000_000);
      }
      Instrument instrument = coordinator.require("N");
      AtomicInteger next = new AtomicInteger();
      AtomicInteger right = new AtomicInteger();
      AtomicInteger timedOut = new AtomicInteger();
      ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
      List<Thread> callers = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        Thread caller =
            new Thread(
                () -> {
                  for (int n = next.getAndIncrement(); n < CALLS; n = next.getAndIncrement()) {
                    try {
                      Object got =
                          instrument.call(Call.of("read_number", n).within(DEADLINE)).value();
                      if (got.equals(n)) {
                        right.incrementAndGet();
                      } else {
                        wrong.add(n + " got " + got);
                      }
                    } catch (InstrumentException e) {
                      timedOut.incrementAndGet();
                    }
                  }
                },
                "caller " + i);
        callers.add(caller);
        caller.start();
      }
      for (Thread caller : callers) {
        caller.join(Duration.ofMinutes(4).toMillis());
        assertTrue("the callers come to an end", !caller.isAlive());
      }
      System.out.printf(
          Locale.ROOT,
          "%d calls, seed %d: %d answered, %d of %d late ones without an answer, %d wrong%n",
          CALLS,
          SEED,
          right.get(),
          timedOut.get(),
          server.late.get(),
          wrong.size());
      assertEquals(List.of(), List.copyOf(wrong));
      assertEquals(CALLS, right.get() + timedOut.get());
      assertTrue("answers " + right, right.get() > CALLS / 4);
      assertTrue("late " + timedOut, timedOut.get() > 50);
    }
  }
}
