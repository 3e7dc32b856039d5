// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.Caller;
import consort.api.Role;
import consort.api.coordinator.Coordinator;
import consort.api.coordinator.DriverStatus;
import consort.api.deploy.Deployment;
import consort.api.deploy.DriverFile;
import consort.api.deploy.DriverFormat;
import consort.api.link.LinkService;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.FrameworkUtil;

/**
 * What instrument-script-server calls plugins: our drivers and API definitions, each under its
 * driver's name, and the protocol {@code VISA}, which is our links.
 */
final class PluginCommands {

  private final Coordinator coordinator;
  private final Supplier<Deployment> deployment;
  private final Supplier<LinkService> links;
  private final Path home;
  private final DriverScan scan;

  PluginCommands(
      Coordinator coordinator,
      Supplier<Deployment> deployment,
      Supplier<LinkService> links,
      Collection<DriverFormat> formats,
      Path home) {
    this.coordinator = coordinator;
    this.deployment = deployment;
    this.links = links;
    this.home = home;
    this.scan = new DriverScan(formats);
  }

  List<Command> all() {
    return List.of(
        new Command(
            new CommandDoc(
                "discover",
                Role.OBSERVER,
                List.of(
                    new CommandDoc.Parameter(
                        "paths",
                        "folders to look into instead of drivers/; needs an administrator",
                        true)),
                "Looks for drivers in folders; does not install them."),
            this::discover),
        new Command(
            new CommandDoc(
                "plugins",
                Role.OBSERVER,
                List.of(),
                "The installed drivers as instrument-script-server lists them."),
            (p, caller) -> plugins()));
  }

  private Map<String, Object> discover(Parameters p, Caller caller) {
    List<Path> paths = List.of(home.resolve("drivers"));
    Stream<DriverScan.Found> known = visa().stream();
    if (!p.list("paths").isEmpty()) {
      // Whoever may look into any folder learns what is there.
      caller.require(Role.ADMINISTRATOR, "discover with paths");
      paths = p.texts("paths").stream().map(PluginCommands::folder).toList();
      known = Stream.empty();
    }
    List<DriverScan.Found> found = new ArrayList<>(known.toList());
    List<String> missing = new ArrayList<>();
    for (Path path : paths) {
      if (Files.isDirectory(path)) {
        found.addAll(scanned(path));
      } else {
        // of several places to look into, some may not be there
        missing.add(path.toString());
      }
    }
    Map<String, Object> reply = discovered(found, paths);
    if (!missing.isEmpty()) {
      reply.put("missing", missing);
    }
    return reply;
  }

  private static Map<String, Object> discovered(List<DriverScan.Found> found, List<Path> paths) {
    return Plain.map(
        "protocols",
        found.stream().map(DriverScan.Found::driver).distinct().sorted().toList(),
        "paths",
        paths.stream().map(Path::toString).toList(),
        "plugins",
        found.stream()
            .map(
                f ->
                    Plain.map(
                        "protocol", f.driver(),
                        "path", f.path().toString(),
                        "name", f.name(),
                        "version", f.version(),
                        "description", f.description()))
            .toList());
  }

  private static Path folder(String path) {
    try {
      return Path.of(path).toAbsolutePath().normalize();
    } catch (InvalidPathException e) {
      throw Wrong.request("paths: no path: " + Parameters.shortened(path));
    }
  }

  private List<DriverScan.Found> scanned(Path folder) {
    try {
      return scan.folder(folder);
    } catch (IOException e) {
      throw Wrong.request("paths: " + folder + " cannot be read: " + e.getMessage());
    }
  }

  private Map<String, Object> plugins() {
    Deployment service = deployment.get();
    Map<Long, Path> files =
        (service == null ? List.<DriverFile>of() : service.driverFiles())
            .stream()
                .collect(
                    Collectors.toMap(DriverFile::bundle, f -> home.resolve(f.file()), (a, b) -> a));
    List<Object> plugins = new ArrayList<>();
    visa().ifPresent(v -> plugins.add(plugin(v.driver(), v.path().toString())));
    for (DriverStatus driver : coordinator.drivers()) {
      Path file = files.get(driver.bundleId());
      plugins.add(plugin(driver.name(), file == null ? driver.bundle() : file.toString()));
    }
    return Plain.map("plugins", plugins, "total", plugins.size());
  }

  private static Map<String, Object> plugin(String protocol, String path) {
    return Plain.map("protocol", protocol, "path", path);
  }

  /** The links: what {@code connection.type: VISA} needs. */
  private Optional<DriverScan.Found> visa() {
    LinkService service = links.get();
    Bundle bundle = service == null ? null : FrameworkUtil.getBundle(service.getClass());
    return bundle == null
        ? Optional.empty()
        : Optional.of(
            new DriverScan.Found(
                "VISA",
                Path.of(bundle.getLocation().replaceFirst("^(reference:)?file:(//)?", "")),
                bundle.getSymbolicName(),
                bundle.getVersion().toString(),
                bundle.getHeaders("").get("Bundle-Description")));
  }
}
