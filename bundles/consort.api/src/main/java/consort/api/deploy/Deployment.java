// SPDX-License-Identifier: Apache-2.0
package consort.api.deploy;

import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.TemporaryInstrument;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
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
   * #stop}. Waits until it is ready or cannot be, at most 10 s.
   *
   * @return the name of the instrument
   * @throws consort.api.Refused when the file cannot be used or the name is taken
   */
  String start(Path file);

  /**
   * Makes the instrument of a file for a while, without publishing it, whatever runs under its
   * name. Waits until it is ready.
   *
   * @return the instrument, to be closed
   * @throws consort.api.InstrumentException when the file cannot be used, or the instrument does
   *     not become ready
   */
  TemporaryInstrument open(Path file);

  /**
   * Stops an instrument: one started from a file is removed, one of the watched folder is stopped
   * until it is started again or the node restarts.
   *
   * @throws consort.api.Refused when there is none of that name
   */
  void stop(String name);

  /**
   * Takes a driver jar into use: copies it into {@code drivers/}, all at once; the instruments then
   * move to it one by one. Returns when the file is there.
   *
   * <p>A file of the same name and another version is left alone, as it is the way back: the new
   * one then has its version in its name.
   *
   * @param jar the jar; one that lies in {@code drivers/} is not copied
   * @param only the one instrument that moves, the others stay until this is called again with
   *     null; null for all
   * @return what is known of the file
   * @throws consort.api.Refused when it is no driver bundle, cannot be copied, or has a lower
   *     version than another file of the same bundle
   */
  DriverFile swap(Path jar, String only);

  /**
   * What became of the jar with these bytes.
   *
   * @return empty when no file of {@code drivers/} has them, or they were not noticed yet
   */
  Optional<DriverFile> driver(String digest);

  /** The files that drivers are installed from now, in no order. */
  List<DriverFile> driverFiles();

  /** What is wrong with the files in the watched folders now; also notes. */
  List<Finding> findings();

  /** Whether all changes seen in the folders so far have been carried out. */
  boolean settled();
}
