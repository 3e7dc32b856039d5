// SPDX-License-Identifier: Apache-2.0
package consort.api.deploy;

import consort.api.coordinator.InstrumentSpec;
import java.nio.file.Path;
import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** Watches the folders {@code drivers/} and {@code instruments/}. An OSGi service. */
@ProviderType
public interface Deployment {

  /**
   * Reads an instrument file.
   *
   * @throws consort.api.Refused when it cannot be used; the message has all findings, one a line
   */
  InstrumentSpec read(Path file);

  /**
   * What is wrong, or worth a note, in an instrument file; empty when nothing is.
   *
   * @throws consort.api.Refused when there is no such file
   */
  List<Finding> check(Path file);

  /**
   * Starts an instrument from a file outside the watched folder, until the node restarts or {@link
   * #stop}.
   *
   * @return the name of the instrument
   * @throws consort.api.Refused when the file cannot be used or the name is taken
   */
  String start(Path file);

  /**
   * Stops an instrument: one started from a file is removed, one of the watched folder is stopped
   * until it is started again or the node restarts.
   *
   * @throws consort.api.Refused when there is none of that name
   */
  void stop(String name);

  /** What is wrong with the files in the watched folders now; also notes. */
  List<Finding> findings();

  /** Whether all changes seen in the folders so far have been carried out. */
  boolean settled();
}
