import { busLimits } from "@modelfleet/protocol";
import { type BrokerFile, type BrokerPlan, controllerName } from "./broker-plan.ts";
import { deviceGrants, everyTopic, type TopicGrants } from "./topic-grants.ts";

/** How EMQX calls the name of who asks; a name of its own, not of a template here. */
const SELF = ["$", "{username}"].join("");

/**
 * Configuration of EMQX 5.1.1 or later, the first that looks at the retain flag. Rules:
 *
 * 1. The first rule that fits decides; the last one denies everything.
 * 2. The common name of a certificate is user name and client id, so nobody has another's.
 * 3. Devices enrol over HTTP: a listener without certificates would let a stranger take any client id.
 */
export function emqxConfig(plan: BrokerPlan): readonly BrokerFile[] {
  return [
    { name: "emqx.conf", text: settings(plan) },
    { name: "acl.conf", text: rights(plan) },
    { name: "ca.pem", text: plan.authority },
    { name: "revoked.pem", text: plan.revocationList },
  ];
}

function settings({ folder, certificateFile, keyFile, host, port }: BrokerPlan): string {
  return `## The broker of a ModelFleet fleet. Made by: modelfleet broker-config --for emqx
## Append it to etc/emqx.conf, or include it there.

## Every client has a certificate of this fleet. EMQX has no file for a revocation list: who is revoked is in acl.conf.
listeners.ssl.default {
  bind = "${host ?? "0.0.0.0"}:${port}"
  ssl_options {
    certfile = "${certificateFile}"
    keyfile = "${keyFile}"
    cacertfile = "${folder}/ca.pem"
    verify = verify_peer
    fail_if_no_peer_cert = true
    versions = ["tlsv1.3", "tlsv1.2"]
  }
}
listeners.tcp.default.enable = false
listeners.ws.default.enable = false
listeners.wss.default.enable = false

mqtt {
  ## The name in the certificate, whatever the CONNECT says.
  peer_cert_as_username = cn
  peer_cert_as_clientid = cn
  ## A larger packet ends the connection (protocol.md 2.4).
  max_packet_size = "${busLimits.packetBytesMax / 1_024}KB"
  max_topic_levels = 16
  ## Nothing is kept for a client that is away.
  session_expiry_interval = "0s"
  max_mqueue_len = 100000
  ## A device in the controller's group would swallow its share of all messages.
  shared_subscription = false
}

retainer.max_payload_size = "${busLimits.retainedBytesMax / 1_024}KB"

authorization {
  no_match = deny
  deny_action = disconnect
  ## Nothing is remembered across a revocation.
  cache.enable = false
  sources = [{ type = file, enable = true, path = "${folder}/acl.conf" }]
}
`;
}

function rights({ revokedDevices }: BrokerPlan): string {
  const { publish, retain, read } = deviceGrants(SELF);
  const plain = publish.filter((topic) => !retain.includes(topic));
  return [
    "%% Who may publish and subscribe to what; the first rule that fits decides.",
    "",
    "%% Revoked: no rights any more, also on a connection that stands.",
    ...revokedDevices.map((device) => `{deny, {username, "${device}"}, all, ["#"]}.`),
    "",
    "%% The controller.",
    `{allow, {username, "${controllerName}"}, all, ["${everyTopic()}"]}.`,
    "",
    "%% A name that is no device's (protocol.md 2.2) could be more than one level of a topic.",
    '{deny, {username, {re, "^(?![a-z0-9][a-z0-9-]{2,62}$)"}}, all, ["#"]}.',
    "",
    "%% Every device: its own topics, and the retain flag for its presence only.",
    `{allow, all, {publish, [{retain, false}]}, ${list(plain)}}.`,
    `{allow, all, {publish, [{retain, all}]}, ${list(retain)}}.`,
    `{allow, all, subscribe, ${list(read)}}.`,
    "",
    "{deny, all}.",
    "",
  ].join("\n");
}

function list(topics: TopicGrants["read"]): string {
  return `[${topics.map((topic) => `"${topic}"`).join(", ")}]`;
}
