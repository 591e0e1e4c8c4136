import { applyFirewall, observeFirewall, removeFirewall } from '../wireguard/firewall.ts'
import { forwardsIpv6, startForwarding } from '../wireguard/forwarding.ts'
import type { Gate } from '../wireguard/ruleset.ts'

/** Of a gate that may be up, or half of what belongs to it. */
const UNKNOWN = '?'

/** Keeps what may come in by one interface as wanted; runs nothing while nothing changes. */
export class Gatekeeper {
  /** Empty: none of ours is up. */
  #kept = ''

  /** @param wanted all of the gate but the guard, which follows from whether this machine was a router before */
  async keep(wanted: Omit<Gate, 'guard'>): Promise<void> {
    const text = JSON.stringify(wanted)
    if (text === this.#kept) return
    await applyFirewall({ ...wanted, guard: wanted.forward && (await wasNoRouter(wanted.interface)) })
    this.#kept = UNKNOWN
    if (wanted.forward) await startForwarding(4, wanted.interface)
    if (wanted.forward) await startForwarding(6, wanted.interface)
    this.#kept = text
  }

  async open(name: Gate['interface']): Promise<void> {
    if (this.#kept === '') return
    this.#kept = UNKNOWN
    await removeFirewall(name)
    this.#kept = ''
  }
}

/** A guard that is up says that we made this machine a router in an earlier life. */
async function wasNoRouter(name: Gate['interface']): Promise<boolean> {
  const guarded = (await observeFirewall(name))?.includes('meta nfproto ipv6') ?? false
  return guarded || !(await forwardsIpv6())
}
