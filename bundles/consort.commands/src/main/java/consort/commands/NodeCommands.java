// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.InstrumentException;
import consort.api.Refused;
import consort.api.Role;
import consort.api.coordinator.Coordinator;
import consort.api.coordinator.Groups;
import consort.api.coordinator.Leases;
import consort.api.deploy.Deployment;
import consort.api.deploy.DriverFormat;
import consort.api.link.LinkService;
import consort.api.mesh.Mesh;
import consort.api.script.Jobs;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.event.EventConstants;
import org.osgi.service.event.EventHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The commands of this node. */
@Component(service = Commands.class)
public final class NodeCommands implements Commands {

  private static final CommandDoc WATCH =
      new CommandDoc(
          "watch",
          Role.OBSERVER,
          List.of(new CommandDoc.Parameter("name", "the only instrument of interest", true)),
          "Tells what happens.");

  private static final Logger LOG = LoggerFactory.getLogger(NodeCommands.class);

  private final AtomicReference<Deployment> deployment = new AtomicReference<>();
  private final AtomicReference<LinkService> links = new AtomicReference<>();
  private final AtomicReference<Mesh> mesh = new AtomicReference<>();
  private final AtomicReference<Supplier<Jobs>> jobs = new AtomicReference<>(() -> null);
  private final List<DriverFormat> formats = new CopyOnWriteArrayList<>();
  private final Map<String, Command> commands = new LinkedHashMap<>();
  private final Coordinator coordinator;
  private final Watches watches = new Watches();
  private BundleContext context;
  private ServiceRegistration<EventHandler> handler;

  /** Wires; {@code context} is that of this bundle. */
  @Activate
  public NodeCommands(
      BundleContext context,
      @Reference Coordinator coordinator,
      @Reference Leases leases,
      @Reference Groups groups) {
    this(
        coordinator,
        leases,
        groups,
        () -> stop(context),
        Path.of(Optional.ofNullable(context.getProperty("consort.home")).orElse(".")));
    this.context = context;
    Dictionary<String, Object> topics = new Hashtable<>();
    topics.put(EventConstants.EVENT_TOPIC, Watches.TOPICS);
    handler = context.registerService(EventHandler.class, watches, topics);
  }

  NodeCommands(Coordinator coordinator, Leases leases, Groups groups, Runnable stop, Path home) {
    this.coordinator = coordinator;
    Stream.of(
            new LookCommands(coordinator, deployment::get, links::get).all(),
            new ControlCommands(coordinator, deployment::get, stop).all(),
            new SwapCommand(coordinator, deployment::get).all(),
            new CallCommands(coordinator, deployment::get).all(),
            new GroupCommand(coordinator, groups).all(),
            new LeaseCommands(coordinator, leases).all(),
            new NodesCommand(mesh::get).all(),
            new ScriptCommands(() -> jobs.get().get()).all(),
            new PluginCommands(coordinator, deployment::get, links::get, formats, home).all())
        .flatMap(List::stream)
        .forEach(c -> commands.put(c.name(), c));
  }

  private static void stop(BundleContext context) {
    try {
      context.getBundle(0).stop(); // the framework stops on a thread of its own
    } catch (BundleException e) {
      throw new IllegalStateException("the node cannot be stopped: " + e.getMessage(), e);
    }
  }

  @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
  void bindDeployment(Deployment service) {
    deployment.set(service);
  }

  void unbindDeployment(Deployment service) {
    deployment.compareAndSet(service, null);
  }

  @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
  void bindLinks(LinkService service) {
    links.set(service);
  }

  void unbindLinks(LinkService service) {
    links.compareAndSet(service, null);
  }

  @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
  void bindMesh(Mesh service) {
    mesh.set(service);
  }

  void unbindMesh(Mesh service) {
    mesh.compareAndSet(service, null);
  }

  @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
  void bindFormat(DriverFormat service) {
    formats.add(service);
  }

  void unbindFormat(DriverFormat service) {
    formats.remove(service);
  }

  /** The service is asked for when it is needed: until then nothing of it is loaded. */
  @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
  void bindJobs(ServiceReference<Jobs> service) {
    jobs.set(() -> context.getService(service));
  }

  void unbindJobs(ServiceReference<Jobs> service) {
    jobs.set(() -> null);
  }

  /** For tests: the service itself. */
  void jobs(Supplier<Jobs> service) {
    jobs.set(service);
  }

  @Override
  public Watch watch(Map<String, ?> parameters, Caller caller) {
    caller.require(Role.OBSERVER, "watch");
    String name;
    try {
      Parameters p = new Parameters(WATCH, parameters);
      name = p.has("name") ? p.instrument() : "";
    } catch (Wrong wrong) {
      throw new Refused(ErrorCode.BAD_REQUEST, wrong.getMessage());
    }
    Watches.Queue watch = watches.open(name, caller);
    // What changes from here on comes behind; at worst a state is told twice.
    coordinator.instruments().forEach(i -> watch.offer(LookCommands.initial(i.status())));
    return watch;
  }

  /** Ends all watches. */
  @Deactivate
  void close() {
    watches.close();
    if (handler != null) {
      try {
        handler.unregister();
      } catch (IllegalStateException e) {
        // gone already: the bundle is stopping
      }
    }
  }

  /** What an old client sends beyond what is read is not refused, but said in the reply. */
  private static Map<String, ?> known(
      CommandDoc command, Map<String, ?> given, List<String> ignored) {
    if (!CommandDoc.isLenient(command.name())) {
      return given;
    }
    Map<String, Object> known = new HashMap<>();
    given.forEach(
        (name, value) -> {
          if (command.parameters().stream().anyMatch(p -> p.name().equals(name))) {
            known.put(name, value);
          } else {
            ignored.add(Parameters.shortened(name));
          }
        });
    return known;
  }

  @Override
  public List<CommandDoc> commands() {
    return commands.values().stream().map(Command::doc).toList();
  }

  @Override
  public Map<String, Object> run(String name, Map<String, ?> parameters, Caller caller) {
    try {
      Command command = commands.get(name);
      if (command == null) {
        throw new Wrong("unknown_command", "unknown command: " + Parameters.shortened(name));
      }
      caller.require(command.doc().role(), command.name());
      Map<String, Object> reply = Plain.map("ok", true);
      List<String> ignored = new ArrayList<>();
      Parameters known = new Parameters(command.doc(), known(command.doc(), parameters, ignored));
      reply.putAll(command.action().run(known, caller));
      if (!ignored.isEmpty()) {
        reply.put("ignored", ignored);
      }
      return reply;
    } catch (Wrong wrong) {
      return Plain.map(
          "ok", false, "error", Errors.shown(wrong.getMessage()), "code", wrong.code());
    } catch (InstrumentException e) {
      return Errors.reply(e.getMessage(), e);
    } catch (RuntimeException e) {
      LOG.error("{}", name, e);
      return Plain.map(
          "ok",
          false,
          "error",
          "exception: " + name + " failed inside the node; see data/logs",
          "code",
          "internal");
    }
  }
}
