// SPDX-License-Identifier: Apache-2.0
package consort.http;

import consort.api.Authenticator;
import consort.api.Caller;
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
 * Lets requests in: to a loopback name of this node, with a token.
 *
 * @param authenticator knows the tokens
 * @param hosts the names beside {@code 127.0.0.1}, in small letters
 */
record Gate(Authenticator authenticator, Set<String> hosts) {

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
    Optional<Caller> caller = caller(headers.get(HttpHeader.AUTHORIZATION));
    if (caller.isEmpty()) {
      response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer realm=\"consort\"");
      RpcHandler.refuse(
          response,
          callback,
          401,
          "a token is needed: send the one in data/keys/admin.token of the node's folder"
              + " as the header 'Authorization: Bearer TOKEN'");
    }
    return caller;
  }

  private Optional<Caller> caller(String authorization) {
    return authorization == null
            || !authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
        ? Optional.empty()
        : authenticator.authenticate(authorization.substring(BEARER.length()).strip(), "http");
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
