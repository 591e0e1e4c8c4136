import assert from 'node:assert/strict'
import Schema from 'typebox/schema'
import { ERROR_CODES } from '../../../src/errors.ts'
import { DEFAULT_PROJECT, type ProjectId } from '../../../src/model/names.ts'
import { closed, type Document, undocumentedHeaders } from '../document.ts'
import { Inside, type InsideAnswer } from '../inside.ts'
import { type Estate, freshName, makeEstate, makeProject, makeToken, share } from '../tenants.ts'
import { Caller, type FuzzCall, type FuzzOperation } from './calls.ts'
import { Chance } from './chance.ts'

export interface FuzzReport {
  readonly calls: number
  readonly byStatus: ReadonlyMap<number, number>
  readonly codes: ReadonlySet<string>
  /** Operations that were answered as they should be at least once. */
  readonly done: ReadonlySet<string>
  /** Ids of all. */
  readonly operations: readonly string[]
}

/** No call may take longer, in ms, on whatever machine. */
const LIMIT = 60_000
/** One in so many calls is to be as described; the rest is broken in one place. */
const VALID_SHARE = 3
/** After so many calls the objects that calls name are made anew: many have been deleted by then. */
const RENEWAL = 500

/** Asks `calls` times, and fails at the first answer that must not be. The seed repeats the run. */
export async function fuzz(calls: number, seed: number): Promise<FuzzReport> {
  await using inside = await Inside.open({
    requestsPerSecond: 1_000_000,
    strangerRequestsPerSecond: 1_000_000,
    ipv4Pool: ['10.0.0.0/8'],
  })
  const fuzzer = await Fuzzer.start(inside, new Chance(seed))
  for (let at = 0; at < calls; at++) {
    if (at % RENEWAL === 0) await fuzzer.renew()
    await fuzzer.step()
  }
  await fuzzer.checkNothingLeaked()
  return fuzzer.report(calls)
}

class Fuzzer {
  readonly #inside: Inside
  readonly #chance: Chance
  readonly #document: Document
  readonly #caller: Caller
  readonly #operations: readonly (readonly [method: string, path: string, operation: FuzzOperation])[]
  readonly #checks = new Map<string, (value: unknown) => string[]>()
  readonly #byStatus = new Map<number, number>()
  readonly #codes = new Set<string>()
  readonly #done = new Set<string>()
  readonly #secrets: string[] = []
  #tokens: readonly string[] = []
  #estates: readonly Estate[] = []
  #focus: Estate | undefined

