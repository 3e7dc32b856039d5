// SPDX-License-Identifier: Apache-2.0
package consort.http;

import consort.api.Authenticator;
import consort.api.script.Buffers;
import consort.commands.Commands;
import java.io.IOException;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The HTTP face: one listener of this node. A node that cannot listen as it was told ends. */
@Component(
    service = {},
    immediate = true)
public final class HttpFace {

  private static final Logger LOG = LoggerFactory.getLogger(HttpFace.class);

  private final BundleContext context;
  private final Commands commands;
  private final Authenticator authenticator;
  private volatile ServiceReference<Buffers> buffers;
  private Listener listener;
  private boolean closed;

  /** Wires; the listener starts on a thread of its own, so that nothing waits for it. */
  @Activate
  public HttpFace(
      BundleContext context, @Reference Commands commands, @Reference Authenticator authenticator) {
    this.context = context;
    this.commands = commands;
    this.authenticator = authenticator;
    Listener.inBackground(this::open);
  }

  /** The service is asked for when it is needed: until then nothing of it is loaded. */
  @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
  void bindBuffers(ServiceReference<Buffers> service) {
    buffers = service;
  }

  void unbindBuffers(ServiceReference<Buffers> service) {
    buffers = null;
  }

  private Buffers buffers() {
    ServiceReference<Buffers> service = buffers;
    return service == null ? null : context.getService(service);
  }

  private void open() {
    try {
      Settings settings = Settings.read(context::getProperty);
      Gate gate = new Gate(authenticator, settings.hosts(), settings.anonymous());
      Listener opened = new Listener(settings, gate, commands, this::buffers);
      synchronized (this) {
        if (closed) {
          return;
        }
        listener = opened;
      }
      opened.open();
      LOG.info("listening on http://{}:{}", settings.host(), opened.port());
      if (settings.anonymous() != null) {
        LOG.warn("whoever uses this machine is {} without a token", settings.anonymous());
      }
    } catch (IOException | IllegalArgumentException e) {
      LOG.error("{}", e.getMessage());
      // The user who started the node sees this, not the log.
      System.err.println("consort: " + e.getMessage());
      end();
    }
  }

  private void end() {
    try {
      context.getBundle(0).stop();
    } catch (BundleException | IllegalStateException e) {
      LOG.error("the node does not stop", e);
    }
  }

  /** Closes the listener; running requests get a moment to finish. */
  @Deactivate
  public void close() {
    Listener open;
    synchronized (this) {
      closed = true;
      open = listener;
    }
    if (open != null) {
      open.close();
    }
  }
}
