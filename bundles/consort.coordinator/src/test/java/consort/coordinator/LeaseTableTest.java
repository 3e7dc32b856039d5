// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Call;
import consort.api.Caller;
import consort.api.CommandInfo;
import consort.api.ErrorCode;
import consort.api.InstrumentException;
import consort.api.LeaseToken;
import consort.api.ParameterInfo;
import consort.api.Refused;
import consort.api.Role;
import consort.api.ValueType;
import consort.api.coordinator.LeaseRequest;
import consort.api.coordinator.LeaseStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The rules of leases, one by one, on a clock of the test's own. */
class LeaseTableTest {

  static final Caller ANNA = new Caller("anna", Role.OPERATOR, "test");
  static final Caller BERT = new Caller("bert", Role.OPERATOR, "test");
  static final Caller GUEST = new Caller("guest", Role.OBSERVER, "test");
  static final Caller ROOT = new Caller("root", Role.ADMINISTRATOR, "test");

  private static final CommandInfo WRITE = command(false, false);
  private static final CommandInfo READ = command(false, true);
  private static final CommandInfo URGENT = command(true, false);

  private final World world = new World();
  private final LeaseTable table = new LeaseTable(world);

  LeaseTableTest() {
    table.open(3, List.of());
  }

  /** A clock, moved by the test. */
  static final class World implements LeaseTable.World {
    long now = Long.MAX_VALUE - 5_000_000_000L; // it wraps around soon
    long wall = 1_000_000;
    final List<String> ended = new ArrayList<>();
    final List<String> news = new ArrayList<>();
    int changes;

    @Override
    public long nanoTime() {
      return now;
    }

    @Override
    public Instant now() {
      return Instant.ofEpochMilli(wall);
    }

    @Override
    public void sweepIn(long nanos) {}

    @Override
    public void changed() {
      changes++;
    }

    @Override
    public void happened(LeaseTable.News what, Grant grant) {
      news.add(what + " " + grant.token);
      if (what.isUnasked()) {
        ended.add(grant.token + " " + grant.ending());
      }
    }
  }

  private static CommandInfo command(boolean urgent, boolean reads) {
    return new CommandInfo("x", List.of(), ValueType.VOID, "", urgent, reads, null, "");
  }

  private void pass(Duration time) {
    world.now += time.toNanos();
  }

  private void pass(long seconds) {
    pass(Duration.ofSeconds(seconds));
  }

  private static LeaseRequest names(String... names) {
    return LeaseRequest.of(names);
  }

  private Grant take(Caller owner, LeaseRequest request) {
    Ask ask = table.ask(request, owner, null);
    if (ask.refusal() != null) {
      throw ask.refusal();
    }
    assertThat(ask.grant()).as("granted at once").isNotNull();
    return ask.grant();
  }

  private Grant take(Caller owner, String... names) {
    return take(owner, names(names));
  }

  private Ask wait(Caller owner, String... names) {
    Ask ask = table.ask(names(names).waiting(Duration.ofSeconds(30)), owner, null);
    assertThat(ask.decided()).as("waits").isFalse();
    return ask;
  }

  private void enter(String instrument, CommandInfo command, Caller caller, Grant lease) {
    Call call = Call.of("x").by(caller).under(lease == null ? null : lease.token);
    table.enter(instrument, call, command, Map.of());
  }

  private void mayWrite(String instrument, Caller caller, Grant lease) {
    assertThatCode(() -> enter(instrument, WRITE, caller, lease)).doesNotThrowAnyException();
  }

  private void refuses(ErrorCode code, String message, Runnable what) {
    assertThatThrownBy(what::run)
        .isInstanceOf(Refused.class)
        .hasMessage(message)
        .extracting(e -> ((InstrumentException) e).code())
        .isEqualTo(code);
  }

  // ---- Who may write ----

  @Test
  void withoutALeaseEverybodyWrites() {
    mayWrite("DMM1", ANNA, null);
  }

