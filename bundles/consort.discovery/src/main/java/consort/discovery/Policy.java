// SPDX-License-Identifier: Apache-2.0
package consort.discovery;

import consort.api.Instrument;
import consort.api.mesh.MeshPlan;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.osgi.framework.Filter;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;

/** Which endpoints of other nodes are imported, and under which names. Changes nothing itself. */
final class Policy {

  private final Map<String, String> names;
  private final Filter filter;
  private final Predicate<String> own;
  private final Packages packages;

  /**
   * Takes the configuration.
   *
   * @param own whether this node itself has an instrument of a name
   * @param packages what is here to use endpoints with
   */
  Policy(MeshPlan plan, Predicate<String> own, Packages packages) {
    this.names = plan.names();
    this.own = own;
    this.packages = packages;
    try {
      this.filter = plan.imports().isEmpty() ? null : FrameworkUtil.createFilter(plan.imports());
    } catch (InvalidSyntaxException e) {
      throw new IllegalArgumentException("the settings have checked it", e);
    }
  }

  /**
   * What is decided about an offer.
   *
   * @param name the name here
   * @param properties the endpoint as it is imported; null when it is not
   * @param reason why it is not imported; empty when it is
   */
  record Decision(String name, Map<String, Object> properties, String reason) {}

  /** The name that an instrument would have here. */
  String name(Offer offer) {
    return names.getOrDefault(offer.node() + "." + offer.instrument(), offer.instrument());
  }

  /** Whether this node itself has an instrument of a name. */
  boolean owns(String name) {
    return own.test(name);
  }

  /** Whether other packages are here than when it was decided before. */
  boolean packagesChanged() {
    return packages.look();
  }

  /**
   * Decides about offers; who came first has a name, and this node's own come before. As names are
   * decided one by one, the offers of one name may be asked about alone.
   */
  Map<Offer, Decision> decide(Collection<Offer> offers) {
    Map<String, Offer> holders = new HashMap<>();
    Map<Offer, Decision> decisions = new LinkedHashMap<>();
    for (Offer offer : offers) {
      String name = name(offer);
      Offer holder = holders.getOrDefault(name, offer);
      String misfit = packages.reason(offer);
      Decision decision;
      if (filter != null && !filter.matches(offer.properties())) {
        decision = refused(offer, name, "the filter (remote: import:) leaves it out");
      } else if (owns(name)) {
        decision = refused(offer, name, "this node has one of that name; " + rename(offer));
      } else if (!misfit.isEmpty()) {
        decision = refused(offer, name, " as ", misfit);
      } else if (!holder.sameInstrument(offer)) {
        decision =
            refused(
                offer, name, "node " + holder.node() + " has one of that name; " + rename(offer));
      } else {
        holders.put(name, offer);
        Map<String, Object> properties = new HashMap<>(offer.properties());
        properties.put(Instrument.NAME, name);
        decision = new Decision(name, properties, "");
      }
      decisions.put(offer, decision);
    }
    return decisions;
  }

  private static Decision refused(Offer offer, String name, String why) {
    return refused(offer, name, ": ", why);
  }

  private static Decision refused(Offer offer, String name, String joint, String why) {
    return new Decision(
        name,
        null,
        offer.instrument() + " of node " + offer.node() + " is not imported" + joint + why);
  }

  private static String rename(Offer offer) {
    return "'imports: {"
        + offer.node()
        + "."
        + offer.instrument()
        + ": NAME}' in etc/consort.yaml gives it another";
  }
}
