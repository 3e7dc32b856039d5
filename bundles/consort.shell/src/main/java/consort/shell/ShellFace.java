// SPDX-License-Identifier: Apache-2.0
package consort.shell;

import consort.commands.Commands;
import consort.commands.Verb;
import java.util.Dictionary;
import java.util.Hashtable;
import org.apache.felix.service.command.Function;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * The Gogo commands in the scope {@code consort}: one function for each verb. They are registered
 * by hand, since a {@link Function} gets its words as they were typed; a method would get 007 as 7.
 */
@Component(
    service = {},
    immediate = true)
public final class ShellFace {

  /** Registers; the framework takes the services back when the bundle stops. */
  @Activate
  public ShellFace(BundleContext context, @Reference Commands commands) {
    Verb.ALL.stream()
        .filter(verb -> !verb.isElsewhere())
        .forEach(verb -> register(context, verb.name(), new VerbFunction(verb, commands)));
    register(context, "help", new Help());
    register(context, "_names", new Completion(commands, false));
    register(context, "_calls", new Completion(commands, true));
    register(context, "_unknown", new Unknown());
  }

  private static void register(BundleContext context, String name, Function function) {
    Dictionary<String, Object> properties = new Hashtable<>();
    properties.put("osgi.command.scope", "consort");
    properties.put("osgi.command.function", new String[] {name});
    context.registerService(Function.class, function, properties);
  }
}