  @Test
  void onlyTheHolderWrites() {
    Grant lease = take(ANNA, names("DMM1").purpose("noise run").ttl(Duration.ofMinutes(10)));
    pass(100);
    mayWrite("DMM1", ANNA, lease);
    refuses(
        ErrorCode.LEASED,
        "DMM1 is leased to anna (noise run) for another 8 min 20 s",
        () -> enter("DMM1", WRITE, BERT, null));
    mayWrite("DMM2", BERT, null);
  }

  @Test
  void twoProgramsOfOneCallerAreTwoClients() {
    take(ANNA, names("DMM1").client("nb1"));
    refuses(
        ErrorCode.LEASED,
        "DMM1 is leased to anna, client nb1 for another 1 min",
        () -> enter("DMM1", WRITE, ANNA, null));
  }

  @Test
  void theTokenOfAnotherCallerIsOfNoUse() {
    Grant lease = take(ANNA, "DMM1");
    refuses(
        ErrorCode.NOT_ALLOWED,
        "the lease 3-1 is that of anna, not of bert",
        () -> enter("DMM1", WRITE, BERT, lease));
  }

  @Test
  void othersMayRead() {
    take(ANNA, "DMM1");
    assertThatCode(() -> enter("DMM1", READ, BERT, null)).doesNotThrowAnyException();
    assertThatCode(() -> enter("DMM1", READ, GUEST, null)).doesNotThrowAnyException();
  }

  @Test
  void unlessTheLeaseSaysOtherwise() {
    Grant lease = take(ANNA, names("DMM1").alone());
    refuses(
        ErrorCode.LEASED,
        "DMM1 is leased to anna for another 1 min",
        () -> enter("DMM1", READ, BERT, null));
    assertThatCode(() -> enter("DMM1", READ, ANNA, lease)).doesNotThrowAnyException();
  }

  @Test
  void anUrgentCommandIsStoppedForObserversOnly() {
    Grant lease = take(ANNA, "STAGE");
    assertThatCode(() -> enter("STAGE", URGENT, BERT, null)).doesNotThrowAnyException();
    assertThatThrownBy(() -> enter("STAGE", URGENT, GUEST, null)).isInstanceOf(Refused.class);
    pass(61);
    assertThatCode(() -> enter("STAGE", URGENT, ANNA, lease)).doesNotThrowAnyException();
  }

  @Test
  void anObserverTakesNoLease() {
    assertThatThrownBy(() -> take(GUEST, "DMM1"))
        .hasMessage("a lease needs the role OPERATOR; guest is OBSERVER");
  }

  @Test
  void aTokenIsForWhatTheLeaseCovers() {
    Grant lease = take(ANNA, "DMM1", "PSU1");
    refuses(
        ErrorCode.LEASE_OVER,
        "the lease 3-1 does not cover DMM2; it covers DMM1, PSU1",
        () -> enter("DMM2", WRITE, ANNA, lease));
  }

  // ---- Names below names ----

  @Test
  void aLeaseCoversWhatIsBelowItsName() {
    take(ANNA, "Dev1");
    assertThatThrownBy(() -> take(BERT, "Dev1/port0/line0"))
        .hasMessage("Dev1 is leased to anna for another 1 min");
    take(BERT, "Dev10");
    take(BERT, "Dev2/port0");
  }

  @Test
  void aLeaseOnAPartIsInTheWayOfTheWhole() {
    take(ANNA, "Dev1/port0");
    assertThatThrownBy(() -> take(BERT, "Dev1")).hasMessageStartingWith("Dev1/port0 is leased");
    assertThatThrownBy(() -> take(BERT, "Dev1/PORT0/line3"))
        .hasMessageStartingWith("Dev1/port0 is leased");
    take(BERT, "Dev1/port1");
    take(BERT, "Dev1/port01");
  }

  @Test
  void aCallTouchesTheWholeInstrumentUnlessAParameterNamesAPart() {
    Grant port0 = take(ANNA, "Dev1/port0");
    refuses(
        ErrorCode.LEASED,
        "Dev1/port0 is leased to anna for another 1 min",
        () -> enter("Dev1", WRITE, BERT, null));
    mayWrite("Dev1", ANNA, port0);
    assertThatCode(() -> writeLine(BERT, "port1/line0", null)).doesNotThrowAnyException();
    assertThatThrownBy(() -> writeLine(BERT, "Port0/line0", null)).isInstanceOf(Refused.class);
    assertThatThrownBy(() -> writeLine(BERT, "port1/line0:7", null)).isInstanceOf(Refused.class);
    assertThatThrownBy(() -> writeLine(BERT, "port1, port0", null)).isInstanceOf(Refused.class);
    assertThatThrownBy(() -> writeLine(BERT, "/port0", null)).isInstanceOf(Refused.class);
    assertThatCode(() -> writeLine(ANNA, "port0/line0", port0)).doesNotThrowAnyException();
  }

