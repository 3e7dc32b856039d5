// SPDX-License-Identifier: Apache-2.0
package consort.api.deploy;

import java.util.List;
import java.util.Objects;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Turns files that are not jars into driver bundles, so that a file of another kind is swapped,
 * rolled back, pinned and removed like every driver. An OSGi service; threadsafe.
 */
@ConsumerType
public interface DriverFormat {

  /** Whether a file of this name is one of its kind: {@code *.yaml}. Does not look at the file. */
  boolean reads(String fileName);

  /**
   * Checks a file and makes a driver bundle of it. The same bytes and driver give the same jar.
   * Does not start anything and waits for nothing.
   *
   * @param shown the name of the file in findings
   * @param bytes the file; of any size and content
   * @param driver the name under which its factory is registered; null for the one in the file
   */
  Converted convert(String shown, byte[] bytes, String driver);

  /**
   * What a file became.
   *
   * @param findings errors and notes, in the order of the file; all of them, not the first
   * @param driver the name of the driver, as {@link consort.api.driver.DriverFactory#NAME} has it;
   *     empty when the file does not tell
   * @param version the {@code Bundle-Version} of the jar; empty when the file does not tell
   * @param jar a bundle that registers the factory when it is started; null when the file cannot be
   *     used. Not to be written to
   */
  record Converted(List<Finding> findings, String driver, String version, byte[] jar) {

    /** Checks and copies the list. */
    public Converted {
      findings = List.copyOf(findings);
      Objects.requireNonNull(driver, "driver");
      Objects.requireNonNull(version, "version");
    }

    /** Whether there is a jar. */
    public boolean usable() {
      return jar != null;
    }
  }
}
