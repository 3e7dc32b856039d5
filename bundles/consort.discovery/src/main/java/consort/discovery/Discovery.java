// SPDX-License-Identifier: Apache-2.0
package consort.discovery;

import consort.api.coordinator.Coordinator;
import consort.api.mesh.Mesh;
import consort.api.mesh.PeerListener;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.aries.rsa.annotations.RSADiscoveryProvider;
import org.apache.aries.rsa.util.StringPlus;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.remoteserviceadmin.EndpointEventListener;
import org.osgi.service.remoteserviceadmin.RemoteServiceAdmin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Uses the nodes that the configuration names, and imports what they offer. Where a coordinator is
 * installed, it begins when that is there: its names come first.
 */
@Component(
    service = {},
    immediate = true)
@RSADiscoveryProvider(protocols = "consort.tcp")
public final class Discovery {

  private static final Logger LOG = LoggerFactory.getLogger(Discovery.class);

  private static final String TOPOLOGY_MANAGER = "org.apache.aries.rsa.topology-manager";

  private final BundleContext context;
  private final Mesh mesh;
  private final Endpoints endpoints;
  private final Imports imports = new Imports(Imports.thread());
  private final List<Mesh.Peer> peers = new ArrayList<>();
  private final AtomicBoolean begun = new AtomicBoolean();
  private ServiceRegistration<PeerListener> others;
  private volatile Coordinator coordinator;

  /** Made by declarative services. */
  @Activate
  public Discovery(BundleContext context, @Reference Mesh mesh) {
    this.context = context;
    this.mesh = mesh;
    this.endpoints =
        new Endpoints(
            new Policy(mesh.plan(), this::owns, Packages.of(context)),
            mesh::note,
            Endpoints.thread());
    if (!isCoordinatorInstalled()) {
      begin();
    }
  }

  /** Who knows which names this node has itself. */
  @Reference(
      cardinality = ReferenceCardinality.OPTIONAL,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY)
  void setCoordinator(Coordinator given) {
    coordinator = given;
    begin();
  }

  void unsetCoordinator(Coordinator taken) {
    if (coordinator == taken) {
      coordinator = null;
    }
  }

  private boolean owns(String name) {
    Coordinator now = coordinator;
    return now != null && now.owns(name);
  }

  private boolean isCoordinatorInstalled() {
    for (Bundle bundle : context.getBundles()) {
      BundleRevision revision = bundle.adapt(BundleRevision.class);
      if (revision != null
          && revision.getDeclaredCapabilities("osgi.service").stream()
              .anyMatch(Discovery::isCoordinator)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isCoordinator(BundleCapability service) {
    List<String> types = StringPlus.normalize(service.getAttributes().get(Constants.OBJECTCLASS));
    return types != null && types.contains(Coordinator.class.getName());
  }

  private void begin() {
    if (begun.getAndSet(true)) {
      return;
    }
    others = context.registerService(PeerListener.class, endpoints.ofOthers(), null);
    for (String address : mesh.plan().peers()) {
      try {
        peers.add(mesh.connect(address, endpoints.of(address)));
      } catch (IllegalArgumentException e) {
        LOG.error("peers: {}", e.getMessage());
      }
    }
  }

  /** Somebody who imports, or whose wishes have changed. */
  @Reference(
      service = EndpointEventListener.class,
      cardinality = ReferenceCardinality.MULTIPLE,
      policy = ReferencePolicy.DYNAMIC,
      updated = "addListener",
      unbind = "removeListener")
  void addListener(ServiceReference<EndpointEventListener> reference) {
    EndpointEventListener listener =
        ofTopologyManager(reference) ? imports : context.getService(reference);
    if (listener != null) {
      Object scope = reference.getProperty(EndpointEventListener.ENDPOINT_LISTENER_SCOPE);
      List<String> scopes = StringPlus.normalize(scope);
      endpoints.listen(reference, listener, scopes == null ? List.of() : scopes);
    }
  }

  void removeListener(ServiceReference<EndpointEventListener> reference) {
    if (ofTopologyManager(reference)) {
      endpoints.listen(reference, imports, List.of());
    }
    endpoints.forget(reference);
  }

  /** It knows what this node is interested in; the importing is done here. */
  private static boolean ofTopologyManager(ServiceReference<EndpointEventListener> reference) {
    Bundle owner = reference.getBundle();
    return owner != null && TOPOLOGY_MANAGER.equals(owner.getSymbolicName());
  }

  /** Somebody who can import. */
  @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
  void addAdmin(RemoteServiceAdmin admin) {
    imports.add(admin);
  }

  void removeAdmin(RemoteServiceAdmin admin) {
    imports.remove(admin);
  }

  /** Leaves the other nodes. */
  @Deactivate
  void close() {
    if (others != null) {
      others.unregister();
    }
    peers.forEach(Mesh.Peer::close);
    endpoints.close();
    imports.close();
  }
}
