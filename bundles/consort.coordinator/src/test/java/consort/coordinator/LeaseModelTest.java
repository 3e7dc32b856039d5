// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.Call;
import consort.api.Caller;
import consort.api.CommandInfo;
import consort.api.LeaseToken;
import consort.api.Refused;
import consort.api.Role;
import consort.api.ValueType;
import consort.api.coordinator.LeaseRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Walks the lease table at random through everything that can happen to it, beside a model that is
 * as simple as the promises: requests, waits, renewals, releases, deaths, breaks, expiries, late
 * calls, saves, crashes at any point of a save, restarts, jumps of the wall clock. One thread and a
 * clock of the test's own, so that a walk is one sequence that its seed repeats.
 */
class LeaseModelTest {

  private static final int STEPS = 100_000;
  private static final CommandInfo WRITE =
      new CommandInfo("x", List.of(), ValueType.VOID, "", false, false, null, "");
  private static final List<String> NAMES =
      List.of("A", "B", "C", "D", "A/p0", "A/p1", "A/p0/l0", "A/P0/L1", "B/x", "E/1", "E/2");
  private static final Caller ROOT = new Caller("root", Role.ADMINISTRATOR, "test");

  private final World world = new World();
  private final Disk disk = new Disk();
  private final Map<LeaseToken, Held> model = new LinkedHashMap<>();
  private final Set<LeaseToken> everGiven = new HashSet<>();
  private final List<Waiter> waiters = new ArrayList<>();
  private final List<Late> late = new ArrayList<>();
  private final Map<String, Integer> seen = new TreeMap<>();
  private final Map<String, Map<String, Boolean>> overlaps = new HashMap<>();
  private Random random;
  private LeaseTable table;
  private long epoch;

  /** A lease as the model knows it. */
  private static final class Held {
    final LeaseToken token;
    final Set<String> names;
    final Caller owner;
    final String client;
    Duration ttl;
    long expires;
    boolean resumable;

    Held(LeaseToken token, Set<String> names, Caller owner, String client) {
      this.token = token;
      this.names = names;
      this.owner = owner;
      this.client = client;
    }

    @Override
    public String toString() {
      return token + " " + owner.name() + "/" + client + names + (resumable ? " resumable" : "");
    }
  }

  private record Waiter(Ask ask, LeaseRequest request, Caller owner) {}

  /** A call that was admitted and has not entered the driver yet. */
  private record Late(String instrument, Call call) {}

  /** What survives: the epoch, and the table as it was last saved as a whole. */
  private static final class Disk {
    long epoch;
    String table = "";
    Map<LeaseToken, Long> left = Map.of();
    Map<LeaseToken, Held> leases = Map.of();
    long wall;
  }

  private final class World implements LeaseTable.World {
    record Timer(long at, Runnable task) {}

    long now = -5_000_000_000L;
    long wall = 1_000_000_000_000L;
    boolean dirty;
    PriorityQueue<Timer> timers =
        new PriorityQueue<>(java.util.Comparator.comparingLong(Timer::at));

    @Override
    public long nanoTime() {
      return now;
    }

    @Override
    public Instant now() {
      return Instant.ofEpochMilli(wall);
    }

    @Override
    public void sweepIn(long nanos) {
      LeaseTable of = table;
      timers.add(new Timer(now + nanos, () -> of.sweep()));
    }

    @Override
    public void changed() {
      dirty = true;
    }

    @Override
    public void happened(LeaseTable.News what, Grant grant) {
      count(what.isUnasked() ? "ended " + grant.ending() : what.name());
    }

    void advance(long nanos, boolean timersRun) {
      long until = now + nanos;
      while (timersRun && !timers.isEmpty() && timers.peek().at() <= until) {
        Timer next = timers.poll();
        now = Math.max(now, next.at());
        next.task().run();
      }
      now = until;
      wall += nanos / 1_000_000;
    }
  }

