import { busLimits, enrolUserName } from "@modelfleet/protocol";
import { type BrokerFile, type BrokerPlan, controllerName } from "./broker-plan.ts";
import { deviceGrants, enrolGrants, everyTopic, type TopicGrants } from "./topic-grants.ts";

/**
 * Of the user everybody may enrol as: its password is no secret (protocol.md 2.8), and neither is this hash of it.
 * PBKDF2 with SHA-512, as mosquitto_passwd writes it.
 */
const ENROL_PASSWORD_HASH =
  "$7$101$bW9kZWxmbGVldC0x$P8+M7bwL9r1179kIicJs1UICF7HN9UlA/EovZpyeyW4/cnx21zyk6bATXFPPjwbQggHfo+b/nZzWEIEJHw1U1Q==";

/**
 * A whole configuration of Mosquitto 2.0.11 or later. Rules:
 *
 * 1. Nothing is allowed that is not named; there is no anonymous client.
 * 2. The common name of a certificate is the user name, and that is the client id: whoever says another id has his own.
 * 3. Devices that enrol have no certificate, and could take any client id: so they get a broker of their own, where no device
 *    is. The controller connects to both.
 */
export function mosquittoConfig(plan: BrokerPlan): readonly BrokerFile[] {
  const files = [
    { name: "mosquitto.conf", text: mainConfig(plan) },
    { name: "acl", text: mainRights(plan) },
    { name: "ca.pem", text: plan.authority },
    { name: "revoked.pem", text: plan.revocationList },
  ];
  if (plan.enrolPort === undefined) return files;
  return [
    ...files,
    { name: "enrol.conf", text: enrolConfig(plan, plan.enrolPort) },
    { name: "enrol-acl", text: enrolRights() },
    { name: "enrol-passwords", text: `${enrolUserName}:${ENROL_PASSWORD_HASH}\n` },
  ];
}

function mainConfig(plan: BrokerPlan): string {
  return lines([
    "# The broker of a ModelFleet fleet. Made by: modelfleet broker-config --for mosquitto",
    "# Start it alone: mosquitto -c mosquitto.conf. After the files are made anew: reload for rights, restart for revoked.pem.",
    "",
    ...common(),
    `acl_file ${plan.folder}/acl`,
    "",
    ...listener(plan, plan.port),
    "",
    "# Only who has a certificate of this fleet that is not revoked. Its common name is the user name, and the client id too:",
    "# a client that says another id in its CONNECT gets its own.",
    "require_certificate true",
    `cafile ${plan.folder}/ca.pem`,
    `crlfile ${plan.folder}/revoked.pem`,
    "use_identity_as_username true",
    "use_username_as_clientid true",
    "",
  ]);
}

function enrolConfig(plan: BrokerPlan, port: number): string {
  return lines([
    "# A second broker, for devices that enrol and have no certificate yet. Made by: modelfleet broker-config --for mosquitto",
    "# Start it beside the first, as a process of its own: there a stranger could take the client id of any device.",
    "",
    ...common(),
    `acl_file ${plan.folder}/enrol-acl`,
    `password_file ${plan.folder}/enrol-passwords`,
    "",
    ...listener(plan, port),
    "# After the listener it is of: before it, this line would open another one on port 1883.",
    "max_connections 256",
    "",
  ]);
}

function common(): readonly string[] {
  return [
    "# One set of rules for every listener; nobody without a name.",
    "per_listener_settings false",
    "allow_anonymous false",
    "allow_zero_length_clientid false",
    "",
    "# A retained message is given out only while who said it may still say it.",
    "check_retain_source true",
    "",
    "# A larger packet ends the connection (protocol.md 2.4).",
    `max_packet_size ${busLimits.packetBytesMax}`,
    "# Messages a slow client may have waiting: the controller, of many devices at once. Devices lose nothing by a lost message.",
    "max_queued_messages 100000",
    "max_queued_bytes 67108864",
    "# A large number and not 0, which some releases of 2.0 take for none.",
    "max_inflight_messages 1000",
    "max_keepalive 300",
    "# Sessions are clean and nothing depends on retained messages: nothing is kept on disk.",
    "persistence false",
    "set_tcp_nodelay true",
    "",
    "log_dest stderr",
    "log_type error",
    "log_type warning",
    "log_type notice",
    "log_type information",
    "connection_messages true",
  ];
}

function listener({ host, certificateFile, keyFile }: BrokerPlan, port: number): readonly string[] {
  return [
    host === undefined ? `listener ${port}` : `listener ${port} ${host}`,
    "protocol mqtt",
    `certfile ${certificateFile}`,
    `keyfile ${keyFile}`,
    "tls_version tlsv1.2",
  ];
}

function mainRights({ revokedDevices }: BrokerPlan): string {
  return lines([
    "# Who may publish (write) and receive (read) what; what is not named is denied. A SUBSCRIBE is always granted by",
    "# Mosquitto's files of rights: what counts is what is delivered.",
    "",
    "# The controller.",
    `user ${controllerName}`,
    `topic readwrite ${everyTopic()}`,
    "",
    ...revokedDevices.flatMap((device) => [
      "# Revoked: no rights any more, also on a connection that stands.",
      `user ${device}`,
      "topic deny #",
      "",
    ]),
    "# Every device: %u is its name, as a whole level.",
    ...patterns(deviceGrants("%u")),
    "",
  ]);
}

function enrolRights(): string {
  return lines([
    "# Whoever enrols asks once on a topic of its own, and hears the answer; %c is its client id.",
    ...patterns(enrolGrants("%c")),
    "",
    "# The controller logs in here by a password of its own (mosquitto_passwd enrol-passwords mf.controller), under",
    "# a client id like theirs: enrol. and 32 random hex digits.",
    `user ${controllerName}`,
    `topic readwrite ${everyTopic()}`,
    "",
  ]);
}

function patterns({ publish, read }: TopicGrants): readonly string[] {
  return [
    ...publish.map((topic) => `pattern write ${topic}`),
    ...read.map((topic) => `pattern read ${topic}`),
  ];
}

function lines(all: readonly string[]): string {
  return all.join("\n");
}
