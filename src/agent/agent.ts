import { hostname } from 'node:os'
import type { Logger } from 'pino'
import { type Clock, sleep } from '../clock.ts'
import { type ErrorCode, toWeftError, WeftError } from '../errors.ts'
import type { Identity } from '../keys/identity.ts'
import type { Random } from '../keys/random.ts'
import { toName } from '../model/names.ts'
import { parseJoinToken } from '../protocol/jointoken.ts'
import type { DeviceDriver } from '../wireguard/device.ts'
import { createDriver } from '../wireguard/link.ts'
import { MemoryDriver } from '../wireguard/memory.ts'
import { Backoff } from './backoff.ts'
import { type Connection, dial, type Greeting } from './dial.ts'
import { everyStep } from './every-step.ts'
import { type Enrolment, type Home, keepsNothing, openHome } from './home.ts'
import { NODE_REMOVED } from './kept.ts'
import { Node } from './node.ts'
import { Pledge } from './pledge.ts'
import { clearRemains } from './remains.ts'
import { serve } from './serve.ts'
import type { AgentSettings } from './settings.ts'

export interface AgentTools {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Ends the run. */
  readonly signal: AbortSignal
  /** In place of the WireGuard of this machine: for simulation. */
  readonly driver?: DeviceDriver
}

/**
 * Runs until the signal is aborted. Rejects when it cannot go on by itself: bad settings, a token that is refused, a node
 * that was removed. A controller that does not answer is no such reason: tunnels live on, and it is tried again.
 */
export async function runAgent(settings: AgentSettings, tools: AgentTools): Promise<void> {
  const home = await openHome(settings, tools.random)
  const identity = await home.identity()
  const chosen = async () => tools.driver ?? (await chooseDriver(settings))
  const enrolment = await findEnrolment(settings, home)
  if (!enrolment) {
    await clearRemains({ ...tools, home, identity, driver: chosen })
    throw notJoined()
  }
  const driver = await chosen()
  const node = new Node({
    ...tools,
    settings,
    home,
    identity,
    driver,
    controllerKey: enrolment.controllerKey,
  })
  tools.log.info({ node: identity.id, device: driver.kind }, 'agent started')
  await using _ = beat(node, settings, tools.log)
  try {
    await node.restore()
    await keepConnected(node, enrolment, { ...tools, settings, home, identity })
  } catch (error) {
    // Why the run ends comes first: what is still there then stands in the log.
    if (keepsNothing(settings)) await node.removeAll().catch(() => undefined)
    throw error
  }
  if (keepsNothing(settings)) await node.removeAll()
}

async function findEnrolment(settings: AgentSettings, home: Home): Promise<Enrolment | undefined> {
  return settings.join === '' ? home.enrolment() : parseJoinToken(settings.join)
}

function notJoined(): WeftError {
  return new WeftError('invalid-config', 'This node has not joined a controller yet.', {
    field: 'join',
    advice: "Make a token with 'weft token create' and start the agent once with --join TOKEN.",
  })
}

async function chooseDriver({ device }: AgentSettings): Promise<DeviceDriver> {
  return device === 'memory' ? new MemoryDriver() : createDriver(device)
}

/** Own addresses are looked at this often (ms): a node that moves is found again within a second. */
const FACTS_INTERVAL = 1_000

/** The looks at interfaces and addresses, one at a time. They keep the process alive while there is no session. */
function beat(node: Node, { reportSeconds }: AgentSettings, log: Logger): AsyncDisposable {
  let work: Promise<void> = Promise.resolve()
  let busy = false
  const inspect = () => {
    if (busy) return
    busy = true
    work = node
      .inspect()
      .catch((error: unknown) => log.error({ reason: toWeftError(error).message }, 'inspection failed'))
      .finally(() => {
        busy = false
      })
  }
  const timers = [
    setInterval(inspect, reportSeconds * 1_000),
    setInterval(() => node.lookAround(), FACTS_INTERVAL),
  ]
  return {
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer)
      await work
    },
  }
}

interface Loop extends AgentTools {
  readonly settings: AgentSettings
  readonly home: Home
  readonly identity: Identity
}

/** One session after the other, with a growing wait in between. */
async function keepConnected(node: Node, enrolment: Enrolment, loop: Loop): Promise<void> {
  const { signal, clock, log } = loop
  const backoff = new Backoff(loop.random)
  let join = joinOf(loop.settings)
  const write = () => loop.home.enrol(withoutSecret(enrolment))
  await using pledge = new Pledge(write, { clock, log, onFault: (fault) => node.diskRefuses(fault) })
  for (let tries = 0; !signal.aborted; tries++) {
    let wait: number
    try {
      const connection = await open(enrolment, tries, { ...node.greeting(), ...(join && { join }) }, loop)
      // The token has served: what it said is kept, its secret is not. A node that has joined is served in any case.
      if (join) await pledge.keep()
      join = undefined
      backoff.succeeded()
      wait = backoff.within(await serve(connection, node, { clock, signal, log }))
    } catch (error) {
      const reason = toWeftError(error)
      if (join && isFinal(reason)) throw reason
      if (reason.code === 'forbidden') {
        await pledge.end()
        throw await leave(node, loop.home, reason)
      }
      wait = backoff.next()
      log.warn({ code: reason.code, reason: reason.message, cause: reason.cause, wait }, 'no session')
    }
    await sleep(clock, wait, signal).catch(() => undefined)
  }
}

/** Leaves the controller for good, whatever cannot be taken away. Gives what the run ends with. */
async function leave(node: Node, home: Home, reason: WeftError): Promise<WeftError> {
  try {
    await everyStep(
      () => node.removeAll(NODE_REMOVED),
      () => home.leave(),
    )
    return reason
  } catch (cause) {
    const { code, message, advice } = reason
    return new WeftError(code, message, { ...(advice !== undefined && { advice }), cause })
  }
}

function joinOf(settings: AgentSettings): Greeting['join'] {
  if (settings.join === '') return undefined
  const secret = Buffer.from(parseJoinToken(settings.join).secret.expose()).toString()
  return { secret, name: toName(settings.name || hostname()) }
}

function open(enrolment: Enrolment, tries: number, greeting: Greeting, loop: Loop): Promise<Connection> {
  const { urls } = enrolment
  const url = urls[(startAt(loop.identity, urls.length) + tries) % urls.length] ?? ''
  const allowPlain = loop.settings.insecurePlainWebsocket
  return dial(url, enrolment, greeting, { ...loop, allowPlain })
}

/** Each node begins with another controller, always the same one, so that a fleet spreads over all of them. */
function startAt({ signing }: Identity, count: number): number {
  return Buffer.from(signing.publicKey).readUInt16BE() % Math.max(1, count)
}

function withoutSecret({ urls, fingerprint, controllerKey }: Enrolment): Enrolment {
  return { urls, fingerprint, controllerKey }
}

/** Whether trying again with the same token can only end the same way. */
function isFinal({ code }: WeftError): boolean {
  return !PASSING.has(code)
}

/** What is wrong with the controller or its log, and not with the token. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'unavailable',
  'overloaded',
  'store-unavailable',
  'log-damaged',
  'internal',
  'conflict',
])
