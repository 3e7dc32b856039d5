// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Deadline;

/** Work for a driver's thread. */
record Job(Kind kind, Instance instance, Pending call) {

  /** No work any more: the thread goes back. */
  static final Job LEAVE = new Job(null, null, null);

  /** The kinds of work. */
  enum Kind {
    /** Make and connect. */
    START,
    /** Run a call. */
    CALL,
    /** Resynchronise the links. */
    SYNC,
    /** Save the state for the next instance. */
    SAVE,
    /** Close. */
    CLOSE
  }

  /** Does it; runs the driver's code. Under no lock. */
  Object perform(Environment env) throws Exception {
    switch (kind) {
      case START -> {
        Deadline.set(Deadline.after(Attempts.limit(instance.plan)));
        instance.start();
      }
      case CALL -> {
        return call.run(instance, env);
      }
      case SYNC -> {
        Deadline.set(Deadline.after(Guard.SYNC_LIMIT.dividedBy(2)));
        instance.links.resynchronise();
      }
      case SAVE -> {
        Deadline.set(Deadline.after(Guard.SAVE_LIMIT));
        return instance.save();
      }
      case CLOSE -> {
        Deadline.set(Deadline.after(Guard.GRACE));
        instance.close();
      }
    }
    return null;
  }
}
