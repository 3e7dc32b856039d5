// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import consort.api.deploy.DriverFormat;
import java.util.Locale;
import org.osgi.service.component.annotations.Component;

/** API definitions in YAML. */
@Component
public final class DefinitionFormat implements DriverFormat {

  private final DefinitionReader reader = new DefinitionReader();

  @Override
  public boolean reads(String fileName) {
    String name = fileName.toLowerCase(Locale.ROOT);
    return name.endsWith(".yaml") || name.endsWith(".yml");
  }

  @Override
  public Converted convert(String shown, byte[] bytes, String driver) {
    DefinitionReader.Reading reading = reader.read(shown, bytes);
    String name = driver == null ? reading.identifier() : driver;
    byte[] jar =
        reading.definition() == null ? null : DefinitionBundle.jar(name, reading.version(), bytes);
    return new Converted(reading.findings(), name, reading.version(), jar);
  }
}
