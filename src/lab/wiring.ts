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
  await ip(['-n', namespace], ['link set lo up', ...ports.flatMap(portLines)])
  if (router && router.nat !== 'none') await setRules(namespace, rulesOf(router))
}

/** Hands nft(8) what it is to do in a namespace from now on. */
export async function setRules(namespace: string, rules: string): Promise<void> {
  await inside(namespace, locate('nft'), [rules])
}

/** `nodad`: without a second's wait for others of the same address, the IPv6 addresses can be used at once. */
export function portLines({ addresses, gateways = [], mtu }: Port, index: number): string[] {
  const port = `eth${index}`
  return [
    ...(mtu === undefined ? [] : [`link set ${port} mtu ${mtu}`]),
    ...addresses.map(
      (address) => `address replace ${address} dev ${port}${address.includes(':') ? ' nodad' : ''}`,
    ),
    `link set ${port} up`,
    ...gateways.map(
      (gateway) => `route replace ${gateway.includes(':') ? '::/0' : '0.0.0.0/0'} via ${gateway} dev ${port}`,
    ),
  ]
}

/**
 * Makes the kernel forward in both families. A router asks for its neighbours from its link-local address, which without
 * the wait for others of the same can be used at once.
 */
const FORWARD = `
  cd /proc/sys/net
  echo 1 > ipv4/ip_forward
  echo 1 > ipv6/conf/all/forwarding
  for port in ipv6/conf/eth*; do echo 0 > $port/accept_dad; done`

function inside(namespace: string, program: string, args: readonly string[]): Promise<string> {
  return run('ip', ['netns', 'exec', namespace, program, ...args])
}