  @Test
  void aTokenOpensNothingThatAnotherHolds() {
    Grant port0 = take(ANNA, "Dev1/port0");
    take(BERT, "Dev1/port1");
    assertThatThrownBy(() -> enter("Dev1", WRITE, ANNA, port0))
        .hasMessage("Dev1/port1 is leased to bert for another 1 min");
    assertThatThrownBy(() -> writeLine(ANNA, "port1/line0", port0)).isInstanceOf(Refused.class);
  }

  private void writeLine(Caller caller, String line, Grant lease) {
    ParameterInfo parameter =
        new ParameterInfo("line", ValueType.STRING, "", null, List.of(), false, null, "", true);
    CommandInfo write =
        new CommandInfo(
            "write", List.of(parameter), ValueType.VOID, "", false, false, null, "Writes");
    Call call = Call.of("write", line).by(caller).under(lease == null ? null : lease.token);
    table.enter("Dev1", call, write, Map.of("line", line));
  }

  @Test
  void namesWithNoInstrumentBehindThemAreLeasedAlike() {
    take(ANNA, "TCPIP::10.0.0.7::5025::SOCKET", "cryostat");
    assertThatThrownBy(() -> take(BERT, "cryostat/heater")).isInstanceOf(Refused.class);
  }

  @Test
  void strangeNamesAndTimesAreRefused() {
    for (String name : List.of("", "/", "a/", "/a", "a//b", "a b", "a\nb", "ü", "x".repeat(129))) {
      assertThatThrownBy(() -> names(name)).as(name).isInstanceOf(Refused.class);
    }
    assertThatThrownBy(() -> names()).hasMessage("a lease is on 1 to 64 names, not 0");
    assertThatThrownBy(() -> names("A").ttl(Duration.ofMillis(999)))
        .hasMessage("a lease of 0.999 s is outside [1 s, 24 h]");
    assertThatThrownBy(() -> names("A").ttl(Duration.ofDays(2))).isInstanceOf(Refused.class);
    assertThatThrownBy(() -> names("A").waiting(Duration.ofDays(2))).isInstanceOf(Refused.class);
    assertThatThrownBy(() -> names("A").purpose("a\nb")).isInstanceOf(Refused.class);
  }

  // ---- All or nothing, in turn ----

  @Test
  void allOrNothing() {
    take(ANNA, "B");
    assertThatThrownBy(() -> take(BERT, "A", "B", "C"))
        .hasMessage("B is leased to anna for another 1 min");
    take(ANNA, "A");
    take(ANNA, "C");
  }

  @Test
  void whoWaitsGetsItWhenItIsReleased() {
    Grant first = take(ANNA, "A");
    Ask second = wait(BERT, "A", "B");
    table.release(first.token);
    assertThat(second.grant()).isNotNull();
    assertThat(second.grant().token).isEqualTo(new LeaseToken(3, 2));
    mayWrite("B", BERT, second.grant());
  }

  @Test
  void whoWaitsGetsItWhenItExpires() {
    take(ANNA, names("A").ttl(Duration.ofSeconds(5)));
    Ask second = wait(BERT, "A");
    pass(5);
    table.sweep();
    assertThat(second.grant()).isNotNull();
    assertThat(world.ended).containsExactly("3-1 expired");
  }

  @Test
  void nobodyOvertakesOneThatWaitsForAnOverlappingSet() {
    Grant b = take(ANNA, "B");
    Ask both = wait(BERT, "A", "B");
    Ask late = wait(ANNA, "A");
    refuses(
        ErrorCode.LEASED,
        "A is next for bert, who waits for more than that",
        () -> take(ROOT, "A/part"));
    Grant c = take(ROOT, "C");
    table.release(b.token);
    assertThat(both.grant()).isNotNull();
    assertThat(late.decided()).isFalse();
    table.release(both.grant().token);
    assertThat(late.grant()).isNotNull();
    table.release(c.token);
  }

