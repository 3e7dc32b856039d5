// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.Caller;
import consort.api.LeaseToken;
import consort.api.Role;
import consort.api.coordinator.Coordinator;
import consort.api.coordinator.Lease;
import consort.api.coordinator.LeaseRequest;
import consort.api.coordinator.LeaseStatus;
import consort.api.coordinator.Leases;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The commands about exclusive use. */
final class LeaseCommands {

  private final Coordinator coordinator;
  private final Leases leases;

  LeaseCommands(Coordinator coordinator, Leases leases) {
    this.coordinator = coordinator;
    this.leases = leases;
  }

  List<Command> all() {
    return List.of(
        new Command(
            new CommandDoc(
                "leases", Role.OBSERVER, List.of(), "Who holds what, and who waits for it."),
            (p, caller) -> list()),
        new Command(
            new CommandDoc(
                "lease",
                Role.OPERATOR,
                List.of(
                    new CommandDoc.Parameter("action", "take, renew, release or break", false),
                    new CommandDoc.Parameter("names", "what to take: names, all or none", true),
                    new CommandDoc.Parameter("id", "which lease, for the other actions", true),
                    new CommandDoc.Parameter("for", "how long it holds, 60 s", true),
                    new CommandDoc.Parameter("wait", "how long to wait for it, 0 s", true),
                    new CommandDoc.Parameter("client", "who may resume it", true),
                    new CommandDoc.Parameter("purpose", "what others are told", true),
                    new CommandDoc.Parameter("pid", "the process with which it ends", true),
                    new CommandDoc.Parameter("alone", "true: others may not read", true),
                    new CommandDoc.Parameter("reason", "why it is broken", true)),
                "Takes exclusive use of instruments or named resources, prolongs or ends it."),
            this::lease));
  }

  private Map<String, Object> list() {
    return Plain.map(
        "leases",
        leases.list().stream().map(LeaseCommands::status).toList(),
        "broken",
        leases.broken().stream()
            .map(
                b -> {
                  Map<String, Object> broken = status(b.lease());
                  broken.putAll(
                      Plain.map("at", b.at().toString(), "by", b.by(), "reason", b.reason()));
                  return broken;
                })
            .toList());
  }

  private static Map<String, Object> status(LeaseStatus s) {
    return Plain.map(
        "id", s.token() == null ? "" : s.token().toString(),
        "state", s.state().name().toLowerCase(Locale.ROOT),
        "resources", s.resources(),
        "owner", s.owner(),
        "client", s.client(),
        "purpose", s.purpose(),
        "readers", s.readers(),
        "since", s.since().toString(),
        "remaining_s", s.remaining().toMillis() / 1e3,
        "remaining", s.left());
  }

  private Map<String, Object> lease(Parameters p, Caller caller) {
    String action = p.text("action");
    return switch (action) {
      case "take" -> take(p, caller);
      case "renew" -> {
        Lease lease = leases.require(id(p), caller);
        Duration time = p.duration("for");
        if (time == null) {
          lease.renew();
        } else {
          lease.renew(time);
        }
        yield held(action, lease);
      }
      case "release" -> {
        Lease lease = leases.require(id(p), caller);
        Map<String, Object> reply = held(action, lease);
        lease.close();
        yield reply;
      }
      case "break" -> {
        LeaseToken id = id(p);
        leases.breakUp(id, caller, p.textOr("reason", ""));
        yield Plain.map("action", action, "id", id.toString());
      }
      default ->
          throw Wrong.request(
              "action must be take, renew, release or break, not " + Parameters.shortened(action));
    };
  }

  private static LeaseToken id(Parameters p) {
    return LeaseToken.parse(p.text("id"));
  }

  private Map<String, Object> take(Parameters p, Caller caller) {
    Duration time = p.duration("for");
    LeaseRequest request =
        LeaseRequest.of(p.texts("names"))
            .client(p.textOr("client", ""))
            .ttl(time == null ? LeaseRequest.TTL : time)
            .waiting(p.durationOrZero("wait"))
            .purpose(p.textOr("purpose", ""))
            .process(p.count("pid"));
    return held(
        "take",
        leases.take(Boolean.TRUE.equals(p.flag("alone")) ? request.alone() : request, caller));
  }

  private Map<String, Object> held(String action, Lease lease) {
    Duration remaining = lease.remaining();
    return Plain.map(
        "action",
        action,
        "id",
        lease.id(),
        "resources",
        List.copyOf(lease.resources()),
        "client",
        lease.client(),
        "remaining_s",
        remaining.toMillis() / 1e3,
        "remaining",
        LeaseStatus.rough(remaining),
        "without_instrument",
        strangers(lease.resources()));
  }

  /** Names that no instrument of this node has: foreign software's, or mistyped. */
  private List<String> strangers(Collection<String> names) {
    return names.stream()
        .filter(name -> coordinator.instrument(name.split("/", 2)[0]).isEmpty())
        .toList();
  }
}
