// SPDX-License-Identifier: Apache-2.0
package consort.api;

import java.util.Locale;

/** Why an instrument is {@link State#OFFLINE} or {@link State#FAULT}. */
public enum Reason {
  /** There is nothing to explain. */
  NONE,
  /** No driver of that name is installed, or none of the pinned version. */
  NO_DRIVER,
  /** The link cannot be opened, or broke. */
  NO_LINK,
  /** The driver could not be made, or failed while connecting. */
  CONNECT_FAILED,
  /** Making the driver, or connecting, took longer than its limit. */
  CONNECT_TIMEOUT,
  /** The driver's own check says again and again that the hardware is not well. */
  UNHEALTHY,
  /** The settings, or the driver itself, are wrong: trying again does not help. */
  CONFIGURATION,
  /** The driver never returned from a call. */
  STUCK;

  /** The reason for people: {@code no driver}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
