// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import consort.runtime.Launcher;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import javax.inject.Inject;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.wiring.FrameworkWiring;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;

@RunWith(PaxExam.class)
public class RuntimeResolvesAndStartsIT {

  @Inject private BundleContext context;
  @Inject private ServiceComponentRuntime components;

  @Configuration
  public Option[] distribution() throws IOException {
    return DistributionOptions.of(RuntimeResolvesAndStartsIT.class);
  }

  @Test
  public void everyBundleIsActive() {
    assertTrue(
        "all resolve", context.getBundle(0).adapt(FrameworkWiring.class).resolveBundles(null));
    List<String> others = new ArrayList<>();
    int own = 0;
    for (Bundle bundle : context.getBundles()) {
      boolean fragment = bundle.getHeaders().get(Constants.FRAGMENT_HOST) != null;
      boolean shell = bundle.getSymbolicName().equals(Launcher.SHELL);
      if (bundle.getState() != (fragment || shell ? Bundle.RESOLVED : Bundle.ACTIVE)) {
        others.add(bundle + " in state " + bundle.getState());
      }
      own += bundle.getSymbolicName().startsWith("consort.") ? 1 : 0;
    }
    assertEquals(List.of(), others);
    assertTrue("bundles of the distribution", own >= 9);
  }

  @Test
  public void everyComponentIsSatisfied() {
    List<String> unsatisfied = new ArrayList<>();
    for (ComponentDescriptionDTO component : components.getComponentDescriptionDTOs()) {
      for (ComponentConfigurationDTO configuration :
          components.getComponentConfigurationDTOs(component)) {
        if ((configuration.state
                & (ComponentConfigurationDTO.SATISFIED | ComponentConfigurationDTO.ACTIVE))
            == 0) {
          unsatisfied.add(component.name + " in state " + configuration.state);
        }
      }
    }
    assertEquals(List.of(), unsatisfied);
  }
}
