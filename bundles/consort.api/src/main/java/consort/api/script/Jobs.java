// SPDX-License-Identifier: Apache-2.0
package consort.api.script;

import consort.api.Caller;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Work that is done one after the other while nobody waits for it. An OSGi service; all methods may
 * be called by any thread, and only {@code run} waits for a job. Jobs begin in the order they came;
 * measurements may overlap, everything else runs alone. The newest 1000 are kept, over a restart of
 * the node, too: those that were not over then have failed.
 */
@ProviderType
public interface Jobs {

  /**
   * Submits a measurement.
   *
   * @return the id of the job
   * @throws consort.api.Refused when there is no such file, or too many jobs wait already
   */
  String measure(ScriptRequest request, Caller caller);

  /**
   * Carries out a measurement at once, beside what waits, and waits for its end. It is a job like
   * the others: it is listed, and can be canceled.
   *
   * @throws consort.api.Refused as {@link Scripts#run}
   */
  ScriptResult run(ScriptRequest request, Caller caller);

  /**
   * Submits a job that only takes its time.
   *
   * @param time how long it takes, at most 24 h
   */
  String sleep(Duration time, Caller caller);

  /** Submits a job of a type that this node does not know; it will fail and say so. */
  String unknown(String type, Caller caller);

  /** All jobs that are kept, in the order they came. */
  List<JobStatus> list();

  /** A job, if it is kept. */
  Optional<JobStatus> status(String id);

  /** What a job gave; empty when it is not over, or gave nothing. */
  Optional<Map<String, Object>> result(String id);

  /**
   * Cancels a job. One that runs is told so, and sends nothing more.
   *
   * @return false when it is over already, or not kept
   */
  boolean cancel(String id);
}
