// SPDX-License-Identifier: Apache-2.0
package consort.discovery;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.Version;
import org.osgi.framework.namespace.PackageNamespace;
import org.osgi.framework.wiring.FrameworkWiring;
import org.osgi.resource.Namespace;
import org.osgi.resource.Requirement;
import org.osgi.resource.Resource;
import org.osgi.service.remoteserviceadmin.RemoteConstants;

/**
 * Whether this framework has the interface of an endpoint in a version that fits. Nodes understand
 * each other where the major versions are equal; what a newer minor version adds is refused call by
 * call. For one thread.
 */
final class Packages {

  /** Others say it, and it becomes part of a filter. */
  private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}_$.]*");

  private final Function<String, Collection<Version>> finder;

  /** The versions of the packages that somebody asked about and that are here, and no others. */
  private final Map<String, TreeSet<Version>> known = new HashMap<>();

  /**
   * Knows nothing yet.
   *
   * @param finder all versions of a package that are here, in any order
   */
  Packages(Function<String, Collection<Version>> finder) {
    this.finder = finder;
  }

  /** What the bundles of a framework export, also those that nobody uses yet. */
  static Packages of(BundleContext context) {
    FrameworkWiring wiring =
        context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION).adapt(FrameworkWiring.class);
    return new Packages(
        name ->
            wiring.findProviders(new Wish(name)).stream()
                .map(capability -> capability.getAttributes().get(Constants.VERSION_ATTRIBUTE))
                .map(Version.class::cast)
                .toList());
  }

  /** Any version of a package. */
  private record Wish(String name) implements Requirement {

    @Override
    public String getNamespace() {
      return PackageNamespace.PACKAGE_NAMESPACE;
    }

    @Override
    public Map<String, String> getDirectives() {
      return Map.of(
          Namespace.REQUIREMENT_FILTER_DIRECTIVE,
          "(" + PackageNamespace.PACKAGE_NAMESPACE + "=" + name + ")");
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

  /** Looks again; whether anything of what was asked about is different now. */
  boolean look() {
    boolean different = false;
    for (String name : List.copyOf(known.keySet())) {
      TreeSet<Version> before = known.remove(name);
      different |= !here(name).equals(before);
    }
    return different;
  }

  private TreeSet<Version> here(String name) {
    TreeSet<Version> versions = known.get(name);
    if (versions == null) {
      versions = new TreeSet<>(finder.apply(name));
      if (!versions.isEmpty()) {
        known.put(name, versions);
      }
    }
    return versions;
  }

  /** The interface that nobody here can use, and why; empty when there is none. */
  String reason(Offer offer) {
    return offer.types().stream()
        .map(type -> reason(type, offer.properties()))
        .filter(reason -> !reason.isEmpty())
        .findFirst()
        .orElse("");
  }

  private String reason(String type, Map<String, Object> properties) {
    String name = type.substring(0, Math.max(0, type.lastIndexOf('.')));
    if (!NAME.matcher(name).matches()) {
      return "'" + type + "', which is no name of an interface";
    }
    TreeSet<Version> here = here(name);
    if (here.isEmpty()) {
      return ""; // whoever uses it has the interface in a bundle of its own
    }
    // Without a version it has the version 0, by the specification. Others may also say null.
    Object given = properties.get(RemoteConstants.ENDPOINT_PACKAGE_VERSION_ + name);
    Object said = given == null ? "0" : given;
    Version there;
    try {
      there = Version.parseVersion(said.toString());
    } catch (IllegalArgumentException e) {
      return type + ": '" + said + "' is no version of its package";
    }
    if (here.stream().anyMatch(version -> version.getMajor() == there.getMajor())) {
      return "";
    }
    return type
        + ": its package has version "
        + there
        + " there and "
        + here.stream().map(Version::toString).collect(Collectors.joining(", "))
        + " here; the bundle that exports "
        + name
        + " must be of one major version at both nodes";
  }
}
