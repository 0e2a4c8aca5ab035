import { expect, test } from "vitest";
import { permittedAddresses } from "../../../../../controller/src/adapters/webhook-http/permitted-addresses.ts";
import { webhookSender } from "../../../../../controller/src/adapters/webhook-http/webhook-sender.ts";

const refuses = (address: string, networks: readonly string[] = [], isEncrypted = true) =>
  permittedAddresses(networks).refusal(address, isEncrypted);

test.each([
  ...["127.0.0.1", "127.255.255.255", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
  ...["169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255"],
  ...["::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1"],
  ...["::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:a9fe:a9fe", "::127.0.0.1", "::7f00:1"],
  ...["64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b::1", "64:ff9b:0:0:0:0:a00:1"],
  ...["2002:7f00:1::", "2001:0:7f00:1::", "fec0::1", "192.88.99.1"],
])("%s is not written to unless its network is named", (address) => {
  expect(refuses(address)).toContain("--webhook-network");
});

test.each([
  ...["8.8.8.8", "172.15.255.255", "172.32.0.1", "126.255.255.255", "128.0.0.1", "169.253.0.1"],
  ...["192.167.255.255", "192.169.0.1", "2606:4700::1111", "::ffff:8.8.8.8"],
  ...["64:ff9b::808:808", "64:ff9b::8.8.8.8", "2001:1::1", "2003::1", "192.88.100.1"],
])("%s is public: written to with TLS and not without", (address) => {
  expect(refuses(address)).toBeUndefined();
  expect(refuses(address, [], false)).toContain("https");
});

test("a named network opens itself, without TLS too, and nothing beside it", () => {
  const networks = ["192.168.10.0/24", "10.9.8.7", "fd00:1::/64"];

  for (const address of ["192.168.10.1", "10.9.8.7", "fd00:1::5", "::ffff:192.168.10.9"]) {
    expect(refuses(address, networks, false), address).toBeUndefined();
  }
  for (const address of ["192.168.11.1", "10.9.8.8", "fd00:2::5", "127.0.0.1"]) {
    expect(refuses(address, networks), address).toContain("--webhook-network");
  }
});

test.each([
  ...["https://127.0.0.1/x", "https://2130706433/x", "https://0x7f.1/x", "https://0177.0.0.1/x"],
  ...["https://[::1]/x", "https://[::ffff:127.0.0.1]/x", "https://[fe80::1]:8443/x"],
])("an address is recognised however it is written: %s", (url) => {
  expect(webhookSender([]).refusal(url)).toContain("--webhook-network");
});
