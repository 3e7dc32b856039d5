// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

/** What the checks of a driver's hardware have said lately. Under the guard's lock. */
final class Health {

  /** So many failures in a row, and the instrument connects anew. */
  static final int PATIENCE = 3;

  /** The instance whose checks are timed. */
  private Instance watched;

  /** The calls that had been sent when the interval began. */
  private long sentBefore;

  private int failures;
  private String latest = "";

  /** An instance is ready; whether its checks are to be timed from now on. */
  boolean begin(Instance ready, long sent) {
    failures = 0;
    sentBefore = sent;
    if (watched == ready || !ready.isChecked()) {
      return false;
    }
    watched = ready;
    return true;
  }

  /** An interval is over; whether nothing was sent in it. */
  boolean wasQuiet(long sent) {
    boolean quiet = sent == sentBefore;
    sentBefore = sent;
    return quiet;
  }

  void passed() {
    failures = 0;
  }

  /** A check failed. */
  void failed(String text) {
    failures++;
    latest = text;
  }

  /** Whether it is time to connect anew. */
  boolean isLost() {
    return failures >= PATIENCE;
  }

  /** What the last check that failed said. */
  String latest() {
    return latest;
  }
}
