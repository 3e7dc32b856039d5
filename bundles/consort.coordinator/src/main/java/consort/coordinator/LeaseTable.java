// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Call;
import consort.api.Caller;
import consort.api.CommandInfo;
import consort.api.ErrorCode;
import consort.api.LeaseToken;
import consort.api.Refused;
import consort.api.Role;
import consort.api.ValueType;
import consort.api.coordinator.LeaseRequest;
import consort.api.coordinator.LeaseStatus;
import consort.api.coordinator.Leases;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Who may write to what. A set is given at once or not at all, so there is nothing to deadlock on;
 * whoever came first is served first, and nobody overtakes one that waits for an overlapping set.
 *
 * <p>One lock, held for microseconds and never while foreign code or I/O runs. Guards do not take
 * it: they read {@link #held}, whose values never change, and look at the clock themselves.
 */
final class LeaseTable implements Permits {

  /** The most leases at once. */
  static final int MOST = 1000;

  /** The most requests that wait. */
  static final int MOST_WAITING = 1000;

  private static final CommandInfo CANCEL =
      new CommandInfo("cancel", List.of(), ValueType.INT, "", false, false, null, "Cancels calls.");

  private static final int REMEMBERED = 1000;
  private static final int BROKEN = 100;
  private static final long OPENING_SECONDS = 10;

  /** What the table needs of the world. Nothing here may wait. */
  interface World {
    /** Monotonic time, ns. */
    long nanoTime();

    /** The wall clock; only for people. */
    Instant now();

    /** Has {@link LeaseTable#sweep} called after a while; under the lock. */
    void sweepIn(long nanos);

    /** The table is no longer what was saved; under the lock. */
    void changed();

    /** Something became of a lease; under the lock. */
    void happened(News news, Grant grant);
  }

  /** What may become of a lease. */
  enum News {
    TAKEN,
    RENEWED,
    RESUMED,
    RELEASED,
    EXPIRED,
    DIED,
    BROKEN,
    LOST;

    /** Whether it is over. */
    boolean isEnd() {
      return this == RELEASED || isUnasked();
    }

    /** Whether it is over, and its holder did not say so. */
    boolean isUnasked() {
      return this == EXPIRED || this == DIED || this == BROKEN || this == LOST;
    }
  }

  private final World world;
  private final Object lock = new Object();
  private final CountDownLatch opened = new CountDownLatch(1);

  /** The leases by the first part of the names they cover. */
  private final Map<String, List<Grant>> held = new ConcurrentHashMap<>();

  private final Map<LeaseToken, Grant> grants = new LinkedHashMap<>();
  private final List<Ask> waiting = new ArrayList<>();
  private final Deque<Leases.Broken> broken = new ArrayDeque<>();
  private final Map<LeaseToken, String> past =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<LeaseToken, String> eldest) {
          return size() > REMEMBERED;
        }
      };

  private long epoch;
  private long counter;
  private boolean closed;
  private boolean armed;

  /** When the next sweep comes, where one is armed: no lease expires before that. */
  private long armedAt;

  LeaseTable(World world) {
    this.world = world;
  }

  // ---- Begin and end ----

  /** Begins an epoch with what was saved in former ones; guards may look from now on. */
  void open(long newEpoch, Collection<Grant> saved) {
    synchronized (lock) {
      epoch = newEpoch;
      saved.forEach(this::put);
    }
    opened.countDown();
  }

  /** Refuses all that wait, and all that come. */
  void close() {
    synchronized (lock) {
      closed = true;
      waiting.forEach(ask -> ask.refuse(stopped()));
      waiting.clear();
    }
  }

  private static Refused stopped() {
    return new Refused(ErrorCode.STOPPED, "the coordinator is going down; no lease is given");
  }

  // ---- Requests ----

  /** Takes a request of the current thread: decided on return, or waiting for others to be over. */
  Ask ask(LeaseRequest request, Caller owner, HolderProcess process) {
    Thread waiter = Thread.currentThread();
    return ask(request, owner, process, decided -> LockSupport.unpark(waiter));
  }

  /**
   * Takes a request: decided on return, or waiting for others to be over.
   *
   * @param told is run when it is decided, under the lock: only wakes somebody
   */
  Ask ask(LeaseRequest request, Caller owner, HolderProcess process, Consumer<Ask> told) {
    owner.require(Role.OPERATOR, "a lease");
    String client =
        request.client().isEmpty()
            ? String.format("%08x", ThreadLocalRandom.current().nextInt())
            : request.client();
    Grant.Terms terms =
        new Grant.Terms(
            request.resources().stream().map(Claim::of).toList(),
            owner,
            client,
            request.ttl(),
            request.readers(),
            request.purpose(),
            process);
    synchronized (lock) {
      long now = swept();
      Ask ask = new Ask(terms, world.now(), now, request.waitLimit().toNanos(), told);
      if (closed) {
        ask.refuse(stopped());
      } else {
        begin(ask, now);
      }
      return ask;
    }
  }

  private void begin(Ask ask, long now) {
    if (decide(ask, earlier(now), now)) {
      return;
    }
    if (!ask.waits(now)) {
      ask.refuse(new Refused(ErrorCode.LEASED, obstacle(ask, now)));
    } else if (waiting.size() >= MOST_WAITING) {
      ask.refuse(
          new Refused(
              ErrorCode.BUSY, obstacle(ask, now) + "; " + MOST_WAITING + " requests wait already"));
    } else {
      waiting.add(ask);
    }
  }

  /** Ends the waiting of a request, unless it was decided. */
  void giveUp(Ask ask, String why) {
    synchronized (lock) {
      long now = swept();
      if (!ask.decided()) {
        waiting.remove(ask);
        ask.refuse(new Refused(ErrorCode.LEASED, obstacle(ask, now) + "; " + why));
        serve(now);
      }
    }
  }

  /** Decides on a request where that is possible now. */
  private boolean decide(Ask ask, Map<String, List<Claim>> earlier, long now) {
    Grant own = resumed(ask, now);
    if (own != null) {
      ask.grant(own);
      return true;
    }
    for (Claim claim : ask.terms.claims()) {
      for (Grant grant : held.getOrDefault(claim.root(), List.of())) {
        Claim theirs = grant.terms.overlap(List.of(claim));
        if (theirs == null) {
          continue;
        }
        if (grant.terms.isOf(ask.terms)) {
          // It would wait for itself.
          ask.refuse(
              new Refused(
                  ErrorCode.LEASED,
                  theirs + " is part of the lease " + grant.token + " of the same client already"));
          return true;
        }
        return false;
      }
      for (Claim other : earlier.getOrDefault(claim.root(), List.of())) {
        if (other.overlaps(claim)) {
          return false;
        }
      }
    }
    if (grants.size() >= MOST) {
      ask.refuse(new Refused(ErrorCode.BUSY, MOST + " leases are held; there can be no more"));
      return true;
    }
    Grant given = new Grant(next(), ask.terms, world.now(), false, end(ask.terms, now));
    put(given);
    ask.grant(given);
    world.changed();
    world.happened(News.TAKEN, given);
    return true;
  }

  /** The lease that the same client has on the same names, renewed; null for none. */
  private Grant resumed(Ask ask, long now) {
    for (Grant grant : held.getOrDefault(ask.terms.claims().get(0).root(), List.of())) {
      if (!grant.terms.matches(ask.terms)) {
        continue;
      }
      if (!grant.resumable && grant.terms.equals(ask.terms)) {
        expireAt(grant, end(ask.terms, now));
        world.changed();
        world.happened(News.RESUMED, grant);
        return grant;
      }
      // The same token as long as it is known; a former epoch's is void for ever.
      LeaseToken token = grant.resumable ? next() : grant.token;
      Grant again = new Grant(token, ask.terms, grant.since, false, end(ask.terms, now));
      if (!grant.resumable) {
        grant.goesOnAs(again);
      }
      replace(grant, again);
      world.changed();
      world.happened(News.RESUMED, again);
      return again;
    }
    return null;
  }

  private LeaseToken next() {
    return new LeaseToken(epoch, ++counter);
  }

  private static long end(Grant.Terms terms, long now) {
    return now + terms.ttl().toNanos();
  }

  /** What those who wait are going to get; who has waited long enough is about to leave. */
  private Map<String, List<Claim>> earlier(long now) {
    Map<String, List<Claim>> claims = new HashMap<>();
    for (Ask ask : waiting) {
      if (ask.waits(now)) {
        add(claims, ask);
      }
    }
    return claims;
  }

  private static void add(Map<String, List<Claim>> claims, Ask ask) {
    for (Claim claim : ask.terms.claims()) {
      claims.computeIfAbsent(claim.root(), root -> new ArrayList<>()).add(claim);
    }
  }

  /** Gives the requests that wait what is free now, in the order they came. */
  private void serve(long now) {
    Map<String, List<Claim>> earlier = new HashMap<>();
    for (Iterator<Ask> all = waiting.iterator(); all.hasNext(); ) {
      Ask ask = all.next();
      if (!ask.waits(now)) {
        continue;
      }
      if (decide(ask, earlier, now)) {
        all.remove();
      } else {
        add(earlier, ask);
      }
    }
  }

  /** Who is in the way of a request. */
  private String obstacle(Ask ask, long now) {
    for (Grant grant : grants.values()) {
      Claim theirs = grant.terms.overlap(ask.terms.claims());
      if (theirs != null && !grant.terms.matches(ask.terms)) {
        return theirs + " is " + grant.told(ask.terms.owner().name(), now);
      }
    }
    for (Ask other : waiting) {
      Claim theirs = other.terms.overlap(ask.terms.claims());
      if (theirs != null && other != ask) {
        String who = Grant.holder(ask.terms.owner().name(), other.terms);
        return theirs + " is next for " + who + ", who waits for more than that";
      }
    }
    return "the lease was not given";
  }

  // ---- Leases ----

  /** The lease of a token. */
  Grant require(LeaseToken token, Caller caller) {
    synchronized (lock) {
      long now = swept();
      Grant grant = grants.get(token);
      if (grant == null || grant.resumable || !grant.holds(now)) {
        throw over(token);
      }
      requireOwner(grant, caller);
      return grant;
    }
  }

  private static void requireOwner(Grant grant, Caller caller) {
    if (!grant.terms.owner().name().equals(caller.name())) {
      throw new Refused(
          ErrorCode.NOT_ALLOWED,
          "the lease "
              + grant.token
              + " is that of "
              + grant.terms.owner().name()
              + ", not of "
              + caller.name());
    }
  }

  /** How long a lease still holds; zero when it is over. */
  Duration remaining(LeaseToken token) {
    synchronized (lock) {
      Grant grant = grants.get(token);
      return Duration.ofNanos(grant == null ? 0 : grant.left(world.nanoTime()));
    }
  }

  /** Makes a lease hold for a while from now. */
  void renew(LeaseToken token, Duration ttl) {
    LeaseRequest.requireTtl(ttl);
    synchronized (lock) {
      long now = swept();
      Grant grant = held(token, now);
      expireAt(grant, now + ttl.toNanos());
      world.changed();
      world.happened(News.RENEWED, grant);
    }
  }

  /**
   * Checks that a lease holds.
   *
   * @throws Refused when it is over; says how it ended
   */
  void requireHeld(LeaseToken token) {
    synchronized (lock) {
      held(token, swept());
    }
  }

  private Grant held(LeaseToken token, long now) {
    Grant grant = grants.get(token);
    if (grant == null || grant.resumable || !grant.holds(now)) {
      throw over(token);
    }
    return grant;
  }

  private void expireAt(Grant grant, long when) {
    grant.expireAt(when);
    arm(when);
  }

  /** Its holder lets it go; nothing when it is over. */
  void release(LeaseToken token) {
    synchronized (lock) {
      Grant grant = grants.get(token);
      if (grant != null) {
        end(grant, News.RELEASED, "was released");
        serve(swept());
      }
    }
  }

  /** Its holder is gone; nothing when it is over. */
  void died(LeaseToken token) {
    synchronized (lock) {
      Grant grant = grants.get(token);
      if (grant != null) {
        end(grant, News.DIED, "ended with its holder");
        serve(swept());
      }
    }
  }

  /**
   * A part of it that another node gave is over; nothing when it is over itself.
   *
   * @param how in words: {@code was lost: …}
   */
  void lost(LeaseToken token, String how) {
    synchronized (lock) {
      Grant grant = grants.get(token);
      if (grant != null) {
        end(grant, News.LOST, how);
        serve(swept());
      }
    }
  }

  /** Somebody else ends it. */
  void breakUp(LeaseToken token, Caller by, String reason) {
    by.require(Role.ADMINISTRATOR, "breaking a lease");
    synchronized (lock) {
      long now = swept();
      Grant grant = grants.get(token);
      if (grant == null) {
        throw over(token);
      }
      broken.addFirst(new Leases.Broken(world.now(), by.name(), reason, grant.status(now)));
      if (broken.size() > BROKEN) {
        broken.removeLast();
      }
      String why = reason.isEmpty() ? "" : ": " + reason;
      end(grant, News.BROKEN, "was broken by " + by.name() + why);
      serve(now);
    }
  }

  /** Ends what has expired, and serves those who wait for it. */
  void sweep() {
    synchronized (lock) {
      swept();
    }
  }

  /** The time now, with nothing in the table that has expired by then. */
  private long swept() {
    long now = world.nanoTime();
    if (!armed || now - armedAt < 0) {
      return now;
    }
    armed = false;
    Grant next = null;
    boolean freed = false;
    for (Grant grant : List.copyOf(grants.values())) {
      if (grant.isExpired(now)) {
        end(grant, News.EXPIRED, "expired");
        freed = true;
      } else if (next == null || grant.expires() - next.expires() < 0) {
        next = grant;
      }
    }
    if (next != null) {
      arm(next.expires());
    }
    if (freed) {
      serve(now);
    }
    return now;
  }

  private void arm(long when) {
    if (!armed || when - armedAt < 0) {
      armed = true;
      armedAt = when;
      world.sweepIn(Math.max(0, when - world.nanoTime()));
    }
  }

  private void put(Grant grant) {
    grants.put(grant.token, grant);
    for (Claim claim : grant.terms.claims()) {
      held.merge(
          claim.root(),
          List.of(grant),
          (all, more) ->
              all.contains(grant) ? all : Stream.concat(all.stream(), more.stream()).toList());
    }
    arm(grant.expires());
  }

  /** At no moment is it free: the old one is not ended, for guards that are looking at it. */
  private void replace(Grant grant, Grant again) {
    grants.remove(grant.token);
    if (grant.resumable) {
      past.put(grant.token, "was resumed as " + again.token);
    }
    grants.put(again.token, again);
    for (Claim claim : grant.terms.claims()) {
      held.computeIfPresent(
          claim.root(),
          (root, all) -> all.stream().map(other -> other == grant ? again : other).toList());
    }
    arm(again.expires());
  }

  private void remove(Grant grant) {
    grants.remove(grant.token);
    for (Claim claim : grant.terms.claims()) {
      held.computeIfPresent(
          claim.root(),
          (root, all) -> {
            List<Grant> rest = all.stream().filter(other -> other != grant).toList();
            return rest.isEmpty() ? null : rest;
          });
    }
  }

  private void end(Grant grant, News news, String how) {
    grant.end(how);
    remove(grant);
    past.put(grant.token, how);
    world.changed();
    world.happened(news, grant);
  }

  /** What a holder is told whose lease is over. */
  private Refused over(LeaseToken token) {
    String known = past.get(token);
    Grant saved = grants.get(token);
    String how = "is not known here";
    if (known != null) {
      how = known;
    } else if (saved != null && saved.resumable) {
      how =
          "is from before a restart; taking it again as client "
              + saved.terms.client()
              + " resumes it";
    } else if (saved != null) {
      how = "expired";
    } else if (token.epoch() < epoch) {
      how = "is from before a restart and void";
    } else if (token.epoch() == epoch && token.counter() <= counter) {
      how = "is over";
    }
    return new Refused(ErrorCode.LEASE_OVER, "the lease " + token + " " + how);
  }

  // ---- Calls ----

  @Override
  public void admit(
      String instrument, Call call, CommandInfo command, Map<String, Object> arguments) {
    if (opened.getCount() == 0) {
      check(instrument, call, command, arguments);
    }
  }

  @Override
  public void enter(
      String instrument, Call call, CommandInfo command, Map<String, Object> arguments) {
    if (opened.getCount() != 0) {
      awaitOpened();
    }
    check(instrument, call, command, arguments);
  }

  /** Refuses to cancel the calls of an instrument that another holds, as a write would be. */
  void requireCancel(String instrument, Caller by, LeaseToken lease) {
    Call cancel = Call.of(CANCEL.name()).by(by).under(lease);
    enter(instrument, cancel, CANCEL, Map.of());
  }

  /** What was saved must be known before anybody may write. */
  void awaitOpened() {
    boolean interrupted = false;
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(OPENING_SECONDS);
    try {
      while (true) {
        try {
          if (opened.await(until - System.nanoTime(), TimeUnit.NANOSECONDS)) {
            return;
          }
          throw new Refused(ErrorCode.LEASED, "the saved leases are still being read");
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void check(
      String instrument, Call call, CommandInfo command, Map<String, Object> arguments) {
    List<Grant> here = held.get(instrument);
    LeaseToken token = call.lease();
    if (here == null && token == null) {
      return;
    }
    if (command != null && command.urgent() && call.caller().role().includes(Role.OPERATOR)) {
      return; // who stops a motor needs no lease
    }
    List<Grant> all = here == null ? List.of() : here;
    long now = world.nanoTime();
    if (token != null) {
      requireValid(instrument, token, call.caller(), all, now);
    }
    if (command == null) {
      return;
    }
    Claim touched = null;
    for (Grant grant : all) {
      boolean against = !grant.token.equals(token) && !(command.reads() && grant.terms.readers());
      if (against && grant.holds(now)) {
        touched = touched == null ? Claim.touched(instrument, command, arguments) : touched;
        Claim theirs = grant.terms.overlap(List.of(touched));
        if (theirs != null) {
          throw new Refused(
              ErrorCode.LEASED, theirs + " is " + grant.told(call.caller().name(), now));
        }
      }
    }
  }

  private void requireValid(
      String instrument, LeaseToken token, Caller caller, List<Grant> here, long now) {
    for (Grant grant : here) {
      if (grant.token.equals(token) && !grant.resumable && grant.holds(now)) {
        requireOwner(grant, caller);
        return;
      }
    }
    synchronized (lock) {
      Grant elsewhere = grants.get(token);
      if (elsewhere != null && !elsewhere.resumable && elsewhere.holds(now)) {
        throw new Refused(
            ErrorCode.LEASE_OVER,
            "the lease "
                + token
                + " does not cover "
                + instrument
                + "; it covers "
                + String.join(", ", elsewhere.terms.names()));
      }
      throw over(token);
    }
  }

  // ---- Lists ----

  List<LeaseStatus> list() {
    synchronized (lock) {
      long now = swept();
      List<LeaseStatus> all = new ArrayList<>();
      grants.values().forEach(grant -> all.add(grant.status(now)));
      waiting.forEach(ask -> all.add(ask.status(now)));
      return all;
    }
  }

  List<Leases.Broken> broken() {
    synchronized (lock) {
      return List.copyOf(broken);
    }
  }

  /** All leases, for saving and for watching their holders. */
  List<Grant> grants() {
    synchronized (lock) {
      swept();
      return List.copyOf(grants.values());
    }
  }

  /** The leases on an instrument or parts of it. */
  List<Grant> on(String instrument) {
    return held.getOrDefault(instrument, List.of());
  }
}
