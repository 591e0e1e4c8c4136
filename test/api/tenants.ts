import { randomBytes } from 'node:crypto'
import { type ApiTokenInput, createApiToken } from '../../src/controller/commands/apitoken.ts'
import { shareNetwork } from '../../src/controller/commands/grant.ts'
import { inTurn } from '../../src/controller/commands/inturn.ts'
import { addMember } from '../../src/controller/commands/member.ts'
import { createNetwork } from '../../src/controller/commands/network.ts'
import { createProject } from '../../src/controller/commands/project.ts'
import { createJoinToken } from '../../src/controller/commands/token.ts'
import { createWebhook } from '../../src/controller/commands/webhook.ts'
import type { Decision } from '../../src/controller/tools.ts'
import { Identity, type NodeId, toNodeId } from '../../src/keys/identity.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import type { Event } from '../../src/model/event.ts'
import type { NetworkId, ProjectId, TokenId, WebhookId } from '../../src/model/names.ts'
import type { State } from '../../src/model/state.ts'
import type { Inside } from './inside.ts'

/** What one project owns, by id. */
export interface Estate {
  readonly project: ProjectId
  readonly network: NetworkId
  /** A member of the network. */
  readonly member: NodeId
  /** A member of nothing. */
  readonly idle: NodeId
  readonly joinToken: TokenId
  readonly apiToken: TokenId
  /** Not enabled. */
  readonly webhook: WebhookId
}

export function makeProject(inside: Inside, name: string): Promise<ProjectId> {
  return inside.change((state, tools) => createProject(state, tools, { name }))
}

export async function makeToken(inside: Inside, input: ApiTokenInput): Promise<string> {
  const { secret } = await inside.change((state, tools) => createApiToken(state, tools, input))
  return Buffer.from(secret.expose()).toString()
}

/** A network with a member, another node and tokens; one entry of the log. */
export function makeEstate(inside: Inside, project: ProjectId): Promise<Estate> {
  return inside.change((state, tools) => {
    const builder = new Builder(state)
    const network = builder.add((then) => createNetwork(then, tools, { project, name: freshName() }))
    const [member, idle] = [builder.enrol(project), builder.enrol(project)]
    builder.add((then) => addMember(then, tools, network, member))
    const joinToken = builder.add((then) => createJoinToken(then, tools, { project })).id
    const wanted = { project, name: 'x', role: 'viewer' } as const
    const apiToken = builder.add((then) => createApiToken(then, tools, wanted)).id
    const hook = { project, url: 'https://localhost:9/hook', enabled: false }
    const webhook = builder.add((then) => createWebhook(then, tools, inside.controller.vault, hook)).id
    return {
      events: builder.events,
      result: { project, network, member, idle, joinToken, apiToken, webhook },
    }
  })
}

/** Shares the network of one estate with the project of another, whose idle node becomes a member. */
export function share(inside: Inside, from: Estate, to: Estate): Promise<void> {
  return inside.change((state, tools) => ({
    events: inTurn(state, [
      (then) => shareNetwork(then, from.network, to.project),
      (then) => addMember(then, tools, from.network, to.idle),
    ]),
    result: undefined,
  }))
}

const { signing, sealing } = new Identity(new SecretBytes(randomBytes(32)))
/** The same for all, because making them takes longer than what is tested. */
const KEYS = { publicKey: signing.publicKey, sealingKey: sealing.publicKey }

/** A node that never ran, enrolled without a token. */
export function enrol(inside: Inside, project: ProjectId): Promise<NodeId> {
  const event = enrolment(project)
  return inside.change(() => ({ events: [event], result: event.id }))
}

export function enrolment(project: ProjectId): Extract<Event, { type: 'node-enrolled' }> {
  const id = toNodeId(randomBytes(16))
  return { type: 'node-enrolled', at: 0, id, project, name: freshName(), labels: {}, ...KEYS }
}

export function freshName(): string {
  return `x${randomBytes(8).toString('hex')}`
}

class Builder {
  readonly events: Event[] = []
  readonly #state: State

  constructor(state: State) {
    this.#state = state
  }

  add<Result>(decide: (then: State) => Decision<Result>): Result {
    const steps = this.events.map((event) => () => ({ events: [event] }))
    let result: Result | undefined
    const all = inTurn(this.#state, [
      ...steps,
      (then) => {
        const decision = decide(then)
        result = decision.result
        return decision
      },
    ])
    this.events.push(...all.slice(this.events.length))
    if (result === undefined) throw new Error('a decision without a result')
    return result
  }

  enrol(project: ProjectId): NodeId {
    const event = enrolment(project)
    this.events.push(event)
    return event.id
  }
}