  private constructor(inside: Inside, chance: Chance, document: Document) {
    this.#inside = inside
    this.#chance = chance
    this.#document = document
    this.#caller = new Caller(chance, (name) => this.#known(name))
    this.#operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => {
        return [method.toUpperCase(), path, operation as unknown as FuzzOperation] as const
      }),
    )
  }

  static async start(inside: Inside, chance: Chance): Promise<Fuzzer> {
    return new Fuzzer(inside, chance, (await inside.call('GET', '/openapi.json')).body)
  }

  async renew(): Promise<void> {
    const inside = this.#inside
    await forgetWebhooks(inside, DEFAULT_PROJECT)
    const project = await makeProject(inside, freshName())
    const other = await makeProject(inside, freshName())
    const estates = await Promise.all(
      [project, project, other, DEFAULT_PROJECT].map((of) => makeEstate(inside, of)),
    )
    const [mine, , theirs] = estates
    assert.ok(mine && theirs)
    await share(inside, theirs, mine)
    this.#estates = estates
    const roles = ['admin', 'operator', 'viewer'] as const
    const bound = await Promise.all(roles.map((role) => makeToken(inside, { name: role, role, project })))
    const scopes = ['networks:read', 'members:write'] as const
    const narrow = await makeToken(inside, { name: 'narrow', role: 'operator', project, scopes })
    this.#tokens = [inside.token, inside.token, inside.token, ...bound, ...bound, narrow, 'weft_unknown']
    this.#secrets.push(...bound, narrow)
  }

  async step(): Promise<void> {
    const [method, path, operation] = this.#chance.pick(this.#operations)
    this.#focus = this.#chance.pick(this.#estates)
    const call = this.#caller.call(method, path, operation, !this.#chance.once(VALID_SHARE))
    const token = this.#chance.pick(this.#tokens)
    const before = this.#inside.state
    const what = () => `${call.method} ${call.path} ${JSON.stringify(call.options).slice(0, 500)}`
    const answer = await this.#ask(call, token, what)
    this.#count(operation, answer)
    this.#check(operation, answer, what)
    if (answer.status >= 400)
      assert.equal(this.#inside.state, before, `${what()} was refused and changed something`)
    // A list that is too long may make a body that is: 413 comes before anybody looks into it.
    if (call.broken && answer.status !== 401 && answer.status !== 413) {
      assert.equal(answer.status, 400, `${what()}: ${answer.text.slice(0, 500)}`)
      assert.equal(answer.body.code, 'invalid-input', what())
    }
    if (answer.body?.token) this.#secrets.push(answer.body.token)
  }

  async checkNothingLeaked(): Promise<void> {
    const metrics = (await this.#inside.call('GET', '/metrics')).text
    const lists = ['tokens', 'api-tokens', 'networks', 'nodes', 'projects']
    const shown = await Promise.all(lists.map((list) => this.#inside.call('GET', `/v1/${list}?limit=1000`)))
    const places = [
      this.#inside.log,
      metrics,
      JSON.stringify(this.#inside.state),
      ...shown.map(({ text }) => text),
    ]
    assert.ok(this.#secrets.length > 5)
    for (const secret of [this.#inside.token, ...this.#secrets]) {
      for (const place of places)
        assert.equal(place.includes(secret), false, 'a secret is where it must not be')
    }
  }

  report(calls: number): FuzzReport {
    return {
      calls,
      byStatus: this.#byStatus,
      codes: this.#codes,
      done: this.#done,
      operations: this.#operations.map(([, , { operationId }]) => operationId),
    }
  }

  async #ask(call: FuzzCall, token: string, what: () => string): Promise<InsideAnswer> {
    const limit = Promise.withResolvers<never>()
    const timer = setTimeout(() => limit.reject(new Error(`no answer to ${what()}`)), LIMIT)
    const answer = this.#inside.call(call.method, call.path, { ...call.options, token })
    try {
      return await Promise.race([answer, limit.promise])
    } finally {
      clearTimeout(timer)
    }
  }

  #count({ operationId }: FuzzOperation, { status, body }: InsideAnswer): void {
    this.#byStatus.set(status, (this.#byStatus.get(status) ?? 0) + 1)
    if (status < 300) this.#done.add(operationId)
    else this.#codes.add(body.code)
  }

  #check(operation: FuzzOperation, answer: InsideAnswer, what: () => string): void {
    const { status, text, body } = answer
    const told = `${what()}: ${status} ${text.slice(0, 500)}`
    assert.ok(status < 500, told)
    assert.ok(Object.hasOwn(operation.responses, status), `${told}: the status is not documented`)
    assert.deepEqual(undocumentedHeaders(operation, answer), [], told)
    if (status === 204) return
    assert.deepEqual(this.#misfits(operation, answer), [], told)
    if (status < 400) return
    assert.ok(Object.hasOwn(ERROR_CODES, body.code), told)
    assert.doesNotMatch(text, /node_modules|\.ts:\d+|at async|Error:/, told)
    assert.doesNotMatch(text, /(weft|weftjoin\d|whsec)_\w{8}/, told)
  }

  #misfits(
    { operationId, responses }: FuzzOperation,
    { status, headers, body, text }: InsideAnswer,
  ): string[] {
    const type = String(headers['content-type']).split(';')[0] ?? ''
    const key = `${operationId} ${status} ${type}`
    const check = this.#checks.get(key) ?? this.#compile(responses[status], type)
    this.#checks.set(key, check)
    return check(body ?? text)
  }

  #compile(response: unknown, type: string): (value: unknown) => string[] {
    const { content = {} } = response as { content?: Record<string, { schema: object }> }
    const schema = content[type]?.schema
    if (!schema) return () => [`answers of type ${type} are not documented`]
    const compiled = Schema.Compile(closed(this.#document, schema))
    return (value) =>
      compiled.Errors(value)[1].map(({ instancePath, message }) => `${instancePath} ${message}`)
  }

  #nameOf({ network, project }: Estate): string | undefined {
    const { networks, projects } = this.#inside.state
    return this.#chance.once(2) ? networks.get(network)?.name : projects.get(project)?.name
  }

  /** What there is of that name: of the own project, of others, and of what is shared. */
  #known(name: string): unknown {
    if (this.#chance.once(5)) return undefined
    // Most calls speak of one estate only, so that they fit together.
    const estate = this.#chance.once(8) ? this.#chance.pick(this.#estates) : this.#focus
    if (!estate) return undefined
    const { network, member, idle, joinToken, apiToken, project, webhook } = estate
    const node = this.#chance.pick([member, idle])
    const known: Readonly<Record<string, () => unknown>> = {
      network: () => network,
      'networks[]': () => network,
      node: () => node,
      a: () => member,
      b: () => idle,
      from: () => member,
      to: () => idle,
      'add[]': () => idle,
      'remove[]': () => member,
      token: () => this.#chance.pick([joinToken, apiToken]),
      confirm: () => this.#nameOf(estate),
      project: () => project,
      webhook: () => webhook,
      // Loopback is what webhooks may not reach: nothing is sent.
      url: () => 'https://localhost:9/hook',
      code: () => 'not-found',
      name: () => freshName(),
      cursor: () => undefined,
      'if-match': () => '*',
    }
    return Object.hasOwn(known, name) ? known[name]?.() : undefined
  }
}

/** The default project is there in every round, and may have only so many. */
function forgetWebhooks(inside: Inside, project: ProjectId): Promise<void> {
  return inside.change(({ webhooks }) => ({
    events: [...webhooks.values()]
      .filter((webhook) => webhook.project === project)
      .map(({ id }) => ({ type: 'webhook-deleted', id })),
    result: undefined,
  }))
}
