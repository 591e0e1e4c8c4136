import type { Enrolment, KeptState } from '../../agent/home.ts'
import { readKept } from '../../agent/kept.ts'
import { toWeftError, WeftError } from '../../errors.ts'
import type { Identity } from '../../keys/identity.ts'
import { openSelf, type SelfContent } from '../../protocol/content.ts'
import { toolDevice } from '../../wireguard/apply.ts'
import type { InterfaceName, ObservedDevice } from '../../wireguard/device.ts'
import { interfaceName } from '../../wireguard/name.ts'
import { type Finding, fail, ok, skip, warn } from './finding.ts'

/** Seconds after which a session without a new handshake is dead: REJECT_AFTER_TIME, WireGuard paper section 6.1. */
const HANDSHAKE_LIFE = 180

/** Whether the interface of each network is what the last good plan says. */
export async function checkTunnels(
  { journals }: KeptState,
  identity: Identity,
  enrolment: Enrolment,
): Promise<Finding[]> {
  if (journals.size === 0) return [skip('tunnels', 'No plan of any network is kept.')]
  const findings = [...journals].map(([network, lines]) => {
    if (lines instanceof WeftError) {
      const advice = `See to the disk, and to ${network}.jsonl among the networks of the state directory; then start the agent again.`
      return [fail(`network ${network}`, lines.message, advice)]
    }
    const plan = planIn(lines, enrolment)
    if (plan === 'left') {
      const found = 'It is left, and not all of it could be taken away as yet.'
      return [warn(`network ${network}`, found, 'The agent tries on while it runs; its log says what fails.')]
    }
    if (plan) return checkTunnel(plan, interfaceName(identity.id, network))
    const advice = 'Start the agent again: what is of no use is fetched anew.'
    return [
      fail(`network ${network}`, 'The plan that is kept is not signed by the pinned controller.', advice),
    ]
  })
  return (await Promise.all(findings)).flat()
}

/** What the last plan says of this node; undefined when there is nothing that the controller signed. */
function planIn(lines: readonly string[], { controllerKey }: Enrolment): SelfContent | 'left' | undefined {
  try {
    const kept = readKept(lines)
    if (kept.kind === 'left') return 'left'
    const self = kept.frames.findLast((frame) => frame.type === 'self')
    return self && openSelf(self, controllerKey)
  } catch {
    return undefined
  }
}

async function checkTunnel(plan: SelfContent, name: InterfaceName): Promise<Finding[]> {
  const check = `interface of ${plan.name}`
  try {
    return compare(plan, name, await toolDevice(name).observe(), Date.now() / 1_000)
  } catch (error) {
    const { code, message, advice } = toWeftError(error)
    if (code !== 'not-found') return [fail(check, message, advice ?? 'See the log of the agent.')]
    return [fail(check, `There is no ${name}.`, 'Start the agent; its log says why, if it cannot make it.')]
  }
}

/** @param now seconds since 1970 */
function compare(plan: SelfContent, name: InterfaceName, device: ObservedDevice, now: number): Finding[] {
  const repair = 'The agent puts it right at its next look: see whether it runs.'
  const { record } = plan
  const wanted = [`${record.ipv4}/32`, `${record.ipv6}/128`]
  const missing = wanted.filter((address) => device.addresses.every((one) => one !== address))
  const routes = [plan.ipv4Range, plan.ipv6Range].filter((range) => !device.routes.has(range))
  const is = (isRight: boolean, what: string, right: string, wrong: string) =>
    isRight ? ok(`${what} of ${plan.name}`, right) : fail(`${what} of ${plan.name}`, wrong, repair)
  return [
    is(device.up, 'interface', `${name} is up.`, `${name} is down.`),
    is(
      device.publicKey === record.publicKey,
      'key',
      'It is the one that is certified.',
      'It is not the one that is certified.',
    ),
    is(missing.length === 0, 'addresses', wanted.join(', '), `Missing: ${missing.join(', ')}.`),
    is(routes.length === 0, 'routes', 'The ranges lead into it.', `Missing: ${routes.join(', ')}.`),
    is(device.listenPort > 0, 'port', `It listens at UDP ${device.listenPort}.`, 'It listens at no port.'),
    checkMtu(plan, device),
    checkPeers(plan, device, now),
  ]
}

/** IPv6 does not travel over less (RFC 8200 section 5). */
const LEAST_MTU = 1_280

function checkMtu({ name }: SelfContent, { mtu, routes }: ObservedDevice): Finding {
  const narrowest = Math.min(mtu, ...[...routes.values()].filter((one) => one !== undefined))
  if (narrowest >= LEAST_MTU) return ok(`MTU of ${name}`, `${mtu} bytes, ${narrowest} on the narrowest path.`)
  const found = `${narrowest} bytes on the narrowest path; IPv6 needs ${LEAST_MTU}.`
  return warn(`MTU of ${name}`, found, 'Raise the MTU of the underlay.')
}

function checkPeers({ name }: SelfContent, { peers }: ObservedDevice, now: number): Finding {
  const check = `peers of ${name}`
  const all = [...peers.values()].filter(({ allowedIps }) => allowedIps.length > 0)
  if (all.length === 0) return skip(check, 'There are none yet.')
  const alive = all.filter(({ latestHandshake }) => now - latestHandshake <= HANDSHAKE_LIFE).length
  const found = `${alive} of ${all.length} have shaken hands in the last ${HANDSHAKE_LIFE} s.`
  if (alive === all.length) return ok(check, found)
  // A peer to which nobody sends shakes no hands, and that is no fault.
  return warn(check, found, `See each of them with 'weft graph ${name}', and why with 'weft explain'.`)
}
