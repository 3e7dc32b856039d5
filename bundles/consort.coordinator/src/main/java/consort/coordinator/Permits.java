// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Call;
import consort.api.CommandInfo;
import java.util.Map;

/** Whether the leases let a call pass. Asked by every call, so it takes no lock. */
interface Permits {

  /** Where there are no leases. */
  Permits ALL =
      new Permits() {
        @Override
        public void admit(
            String instrument, Call call, CommandInfo command, Map<String, Object> a) {}

        @Override
        public void enter(
            String instrument, Call call, CommandInfo command, Map<String, Object> a) {}
      };

  /**
   * A call comes in.
   *
   * @param command null when it is not known yet; then only the token is looked at
   * @throws consort.api.Refused when a lease is against it
   */
  void admit(String instrument, Call call, CommandInfo command, Map<String, Object> arguments);

  /**
   * A call is about to enter the driver: on the driver's thread, the last thing before it. What was
   * let in finishes, also when a lease is given meanwhile.
   *
   * @throws consort.api.Refused when a lease is against it
   */
  void enter(String instrument, Call call, CommandInfo command, Map<String, Object> arguments);
}
