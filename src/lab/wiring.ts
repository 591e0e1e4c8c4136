import { locate, run } from '../wireguard/run.ts'
import { rulesOf } from './firewall.ts'
import type { HostPlan, Port } from './topology.ts'

/** The name of a host's namespace: `weft-4f2a91-node-1`. */
export function namespaceOf(labId: string, host: string): string {
  return `weft-${labId}-${host}`
}

/** The namespace with the bridges of a lab, in which the cable of `node-1`'s `eth0` ends as `node-1.0`. */
export function switchOf(labId: string): string {
  return namespaceOf(labId, 'switch')
}

/** Several lines for one run of ip(8), which is far faster than a run for each. */
export async function ip(options: readonly string[], lines: readonly string[]): Promise<void> {
  await run('ip', [...options, '-batch', '-'], { input: `${lines.join('\n')}\n` })
}

/** Gives a host its addresses and routes, and makes a router of it if it is to be one; what it has already stays. */
export async function configure(labId: string, { name, ports, router }: HostPlan): Promise<void> {
  const namespace = namespaceOf(labId, name)
  if (router) await inside(namespace, 'sh', ['-c', FORWARD])
  await setPorts(namespace, ports)
  if (router && router.nat !== 'none') await setRules(namespace, rulesOf(router))
}

/** Hands nft(8) what it is to do in a namespace from now on. */
export async function setRules(namespace: string, rules: string): Promise<void> {
  await inside(namespace, locate('nft'), [rules])
}

/** Gives ports their addresses and routes, and waits until they can be used; what they have already is no error. */
export async function setPorts(namespace: string, ports: readonly Port[]): Promise<void> {
  await ip(['-n', namespace], ['link set lo up', ...ports.flatMap(portLines)])
  if (ports.some(({ addresses }) => addresses.some(isIpv6)))
    await inside(namespace, 'sh', ['-c', AWAIT_LINKS])
}

/** Makes the kernel forward in both families. */
const FORWARD = 'cd /proc/sys/net && echo 1 > ipv4/ip_forward && echo 1 > ipv6/conf/all/forwarding'

/** Without multicast, and so without neighbours, IPv6 has to wait until the kernel has noticed the cable: 2 s at most. */
const AWAIT_LINKS = `
  for port in /sys/class/net/eth*; do
    for try in $(seq 100); do
      [ "$(cat $port/operstate)" = up ] && break
      sleep 0.02
    done
  done`

function inside(namespace: string, program: string, args: readonly string[]): Promise<string> {
  return run('ip', ['netns', 'exec', namespace, program, ...args])
}

function portLines({ addresses, gateways = [], mtu }: Port, index: number): string[] {
  const port = `eth${index}`
  return [
    ...(mtu === undefined ? [] : [`link set ${port} mtu ${mtu}`]),
    ...addresses.flatMap(withLinkLocal).map((address) => `address replace ${address} dev ${port}`),
    `link set ${port} up`,
    ...gateways.map(
      (gateway) => `route replace ${isIpv6(gateway) ? '::/0' : '0.0.0.0/0'} via ${gateway} dev ${port}`,
    ),
  ]
}

/**
 * `nodad` spares the second's wait for others of the same address. Routers ask for their neighbours from a link-local
 * address, and the kernel makes its own with that wait: so they get another.
 */
function withLinkLocal(address: string): string[] {
  return isIpv6(address) ? [`${address} nodad`, `${address.replace(/^.*::/, 'fe80::')} nodad`] : [address]
}

function isIpv6(address: string): boolean {
  return address.includes(':')
}