  @Test
  void whoStopsWaitingLetsTheOthersPass() {
    take(ANNA, "B");
    Ask both = wait(BERT, "A", "B");
    Ask late = wait(ROOT, "A");
    pass(20);
    table.giveUp(both, "interrupted");
    assertThat(both.refusal()).hasMessage("B is leased to anna for another 40 s; interrupted");
    assertThat(late.grant()).isNotNull();
  }

  @Test
  void whoHasWaitedLongEnoughGetsNothingMoreAndHoldsUpNobody() {
    Grant b = take(ANNA, "B");
    Ask both = wait(BERT, "A", "B");
    pass(30);
    take(ROOT, "A");
    table.release(b.token);
    assertThat(both.grant()).isNull();
  }

  @Test
  void aClientDoesNotWaitForItself() {
    take(ANNA, names("A").client("nb1"));
    Ask more = table.ask(names("A", "B").client("nb1").waiting(Duration.ofSeconds(9)), ANNA, null);
    assertThat(more.refusal()).hasMessage("A is part of the lease 3-1 of the same client already");
  }

  @Test
  void whoWaitsIsToldWhenTheCoordinatorGoesDown() {
    take(ANNA, "A");
    Ask ask = wait(BERT, "A");
    table.close();
    assertThat(ask.refusal().code()).isEqualTo(ErrorCode.STOPPED);
    assertThatThrownBy(() -> take(BERT, "B")).hasMessageContaining("going down");
  }

  @Test
  void thereIsALimitToLeases() {
    for (int i = 0; i < LeaseTable.MOST; i++) {
      take(ANNA, "R" + i);
    }
    refuses(ErrorCode.BUSY, "1000 leases are held; there can be no more", () -> take(ANNA, "more"));
  }

  // ---- The same client again ----

  @Test
  void theSameClientResumesWithTheSameToken() {
    Grant lease = take(ANNA, names("A", "B").client("nb1"));
    pass(50);
    Grant again = take(ANNA, names("B", "A").client("nb1"));
    assertThat(again.token).isEqualTo(lease.token);
    pass(50);
    mayWrite("A", ANNA, lease);
    assertThatThrownBy(() -> take(BERT, names("A", "B").client("nb1"))).isInstanceOf(Refused.class);
  }

  @Test
  void resumingMayChangeTheTerms() {
    Grant lease = take(ANNA, names("A").client("nb1"));
    Grant again = take(ANNA, names("A").client("nb1").ttl(Duration.ofHours(1)).alone());
    assertThat(again.token).isEqualTo(lease.token);
    assertThat(table.list()).singleElement().extracting(LeaseStatus::readers).isEqualTo(false);
    assertThat(table.remaining(lease.token)).hasHours(1);
    assertThatThrownBy(() -> enter("A", READ, BERT, null)).isInstanceOf(Refused.class);
    table.release(lease.token);
    assertThat(table.list()).isEmpty();
    mayWrite("A", BERT, null);
  }

  @Test
  void afterItExpiredTheSameClientGetsAnotherToken() {
    Grant lease = take(ANNA, names("A").client("nb1"));
    pass(60);
    Grant again = take(ANNA, names("A").client("nb1"));
    assertThat(again.token).isNotEqualTo(lease.token);
  }

  // ---- The end of a lease ----

  @Test
  void aHolderWhoseLeaseHasExpiredCannotWrite() {
    Grant lease = take(ANNA, "A");
    pass(Duration.ofSeconds(60).minusNanos(1));
    mayWrite("A", ANNA, lease);
    pass(Duration.ofNanos(1));
    // Nobody has swept: the guard looks at the clock itself.
    refuses(ErrorCode.LEASE_OVER, "the lease 3-1 expired", () -> enter("A", WRITE, ANNA, lease));
    mayWrite("A", BERT, null);
    table.sweep();
    refuses(ErrorCode.LEASE_OVER, "the lease 3-1 expired", () -> enter("A", WRITE, ANNA, lease));
  }

