// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.security.NodeKeys;
import java.io.IOException;
import java.nio.file.Path;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.event.EventAdmin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets nodes use each other. A node that cannot listen as it was told ends. */
@Component(
    service = {},
    immediate = true)
public final class Remote {

  private static final Logger LOG = LoggerFactory.getLogger(Remote.class);

  private final BundleContext context;
  private final EventAdmin events;
  private final NodeKeys keys;
  private RemoteNode node;
  private boolean closed;

  /** Wires; the rest is done by a thread of its own, so that nothing waits for it. */
  @Activate
  public Remote(BundleContext context, @Reference EventAdmin events, @Reference NodeKeys keys) {
    this.context = context;
    this.events = events;
    this.keys = keys;
    Background.run(this::open);
  }

  private void open() {
    String home = context.getProperty("consort.home");
    try {
      Settings settings = Settings.read(Path.of(home == null ? "." : home));
      RemoteNode opened = new RemoteNode(context, settings, events, keys);
      synchronized (this) {
        if (!closed) {
          node = opened;
          return;
        }
      }
      opened.close();
    } catch (IOException | IllegalArgumentException e) {
      LOG.error("{}", e.getMessage());
      // The user who started the node sees this, not the log.
      System.err.println("consort: " + e.getMessage());
      end();
    } catch (IllegalStateException e) {
      LOG.debug("the node ends already", e);
    }
  }

  private void end() {
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
