// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.security.NodeKeys;
import java.io.IOException;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.event.EventAdmin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets nodes use each other. A node of the distribution that cannot listen as it was told ends;
 * another application goes on without.
 */
@Component(
    service = {},
    immediate = true)
public final class Remote {

  private static final Logger LOG = LoggerFactory.getLogger(Remote.class);

  private final BundleContext context;
  private final EventAdmin events;
  private final LateKeys keys = new LateKeys();
  private RemoteNode node;
  private boolean closed;

  /** Wires; the rest is done by a thread of its own, so that nothing waits for it. */
  @Activate
  public Remote(BundleContext context, @Reference EventAdmin events) {
    this.context = context;
    this.events = events;
    Background.run(this::read);
  }

  @Reference(
      cardinality = ReferenceCardinality.OPTIONAL,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY)
  void setKeys(NodeKeys given) {
    keys.set(given);
  }

  void unsetKeys(NodeKeys taken) {
    keys.unset(taken);
  }

  /** Nothing listens and nobody is asked with TLS before there are keys: they may only be late. */
  private void read() {
    try {
      Settings settings = Settings.read(context::getProperty);
      if (settings.needsKeys()) {
        LOG.info("waiting for the keys of this node, which the bundle consort.security has");
        keys.whenThere(() -> Background.run(() -> open(settings)));
      } else {
        open(settings);
      }
    } catch (IOException | IllegalArgumentException e) {
      failed(e);
    } catch (IllegalStateException e) {
      LOG.debug("the node ends already", e);
    }
  }

  private void open(Settings settings) {
    try {
      RemoteNode opened = new RemoteNode(context, settings, events, keys);
      synchronized (this) {
        if (!closed) {
          node = opened;
          return;
        }
      }
      opened.close();
    } catch (IOException | IllegalArgumentException e) {
      failed(e);
    } catch (IllegalStateException e) {
      LOG.debug("the node ends already", e);
    }
  }

  private void failed(Exception reason) {
    LOG.error("{}", reason.getMessage());
    if (context.getProperty("consort.dist") == null) {
      return;
    }
    // The user who started the node sees this, not the log.
    System.err.println("consort: " + reason.getMessage());
    try {
      context.getBundle(0).stop();
    } catch (BundleException | IllegalStateException e) {
      LOG.error("the node does not stop", e);
    }
  }

  /** Says farewell to the other nodes. */
  @Deactivate
  public void close() {
    RemoteNode open;
    synchronized (this) {
      closed = true;
      open = node;
    }
    if (open != null) {
      open.close();
    }
  }
}