  @Test
  void renewingCountsFromNow() {
    Grant lease = take(ANNA, "A");
    pass(50);
    table.renew(lease.token, Duration.ofSeconds(20));
    pass(19);
    mayWrite("A", ANNA, lease);
    pass(1);
    refuses(
        ErrorCode.LEASE_OVER,
        "the lease 3-1 expired",
        () -> table.renew(lease.token, Duration.ofSeconds(20)));
  }

  @Test
  void aReleasedLeaseSaysSo() {
    Grant lease = take(ANNA, "A");
    table.release(lease.token);
    table.release(lease.token);
    refuses(
        ErrorCode.LEASE_OVER, "the lease 3-1 was released", () -> enter("A", WRITE, ANNA, lease));
  }

  @Test
  void aBrokenLeaseTellsItsHolderAndIsKept() {
    Grant lease = take(ANNA, names("A").purpose("noise run"));
    Ask next = wait(BERT, "A");
    assertThatThrownBy(() -> table.breakUp(lease.token, BERT, ""))
        .hasMessage("breaking a lease needs the role ADMINISTRATOR; bert is OPERATOR");
    table.breakUp(lease.token, ROOT, "the cryostat is warming up");
    refuses(
        ErrorCode.LEASE_OVER,
        "the lease 3-1 was broken by root: the cryostat is warming up",
        () -> enter("A", READ, ANNA, lease));
    assertThat(next.grant()).isNotNull();
    assertThat(table.broken())
        .singleElement()
        .satisfies(
            b -> {
              assertThat(b.by()).isEqualTo("root");
              assertThat(b.reason()).isEqualTo("the cryostat is warming up");
              assertThat(b.lease().purpose()).isEqualTo("noise run");
            });
    assertThat(world.ended).hasSize(1);
  }

  @Test
  void aHolderThatDiedHoldsNothing() {
    Grant lease = take(ANNA, "A");
    Ask next = wait(BERT, "A");
    table.died(lease.token);
    assertThat(next.grant()).isNotNull();
    refuses(
        ErrorCode.LEASE_OVER,
        "the lease 3-1 ended with its holder",
        () -> enter("A", WRITE, ANNA, lease));
  }

  @Test
  void theWallClockDoesNotCount() {
    Grant lease = take(ANNA, "A");
    world.wall += Duration.ofDays(365).toMillis();
    mayWrite("A", ANNA, lease);
    world.wall = 0;
    assertThat(table.remaining(lease.token)).hasSeconds(60);
  }

  // ---- After a restart ----

  private LeaseTable restarted(Duration down) {
    String saved = LeaseStore.encode(table.grants(), world.now, world.now());
    world.wall += down.toMillis();
    LeaseTable after = new LeaseTable(world);
    after.open(4, LeaseStore.decode(saved, world.now, world.now()));
    return after;
  }

  @Test
  void aSavedLeaseKeepsOthersOffUntilItsClientResumes() {
    Grant lease =
        take(
            ANNA, names("A", "Dev1/p0").client("nb 1").purpose("tab\there? ü%".replace("\t", " ")));
    LeaseTable after = restarted(Duration.ofSeconds(20));

    assertThat(after.list())
        .singleElement()
        .satisfies(
            s -> {
              assertThat(s.state()).isEqualTo(LeaseStatus.State.RESUMABLE);
              assertThat(s.purpose()).isEqualTo("tab here? ü%");
              assertThat(s.remaining()).hasSeconds(40);
            });
    assertThat(after.ask(names("A"), BERT, null).refusal()).hasMessageContaining("leased to anna");
    Call old = Call.of("x").by(ANNA).under(lease.token);
    refuses(
        ErrorCode.LEASE_OVER,
        "the lease 3-1 is from before a restart; taking it again as client nb 1 resumes it",
        () -> after.enter("A", old, WRITE, Map.of()));

    Grant again = after.ask(names("A", "Dev1/p0").client("nb 1"), ANNA, null).grant();
    assertThat(again.token).isEqualTo(new LeaseToken(4, 1));
    after.enter("A", Call.of("x").by(ANNA).under(again.token), WRITE, Map.of());
    refuses(
        ErrorCode.LEASE_OVER,
        "the lease 3-1 was resumed as 4-1",
        () -> after.enter("A", old, WRITE, Map.of()));
  }

