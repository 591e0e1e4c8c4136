import type { Logger } from 'pino'
import type { Address } from '../address/cidr.ts'
import type { Clock } from '../clock.ts'
import { toWeftError, WeftError } from '../errors.ts'
import type { NodeId } from '../keys/identity.ts'
import type { VerifyKey } from '../keys/signature.ts'
import type { Origin } from '../log/log.ts'
import type { NetworkId } from '../model/names.ts'
import type { State } from '../model/state.ts'
import type { AgentFrameOf } from '../protocol/frames.ts'
import { certifyMemberKey } from './commands/member.ts'
import { joinNode } from './commands/node.ts'
import { type Evidence, openProof, raiseEpoch } from './push/ahead.ts'
import type { ProvenAgent } from './push/greeting.ts'
import { type Decision, SYSTEM, type Tools } from './tools.ts'

export interface AdmissionTools {
  readonly state: () => State
  /** Resolves with all that is durable anywhere by now. */
  readonly catchUp: () => Promise<State>
  readonly change: <Result>(
    request: { readonly actor: string; readonly origin?: Origin },
    decide: (state: State, tools: Tools) => Decision<Result>,
  ) => Promise<unknown>
  readonly controllerKey: VerifyKey
  readonly clock: Clock
  readonly log: Logger
}

/** Milliseconds until an epoch that could not be begun is tried again. */
const RETRY = 5_000

/** What agents themselves bring into the log: that they join, keys of their own, and that they were told more than it holds. */
export class Admission {
  readonly #tools: AdmissionTools
  /** By what it is about, the furthest that was shown and could not be answered with a new epoch yet. */
  readonly #shown = new Map<string, Evidence>()

  constructor(tools: AdmissionTools) {
    this.#tools = tools
  }

  /** Lets in a node that has joined, or joins with this. Throws what it was refused for. */
  async admit(agent: ProvenAgent, from: Address | undefined): Promise<void> {
    const { node, key: publicKey, sealingKey, hello } = agent
    const { state, catchUp, change } = this.#tools
    if (hello.join) {
      const { secret, name } = hello.join
      await change({ actor: node, origin: agentOrigin(from) }, (now, tools) =>
        joinNode(now, tools, { publicKey, sealingKey, secret, name }),
      )
    }
    if (state().nodes.get(node)?.sealingKey === sealingKey) return
    // It may have joined at another replica a moment ago.
    const known = (await catchUp()).nodes.get(node)
    if (known?.sealingKey === sealingKey) return
    throw new WeftError('unauthenticated', 'This node has not joined here.', {
      advice: "Make a join token with 'weft token create' and start the agent with --join TOKEN.",
    })
  }

  /** Takes the public key that a member made for itself. */
  async certify(node: NodeId, from: Address | undefined, offered: AgentFrameOf<'key'>): Promise<void> {
    await this.#tools.change({ actor: node, origin: agentOrigin(from) }, (state) =>
      certifyMemberKey(state, offered.network as NetworkId, node, offered),
    )
  }

  /** A log that is behind its agents begins a new epoch, so that they take what it has. Gives what the proof shows. */
  takeProof(node: NodeId, proof: AgentFrameOf<'proof'>): Evidence {
    const { state, controllerKey, log } = this.#tools
    const evidence = openProof(proof, controllerKey)
    if (raiseEpoch(state(), evidence).events.length === 0) return evidence
    log.warn({ node, ...evidence }, 'an agent shows that it was told more than our log holds')
    const isTried = this.#shown.size > 0
    const place = `${evidence.network} ${evidence.member}`
    const shown = this.#shown.get(place)
    if (!shown || isBeyond(evidence, shown)) this.#shown.set(place, evidence)
    if (!isTried) void this.#raise()
    return evidence
  }

  /** Agents take nothing before that, and most show it only once: so it is tried until it is done. */
  async #raise(): Promise<void> {
    const { change, clock, log } = this.#tools
    for (const [place, evidence] of this.#shown) {
      try {
        await change({ actor: SYSTEM }, (now) => raiseEpoch(now, evidence))
        if (this.#shown.get(place) === evidence) this.#shown.delete(place)
      } catch (error) {
        const { code, message } = toWeftError(error)
        log.error({ code, reason: message }, 'the epoch could not be raised')
        if (code === 'unavailable') return
        break
      }
    }
    if (this.#shown.size > 0) clock.after(RETRY, () => void this.#raise())
  }
}

/** Whether an epoch that answers `one` answers `other` too. */
function isBeyond(one: Evidence, other: Evidence): boolean {
  return one.epoch > other.epoch || (one.epoch === other.epoch && one.revision > other.revision)
}

function agentOrigin(address: Address | undefined): Origin {
  return { via: 'agent', ...(address !== undefined && { address }) }
}
