// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.osgi.framework.Bundle;
import org.osgi.framework.namespace.ExecutionEnvironmentNamespace;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRequirement;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.framework.wiring.FrameworkWiring;
import org.osgi.resource.Requirement;
import org.osgi.resource.Resource;

/** Says in words what a bundle needs and nobody provides. */
final class Requirements {

  private static final Pattern TERM =
      Pattern.compile("(!\\()?\\(?([\\w.-]+)(>=|<=|=)([^()]*)\\)\\)?");

  private Requirements() {}

  /** What is missing; empty when every requirement by itself has a provider. */
  static List<String> missing(Bundle bundle, FrameworkWiring wiring) {
    List<String> missing = new ArrayList<>();
    for (BundleRequirement requirement :
        bundle.adapt(BundleRevision.class).getDeclaredRequirements(null)) {
      Map<String, String> directives = requirement.getDirectives();
      boolean optional = "optional".equals(directives.get("resolution"));
      boolean atRunTime = !directives.getOrDefault("effective", "resolve").equals("resolve");
      boolean dynamic = "dynamic".equals(directives.get("resolution"));
      if (!optional && !atRunTime && !dynamic && wiring.findProviders(requirement).isEmpty()) {
        missing.add(words(requirement, wiring));
      }
    }
    return missing;
  }

  private static String words(BundleRequirement requirement, FrameworkWiring wiring) {
    String namespace = requirement.getNamespace();
    String filter = requirement.getDirectives().getOrDefault("filter", "");
    Terms terms = Terms.of(filter, namespace);
    if (namespace.equals(PackageNamespace.PACKAGE_NAMESPACE)) {
      return "needs package " + terms + ", which " + others(terms.name, wiring);
    }
    if (namespace.equals(ExecutionEnvironmentNamespace.EXECUTION_ENVIRONMENT_NAMESPACE)) {
      return "needs Java "
          + (terms.low == null ? terms.name : terms.low)
          + "; this is Java "
          + Runtime.version().feature();
    }
    if (namespace.equals("osgi.wiring.bundle") || namespace.equals("osgi.wiring.host")) {
      return "needs bundle " + terms + ", which is not installed";
    }
    return "needs " + namespace + " " + terms + ", which nothing provides";
  }

  /** Whether the package is there in other versions: then it is the version that is wrong. */
  private static String others(String name, FrameworkWiring wiring) {
    Collection<String> versions = new TreeSet<>();
    for (BundleCapability capability : wiring.findProviders(new PackageOf(name))) {
      versions.add(String.valueOf(capability.getAttributes().get("version")));
    }
    return versions.isEmpty()
        ? "nothing provides"
        : "is provided in version " + String.join(", ", versions) + " only";
  }

  /** Any version of a package. */
  private record PackageOf(String name) implements Requirement {
    @Override
    public String getNamespace() {
      return PackageNamespace.PACKAGE_NAMESPACE;
    }

    @Override
    public Map<String, String> getDirectives() {
      return Map.of("filter", "(" + PackageNamespace.PACKAGE_NAMESPACE + "=" + name + ")");
    }

    @Override
    public Map<String, Object> getAttributes() {
      return Map.of();
    }

    @Override
    public Resource getResource() {
      return null;
    }
  }

  /** The terms of a filter as bnd and frameworks write them: a name and a range of versions. */
  private static final class Terms {
    private final String filter;
    private String name;
    private String low;
    private String high;
    private boolean openLow;
    private boolean openHigh;

    private Terms(String filter) {
      this.filter = filter;
    }

    static Terms of(String filter, String namespace) {
      Terms terms = new Terms(filter);
      Matcher m = TERM.matcher(filter);
      while (m.find()) {
        boolean not = m.group(1) != null;
        String key = m.group(2);
        String operator = m.group(3);
        if (key.equals(namespace)) {
          terms.name = m.group(4);
        } else if (key.endsWith("version")) {
          terms.bound(not, operator, m.group(4));
        }
      }
      return terms;
    }

    private void bound(boolean not, String operator, String version) {
      if (operator.equals("=")) {
        low = version;
        high = version;
      } else if (operator.equals(">=") != not) {
        low = version;
        openLow = not;
      } else {
        high = version;
        openHigh = not;
      }
    }

    @Override
    public String toString() {
      if (name == null) {
        return filter;
      }
      if (low == null && high == null) {
        return name;
      }
      if (high == null) {
        return openLow ? name + " above " + low : name + " " + low + " or higher";
      }
      return name
          + " "
          + (openLow ? "(" : "[")
          + (low == null ? "0" : low)
          + ","
          + high
          + (openHigh ? ")" : "]");
    }
  }
}
