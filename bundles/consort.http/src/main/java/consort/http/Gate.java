// SPDX-License-Identifier: Apache-2.0
package consort.http;

import consort.api.Authenticator;
import consort.api.Caller;
import consort.api.Role;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Lets requests in: to a loopback name of this node, with a token; without one only from this
 * machine, where the user has said what such a client may do.
 *
 * @param authenticator knows the tokens
 * @param hosts the names beside {@code 127.0.0.1}, in small letters
 * @param anonymous the role of a client of this machine without a token; null: it is turned away
 */
record Gate(Authenticator authenticator, Set<String> hosts, Role anonymous) {

  private static final String BEARER = "Bearer ";

  /**
   * Says who asks.
   *
   * @return empty when the request was refused, with an answer
   */
  Optional<Caller> admit(Request request, Response response, Callback callback) {
    HttpFields headers = request.getHeaders();
    if (!isHere(request, headers.get(HttpHeader.HOST))) {
      RpcHandler.refuse(
          response, callback, 403, "the Host header must be a loopback name of this node");
      return Optional.empty();
    }
    String authorization = headers.get(HttpHeader.AUTHORIZATION);
    // A wrong token is a mistake, and not the same as none.
    Optional<Caller> caller =
        authorization == null && anonymous != null && isLoopback(request)
            ? Optional.of(new Caller("anonymous", anonymous, "http"))
            : caller(authorization);
    if (caller.isEmpty()) {
      response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer realm=\"consort\"");
      RpcHandler.refuse(
          response,
          callback,
          401,
          "a token is needed: send the one in data/keys/admin.token of the node's folder"
              + " as the header 'Authorization: Bearer TOKEN'; for clients that know no token there"
              + " is the setting 'anonymous: ROLE' under 'http:' in etc/consort.yaml");
    }
    return caller;
  }

  private Optional<Caller> caller(String authorization) {
    return authorization == null
            || !authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
        ? Optional.empty()
        : authenticator.authenticate(authorization.substring(BEARER.length()).strip(), "http");
  }

  private static boolean isLoopback(Request request) {
    return request.getConnectionMetaData().getRemoteSocketAddress() instanceof InetSocketAddress a
        && a.getAddress() != null
        && a.getAddress().isLoopbackAddress();
  }

  /** A web page elsewhere that had its name resolved to this machine is turned away. */
  private boolean isHere(Request request, String host) {
    if (host == null) {
      return request.getConnectionMetaData().getHttpVersion() == HttpVersion.HTTP_1_0;
    }
    String name = host.replaceFirst(":[0-9]*$", "").toLowerCase(Locale.ROOT);
    return hosts.contains(name) || name.equals("[::1]") || name.matches("127(\\.[0-9]{1,3}){3}");
  }
}
