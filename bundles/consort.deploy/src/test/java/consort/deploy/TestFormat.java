// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import consort.api.deploy.DriverFormat;
import consort.yaml.Node;
import consort.yaml.Problems;
import consort.yaml.YamlReader;

/**
 * Makes a driver bundle of {@code identifier} and {@code version}, both required; whatever else is
 * in the file only makes other bytes of it.
 */
final class TestFormat implements DriverFormat {

  @Override
  public boolean reads(String fileName) {
    return fileName.endsWith(".yaml");
  }

  @Override
  public Converted convert(String shown, byte[] bytes, String driver) {
    Problems problems = new Problems(shown);
    Node root = YamlReader.read(bytes, problems);
    for (String key : new String[] {"identifier", "version"}) {
      if (root != null && root.get(key) == null) {
        problems.missing(root, key, "this key is missing");
      }
    }
    if (problems.failed()) {
      return new Converted(problems.all(), "", "", null);
    }
    String name = driver == null ? root.text("identifier") : driver;
    String version = root.text("version");
    byte[] jar =
        Jars.driver("consort.definition." + Integer.toHexString(name.hashCode()), version)
            .header("Test-Driver", name)
            .header("Test-Does", root.text("does"))
            .header("Test-Other", root.text("other"))
            .bytes();
    return new Converted(problems.all(), name, version, jar);
  }
}
