// SPDX-License-Identifier: Apache-2.0
package consort.link;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.LockSupport;

/**
 * Addresses of hosts. A name server that does not answer holds one thread per name, and nobody who
 * asks for another one.
 */
final class Names {

  private final ConcurrentMap<String, CompletableFuture<InetAddress[]>> asked =
      new ConcurrentHashMap<>();

  InetAddress[] resolve(String host, Limit limit) throws IOException {
    if (host.indexOf(':') >= 0 || host.chars().allMatch(c -> c == '.' || c >= '0' && c <= '9')) {
      return lookUp(host);
    }
    CompletableFuture<InetAddress[]> answer = asked.computeIfAbsent(host, this::ask);
    Thread me = Thread.currentThread();
    answer.whenComplete((addresses, error) -> LockSupport.unpark(me));
    while (!answer.isDone()) {
      LockSupport.parkNanos(this, limit.left());
      limit.setInterruptAside();
    }
    InetAddress[] addresses = answer.join();
    if (addresses.length == 0) {
      throw unknown(host, null);
    }
    return addresses;
  }

  private CompletableFuture<InetAddress[]> ask(String host) {
    CompletableFuture<InetAddress[]> answer = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              InetAddress[] found = {};
              try {
                found = InetAddress.getAllByName(host);
              } catch (UnknownHostException | RuntimeException e) {
                found = new InetAddress[0];
              } finally {
                asked.remove(host);
                answer.complete(found);
              }
            },
            "link names " + host);
    thread.setDaemon(true);
    thread.start();
    return answer;
  }

  private static InetAddress[] lookUp(String literal) throws IOException {
    try {
      return new InetAddress[] {InetAddress.getByName(literal)};
    } catch (UnknownHostException e) {
      throw unknown(literal, e);
    }
  }

  private static IOException unknown(String host, Exception cause) {
    return new IOException("no host is known by the name \"" + host + "\"", cause);
  }
}