  @Test
  void whatWasNotSavedIsVoid() {
    Grant lease = take(ANNA, "A");
    LeaseTable after = new LeaseTable(world);
    after.open(4, List.of());
    refuses(
        ErrorCode.LEASE_OVER,
        "the lease 3-1 is from before a restart and void",
        () -> after.enter("A", Call.of("x").by(ANNA).under(lease.token), WRITE, Map.of()));
    assertThat(after.ask(names("A"), BERT, null).grant()).isNotNull();
  }

  @Test
  void whatExpiredWhileTheNodeWasDownIsGone() {
    take(ANNA, "A");
    assertThat(restarted(Duration.ofSeconds(60)).list()).isEmpty();
  }

  @Test
  void aClockThatWasSetBackProlongsNothing() {
    take(ANNA, "A");
    assertThat(restarted(Duration.ofDays(-30)).list().get(0).remaining()).hasSeconds(60);
  }

  @Test
  void aTokenIsReadStrictly() {
    assertThat(LeaseToken.parse("3-17")).isEqualTo(new LeaseToken(3, 17));
    for (String text : List.of("", "3", "3-", "-3-1", "3-1 ", "a-b", "9999999999999999999-1")) {
      assertThatThrownBy(() -> LeaseToken.parse(text)).isInstanceOf(Refused.class);
    }
  }

  @Test
  void timesLeftAreTextForPeople() {
    assertThat(Texts.rough(1)).isEqualTo("1 s");
    assertThat(Texts.rough(59_000_000_000L)).isEqualTo("59 s");
    assertThat(Texts.rough(500_000_000_000L)).isEqualTo("8 min 20 s");
    assertThat(Texts.rough(3_600_000_000_000L)).isEqualTo("1 h");
    assertThat(Texts.rough(5_000_000_000_000L)).isEqualTo("1 h 24 min");
  }

  @Test
  void tellsWhatBecomesOfALease() {
    Grant a = take(ANNA, names("A").client("nb1"));
    take(ANNA, names("A").client("nb1"));
    table.renew(a.token, Duration.ofSeconds(60));
    table.release(a.token);
    Grant b = take(ANNA, names("A").ttl(Duration.ofSeconds(10)));
    Ask bert = wait(BERT, "A");
    pass(10);
    table.sweep();
    table.died(bert.grant().token);
    Grant d = take(ANNA, "A");
    table.breakUp(d.token, ROOT, "it leaks");

    assertThat(world.news)
        .containsExactly(
            "TAKEN 3-1",
            "RESUMED 3-1",
            "RENEWED 3-1",
            "RELEASED 3-1",
            "TAKEN " + b.token,
            "EXPIRED " + b.token,
            "TAKEN 3-3",
            "DIED 3-3",
            "TAKEN 3-4",
            "BROKEN 3-4");
  }

  @Test
  void aSavedLeaseThatIsResumedIsTold() {
    take(ANNA, names("A").client("nb1"));
    LeaseTable after = restarted(Duration.ofSeconds(1));
    world.news.clear();
    after.ask(names("A").client("nb1"), ANNA, null);
    assertThat(world.news).containsExactly("RESUMED 4-1");
  }

  @Test
  void onlyWhoHoldsAnInstrumentCancelsItsCalls() {
    Grant lease = take(ANNA, names("A").purpose("noise run"));
    table.requireCancel("A", ANNA, lease.token);
    table.requireCancel("B", BERT, null);
    refuses(
        ErrorCode.LEASED,
        "A is leased to anna (noise run) for another 1 min",
        () -> table.requireCancel("A", BERT, null));
    refuses(
        ErrorCode.LEASED,
        "A is leased to anna, client " + lease.terms.client() + " (noise run) for another 1 min",
        () -> table.requireCancel("A", ANNA, null));
    table.release(lease.token);
    refuses(
        ErrorCode.LEASE_OVER,
        "the lease 3-1 was released",
        () -> table.requireCancel("A", ANNA, lease.token));
  }
}
