// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.api.ACLProvider;
import org.apache.curator.retry.RetryOneTime;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.client.ZKClientConfig;
import org.apache.zookeeper.common.ZKConfig;
import org.apache.zookeeper.data.ACL;

/** How the servers are reached, and who may do what with what this node writes. */
final class Ensemble {

  private static final int CONNECT_MILLIS = 2_000;
  private static final int RETRY_MILLIS = 500;

  /** ZooKeeper holds nodes of 1 MiB, and an answer has a little more than what was written. */
  private static final int ANSWER_BYTES = 4 << 20;

  /**
   * The keys to connect with.
   *
   * @param key the file with this node's key and certificate
   * @param trust the file with the certificates of authorities
   */
  record Tls(Path key, Path trust) {}

  private Ensemble() {}

  /** A client that is not started yet. What it fails to do is done again when it reconnects. */
  static CuratorFramework client(Settings settings, Tls tls) {
    CuratorFrameworkFactory.Builder builder =
        CuratorFrameworkFactory.builder()
            .connectString(settings.servers())
            // The servers are those that were told, whatever they say of themselves.
            .ensembleTracker(false)
            .sessionTimeoutMs((int) settings.session().toMillis())
            .connectionTimeoutMs(CONNECT_MILLIS)
            .retryPolicy(new RetryOneTime(RETRY_MILLIS))
            .zkClientConfig(config(tls))
            .aclProvider(permissions(settings));
    if (!settings.user().isEmpty()) {
      String who = settings.user() + ":" + settings.password();
      builder.authorization("digest", who.getBytes(StandardCharsets.UTF_8));
    }
    return builder.build();
  }

  private static ZKClientConfig config(Tls tls) {
    ZKClientConfig config = new ZKClientConfig();
    config.setProperty(ZKConfig.JUTE_MAXBUFFER, Integer.toString(ANSWER_BYTES));
    config.setProperty(ZKClientConfig.ENABLE_CLIENT_SASL_KEY, "false");
    if (tls != null) {
      config.setProperty(ZKClientConfig.SECURE_CLIENT, "true");
      config.setProperty(
          ZKClientConfig.ZOOKEEPER_CLIENT_CNXN_SOCKET,
          "org.apache.zookeeper.ClientCnxnSocketNetty");
      config.setProperty("zookeeper.ssl.protocol", "TLSv1.3");
      config.setProperty("zookeeper.ssl.enabledProtocols", "TLSv1.3");
      config.setProperty("zookeeper.ssl.keyStore.location", tls.key().toString());
      config.setProperty("zookeeper.ssl.keyStore.type", "PEM");
      config.setProperty("zookeeper.ssl.trustStore.location", tls.trust().toString());
      config.setProperty("zookeeper.ssl.trustStore.type", "PEM");
    }
    return config;
  }

  /**
   * A user is the same on all nodes, and nobody else may read. With keys each node is somebody
   * else: it alone changes what is below its name, and all read. Without either anybody may do
   * anything.
   */
  private static ACLProvider permissions(Settings settings) {
    if (!settings.user().isEmpty()) {
      return everywhere(ZooDefs.Ids.CREATOR_ALL_ACL);
    }
    if (!settings.tls()) {
      return everywhere(ZooDefs.Ids.OPEN_ACL_UNSAFE);
    }
    List<ACL> own = new ArrayList<>(ZooDefs.Ids.CREATOR_ALL_ACL);
    own.add(new ACL(ZooDefs.Perms.READ, ZooDefs.Ids.ANYONE_ID_UNSAFE));
    List<ACL> shared = new ArrayList<>(ZooDefs.Ids.CREATOR_ALL_ACL);
    shared.add(new ACL(ZooDefs.Perms.READ | ZooDefs.Perms.CREATE, ZooDefs.Ids.ANYONE_ID_UNSAFE));
    return new ACLProvider() {
      @Override
      public List<ACL> getDefaultAcl() {
        return own;
      }

      @Override
      public List<ACL> getAclForPath(String path) {
        return (settings.root() + "/").startsWith(path + "/") ? shared : own;
      }
    };
  }

  private static ACLProvider everywhere(List<ACL> permissions) {
    return new ACLProvider() {
      @Override
      public List<ACL> getDefaultAcl() {
        return permissions;
      }

      @Override
      public List<ACL> getAclForPath(String path) {
        return permissions;
      }
    };
  }
}