  private void count(String what) {
    seen.merge(what, 1, Integer::sum);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 20261121, 77})
  void neverTwoHoldersNeverAnOldTokenNobodyStarves(long seed) {
    random = new Random(seed);
    restart(false);
    for (int i = 0; i < STEPS; i++) {
      try {
        step();
        settle();
        check();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + ", step " + i + ", model " + model.values(), e);
      }
    }
    for (String needed :
        List.of(
            "granted",
            "refused",
            "granted after waiting",
            "gave up",
            "resumed",
            "renewed",
            "released",
            "wrote with a token",
            "wrote without",
            "old token refused at the driver",
            "crash",
            "crash while saving",
            "kept over a restart",
            "resumed after a restart",
            "void after a restart",
            "too late to renew")) {
      assertThat(seen.getOrDefault(needed, 0)).as(needed + ", seed " + seed).isGreaterThan(20);
    }
    calmDown();
  }

  private void step() {
    if (random.nextInt(4) == 0) {
      // Timers may be late: a table that nobody sweeps must be right, too.
      world.advance(random.nextInt(400) * 1_000_000L, false);
    }
    int dice = random.nextInt(1000);
    if (dice < 220) {
      ask();
    } else if (dice < 300) {
      renew();
    } else if (dice < 400) {
      release();
    } else if (dice < 415) {
      die();
    } else if (dice < 430) {
      breakUp();
    } else if (dice < 620) {
      call();
    } else if (dice < 740) {
      enterLate();
    } else if (dice < 900) {
      world.advance(random.nextInt(400) * 1_000_000L, true);
    } else if (dice < 925) {
      world.advance(random.nextInt(6000) * 1_000_000L, true);
    } else if (dice < 985) {
      save(-1);
    } else if (dice < 990) {
      world.wall += (random.nextInt(7_200) - 3_600) * 1000L;
    } else if (dice < 993) {
      crash();
    } else {
      world.advance(0, true);
    }
  }

  private Set<String> randomNames() {
    Set<String> names = new HashSet<>();
    for (int i = random.nextInt(3); i >= 0; i--) {
      names.add(NAMES.get(random.nextInt(NAMES.size())));
    }
    return names;
  }

  private void ask() {
    Caller owner = new Caller("u" + random.nextInt(3), Role.OPERATOR, "test");
    String client = "c" + random.nextInt(3);
    Set<String> names = randomNames();
    List<Held> resumable = model.values().stream().filter(h -> h.resumable).toList();
    if (!model.isEmpty() && random.nextInt(3) == 0) {
      List<Held> from = resumable.isEmpty() ? List.copyOf(model.values()) : resumable;
      Held again = from.get(random.nextInt(from.size()));
      owner = again.owner;
      client = again.client;
      names = again.names;
    }
    LeaseRequest request =
        LeaseRequest.of(names)
            .client(client)
            .ttl(Duration.ofMillis(1000 + random.nextInt(5000)))
            .waiting(Duration.ofMillis(random.nextInt(3) == 0 ? 0 : random.nextInt(4000)));
    expire();
    List<Waiter> before = List.copyOf(waiters);
    Ask ask = table.ask(request, owner, null);
    settle();
    Waiter waiter = new Waiter(ask, request, owner);
    if (ask.grant() != null) {
      granted(waiter, before);
    } else if (ask.refusal() != null) {
      count("refused");
      assertRefusedRightly(waiter, before);
    } else {
      waiters.add(waiter);
    }
  }

  private boolean same(Held held, Waiter waiter) {
    return held.owner.name().equals(waiter.owner.name())
        && held.client.equals(waiter.request.client())
        && held.names.equals(waiter.request.resources());
  }

  private boolean overlap(Collection<String> a, Collection<String> b) {
    return a.stream().anyMatch(x -> b.stream().anyMatch(y -> overlap(x, y)));
  }

  /** Said again, in other words than the table's. */
  private boolean overlap(String a, String b) {
    return overlaps
        .computeIfAbsent(a, name -> new HashMap<>())
        .computeIfAbsent(b, other -> overlapping(a, b));
  }

  private static boolean overlapping(String a, String b) {
    String[] x = a.toLowerCase().split("/");
    String[] y = b.toLowerCase().split("/");
    for (int i = 0; i < Math.min(x.length, y.length); i++) {
      if (!x[i].equals(y[i])) {
        return false;
      }
    }
    return true;
  }

  private void granted(Waiter waiter, List<Waiter> before) {
    Grant grant = waiter.ask.grant();
    Held own = model.values().stream().filter(h -> same(h, waiter)).findFirst().orElse(null);
    if (own != null) {
      count(own.resumable ? "resumed after a restart" : "resumed");
      if (own.resumable) {
        assertThat(grant.token.epoch()).as("the epoch of a resumed token").isEqualTo(epoch);
        assertThat(everGiven.add(grant.token)).as("a new token").isTrue();
      } else {
        assertThat(grant.token).as("the token of a resumed lease").isEqualTo(own.token);
      }
      model.remove(own.token);
    } else {
      count("granted");
      assertThat(everGiven.add(grant.token)).as("a new token").isTrue();
      for (Waiter earlier : before) {
        assertThat(!earlier.ask.decided() && overlap(names(earlier), names(waiter)))
            .as("%s overtakes %s", waiter.request, earlier.request)
            .isFalse();
      }
    }
    for (Held other : model.values()) {
      assertThat(overlap(other.names, names(waiter)))
          .as("%s is given while %s holds", waiter.request, other)
          .isFalse();
    }
    Held held = new Held(grant.token, names(waiter), waiter.owner, waiter.request.client());
    held.ttl = waiter.request.ttl();
    held.expires = grant.expires();
    assertThat(held.expires - world.now)
        .as("what a lease holds")
        .isLessThanOrEqualTo(held.ttl.toNanos());
    model.put(grant.token, held);
  }

  private static Set<String> names(Waiter waiter) {
    return waiter.request.resources();
  }

  private void assertRefusedRightly(Waiter waiter, List<Waiter> before) {
    boolean held = model.values().stream().anyMatch(h -> overlap(h.names, names(waiter)));
    boolean promised =
        before.stream().anyMatch(w -> !w.ask.decided() && overlap(names(w), names(waiter)));
    assertThat(held || promised).as("%s was refused for nothing", waiter.request).isTrue();
  }

  private Held any() {
    List<Held> all = List.copyOf(model.values());
    return all.isEmpty() ? null : all.get(random.nextInt(all.size()));
  }

  /** Also tokens of the past. */
  private LeaseToken anyToken() {
    Held held = any();
    if (held != null && random.nextInt(3) > 0) {
      return held.token;
    }
    return new LeaseToken(
        Math.max(1, epoch - random.nextInt(2)), 1 + random.nextInt(1 + everGiven.size()));
  }

  private void renew() {
    LeaseToken token = anyToken();
    expire();
    Held held = model.get(token);
    boolean valid = held != null && !held.resumable;
    Duration ttl = Duration.ofMillis(1000 + random.nextInt(5000));
    try {
      table.renew(token, ttl);
      assertThat(valid).as("%s was renewed", token).isTrue();
      held.expires = world.now + ttl.toNanos();
      count("renewed");
    } catch (Refused e) {
      assertThat(valid).as("%s: %s", token, e.getMessage()).isFalse();
      count("too late to renew");
    }
  }

  private void release() {
    Held held = any();
    if (held != null && !held.resumable) {
      expire();
      table.release(held.token);
      model.remove(held.token);
      count("released");
    }
  }

  private void die() {
    LeaseToken token = anyToken();
    expire();
    table.died(token);
    model.remove(token);
  }

  private void breakUp() {
    LeaseToken token = anyToken();
    expire();
    boolean known = model.containsKey(token);
    try {
      table.breakUp(token, ROOT, "");
      assertThat(known).as("%s was broken", token).isTrue();
      model.remove(token);
    } catch (Refused e) {
      assertThat(known).as("%s: %s", token, e.getMessage()).isFalse();
    }
  }

  private void call() {
    LeaseToken token = random.nextInt(3) == 0 ? null : anyToken();
    Held held = token == null ? null : model.get(token);
    Caller caller = held == null ? ROOT : held.owner;
    String name =
        held == null
            ? NAMES.get(random.nextInt(NAMES.size()))
            : List.copyOf(held.names).get(random.nextInt(held.names.size()));
    Call call = Call.of("x").by(caller).under(token);
    String instrument = name.split("/")[0];
    try {
      table.admit(instrument, call, WRITE, Map.of());
      late.add(new Late(instrument, call));
    } catch (Refused e) {
      count("refused at the door");
    }
  }

  /** A call comes to the driver, perhaps long after it was admitted. */
  private void enterLate() {
    if (late.isEmpty()) {
      return;
    }
    Late call = late.remove(random.nextInt(late.size()));
    expire();
    LeaseToken token = call.call.lease();
    Held held = token == null ? null : model.get(token);
    boolean valid =
        token == null
            || (held != null
                && !held.resumable
                && held.names.stream().anyMatch(n -> overlap(n, call.instrument)));
    boolean free =
        model.values().stream()
            .noneMatch(h -> !h.token.equals(token) && overlap(h.names, List.of(call.instrument)));
    try {
      table.enter(call.instrument, call.call, WRITE, Map.of());
      assertThat(valid).as("%s writes to %s", token, call.instrument).isTrue();
      assertThat(free).as("%s writes to what another holds: %s", token, call).isTrue();
      count(token == null ? "wrote without" : "wrote with a token");
    } catch (Refused e) {
      assertThat(valid && free).as("%s: %s", call, e.getMessage()).isFalse();
      count(valid ? "refused at the driver" : "old token refused at the driver");
    }
  }

  /** What the clock says is over is over, whether the table knows it or not. */
  private void expire() {
    model.values().removeIf(held -> world.now - held.expires >= 0);
  }

  /** Takes note of what was decided about those who wait, and ends waiting at its limit. */
  private void settle() {
    expire();
    boolean decided = true;
    while (decided) {
      decided = false;
      List<Waiter> before = new ArrayList<>();
      for (Iterator<Waiter> all = waiters.iterator(); all.hasNext(); ) {
        Waiter waiter = all.next();
        if (!waiter.ask.decided() && world.now - waiter.ask.until >= 0) {
          table.giveUp(waiter.ask, "waited");
          decided = true;
        }
        if (waiter.ask.grant() != null) {
          all.remove();
          expire();
          granted(waiter, before);
          count("granted after waiting");
        } else if (waiter.ask.refusal() != null) {
          all.remove();
          count("gave up");
        } else {
          before.add(waiter);
        }
      }
    }
    expire();
  }

  private void check() {
    world.advance(0, true);
    settle();
    List<Held> held = List.copyOf(model.values());
    for (int i = 0; i < held.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (overlap(held.get(i).names, held.get(j).names)) {
          throw new AssertionError("two holders: " + held.get(i) + ", " + held.get(j));
        }
      }
    }
    assertThat(table.grants().stream().map(g -> g.token).collect(Collectors.toSet()))
        .as("the table")
        .isEqualTo(model.keySet());
    Set<String> before = new HashSet<>();
    for (Waiter waiter : waiters) {
      boolean blocked =
          overlap(before, names(waiter))
              || held.stream().anyMatch(h -> overlap(h.names, names(waiter)));
      if (!blocked || world.now - waiter.ask.until >= 0) {
        throw new AssertionError(
            waiter.request + (blocked ? " waits beyond its limit" : " waits for nothing"));
      }
      before.addAll(names(waiter));
    }
  }

  /**
   * Saves the table, as the store does: a file beside, then exchanged.
   *
   * @param crashAt how much of the file beside is written before a crash; -1 for no crash
   */
  private void save(int crashAt) {
    if (!world.dirty) {
      return;
    }
    expire();
    String text = LeaseStore.encode(table.grants(), world.now, world.now());
    if (crashAt >= 0) {
      String torn = text.substring(0, crashAt % text.length());
      try {
        LeaseStore.decode(torn, world.now, world.now());
        throw new AssertionError("a torn table was read: " + torn);
      } catch (IllegalArgumentException expected) {
        count("crash while saving");
      }
      return;
    }
    world.dirty = false;
    disk.table = text;
    disk.wall = world.wall;
    disk.left = new HashMap<>();
    disk.leases = new HashMap<>();
    model.forEach(
        (token, held) -> {
          disk.left.put(token, (held.expires - world.now) / 1_000_000);
          disk.leases.put(token, held);
        });
  }

  private void crash() {
    count("crash");
    if (random.nextInt(3) == 0) {
      table.close(); // in order: all is saved, those who wait are told
      save(-1);
      for (Waiter waiter : waiters) {
        assertThat(waiter.ask.decided()).as("told when it goes down").isTrue();
      }
    } else if (random.nextBoolean()) {
      save(random.nextInt(10_000));
    }
    restart(true);
  }

  private void restart(boolean again) {
    waiters.clear();
    Set<LeaseToken> before = new HashSet<>(model.keySet());
    model.clear();
    if (again) {
      world.timers.clear();
      long down = random.nextInt(3) == 0 ? 0 : random.nextInt(3000) * 1_000_000L;
      world.advance(down, false);
      world.now = random.nextLong() >> 2; // monotonic time begins anew
      if (random.nextInt(4) == 0) {
        world.wall += (random.nextInt(20_000) - 10_000);
      }
    }
    epoch = ++disk.epoch;
    table = new LeaseTable(world);
    List<Grant> saved =
        disk.table.isEmpty() ? List.of() : LeaseStore.decode(disk.table, world.now, world.now());
    table.open(epoch, saved);
    long passed = Math.max(0, world.wall - disk.wall);
    disk.left.forEach(
        (token, left) -> {
          if (left > passed) {
            Held was = disk.leases.get(token);
            Held held = new Held(token, was.names, was.owner, was.client);
            held.ttl = was.ttl;
            held.resumable = true;
            held.expires = world.now + (left - passed) * 1_000_000;
            model.put(token, held);
            count("kept over a restart");
          }
        });
    before.removeAll(model.keySet());
    before.forEach(token -> count("void after a restart"));
    world.dirty = true;
  }

  /** When nobody asks for more, all get what they wait for, or are told. */
  private void calmDown() {
    for (int i = 0; i < 100; i++) {
      world.advance(100_000_000, true);
      settle();
    }
    assertThat(waiters).isEmpty();
    assertThat(model).isEmpty();
    assertThat(table.list()).isEmpty();
  }
}
