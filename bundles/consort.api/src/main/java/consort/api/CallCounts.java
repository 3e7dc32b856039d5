// SPDX-License-Identifier: Apache-2.0
package consort.api;

/**
 * How many calls an instrument has had since it was made.
 *
 * @param sent given to the driver
 * @param completed answered with a result
 * @param failed answered with an error, those that were refused included
 * @param timedOut of the failed ones, those whose deadline passed in the driver
 */
public record CallCounts(long sent, long completed, long failed, long timedOut) {}
