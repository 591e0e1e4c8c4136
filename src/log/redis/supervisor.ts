import { setTimeout as wait } from 'node:timers/promises'
import { toWeftError, WeftError } from '../../errors.ts'
import { Bell } from '../bell.ts'
import { addressText, type Site } from './address.ts'
import { runIdAt } from './aliases.ts'
import type { Level, Look } from './check.ts'
import { Circle } from './circle.ts'
import { type Lost, takeUp } from './fence.ts'
import type { Life } from './file.ts'
import type { Journal } from './journal.ts'
import type { Keys } from './keys.ts'
import { checkLevel } from './level.ts'
import { Link } from './link.ts'
import { Members } from './members.ts'
import { locate, type Place } from './place.ts'
import { checkRights } from './rights.ts'
import type { ServerStatus } from './status.ts'

export interface SupervisorTools {
  readonly site: Site
  readonly level: Level
  readonly keys: Keys
  readonly writer: string
  readonly journal: Journal
  readonly mustExist?: boolean
  /** A link stands, on which the log can be read. `unwitnessed`: nobody could vouch for what the server has. */
  readonly onLink: (link: Link, unwitnessed: boolean) => Promise<void>
  /** Changes go. */
  readonly onAccept: (link: Link) => void
  /** What was acknowledged is not in the log any more, and it goes on without. */
  readonly onLoss: (lost: Lost) => void
  /** How the server stands; at every look, and when somebody rang. */
  readonly onStatus: (status: ServerStatus) => void
  /** No changes go until further notice. Said again only when the reason is another. */
  readonly onRefusal: (reason: WeftError) => void
}

/** Milliseconds between two looks at the server, and between two questions where the primary is. */
const LOOK_INTERVAL = 200
const LOCATE_INTERVAL = 1_000
/** Milliseconds for Sentinels or nodes to answer, while nothing goes before enough of them were heard. */
const PATIENT_LIMIT = 2_000
/** Milliseconds between two questions for the settings of servers, which somebody may change. */
const INSPECT_INTERVAL = 2_000
/** Milliseconds until a link that could not be had is tried again. */
const RETRY_WAIT = 150

/** Keeps a link to whatever server is the primary: looks for it, checks and arms it, and starts over when it is gone. */
export class Supervisor {
  readonly #tools: SupervisorTools
  readonly #closing = new AbortController()
  readonly #members: Members
  readonly #lives = new Map<string, Life>()
  #link: Link | undefined
  /** Whether the log could be read once. */
  #wasOpen = false
  #refusal: WeftError | undefined = new WeftError('store-unavailable', 'There is no connection to Redis yet.')
  #trouble = Promise.withResolvers<void>()
  /** Rings when the next look may find that changes go. */
  readonly #hope = new Bell()
  #done: Promise<void> = Promise.resolve()

  constructor(tools: SupervisorTools) {
    this.#tools = tools
    this.#members = new Members({ isOldOneElected: tools.site.kind !== 'cluster' })
  }

  /** The link, also while nothing can be written on it. */
  get link(): Link | undefined {
    return this.#link
  }

  /** Why nothing can be written at the moment. */
  get refusal(): WeftError | undefined {
    return this.#refusal
  }

  start(): void {
    this.#done = this.#run()
  }

  /** No changes go on a link until everything on it could be made safe again. */
  refuse(link: Link, reason: WeftError): void {
    if (link === this.#link) this.#refuse(reason)
  }

  /** Gives up a link of which it is not known how it stands. */
  distrust(link: Link, reason: WeftError): void {
    if (link !== this.#link) return
    this.#refuse(reason)
    this.#trouble.resolve()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#trouble.resolve()
    await this.#done
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await this.#serve()
      } catch (error) {
        this.#refuse(toWeftError(error))
      }
      await wait(RETRY_WAIT, undefined, { signal: this.#closing.signal }).catch(() => undefined)
    }
  }

  async #serve(): Promise<void> {
    const { site, level, keys, writer, journal, onLink } = this.#tools
    this.#trouble = Promise.withResolvers()
    const place = await locate(site, keys.tag)
    this.#members.hear(place)
    const { primary } = place
    const circle = new Circle({ site, level, primary, members: this.#members, lives: this.#lives })
    using link = await Link.open(place, { access: site.access, keys, writer, circle })
    try {
      // Before all that takes time. What keeps it from being said is named below.
      await link.claim(journal.known.sequence).catch(() => undefined)
      checkLevel(link, await link.status(), level)
      await checkRights(link, keys)
      const look = await circle.lookAtPrimary()
      const status = await link.status()
      if ('reason' in look && !this.#isReadable(look, status)) throw look.reason
      link.problem = await problemWith(circle, status)
      // Who starts is told at once what has to be set otherwise; later it is read meanwhile, as on a link that stands.
      const isStart = !(this.#wasOpen && isArmed(status))
      if (isStart && link.problem?.code === 'invalid-config') throw link.problem
      // Those that are away are waited for: it goes on meanwhile.
      circle.identify(status).catch(() => undefined)
      const taken = await takeUp(link, this.#tools)
      if (taken.kind === 'lost') return this.#refuse(this.#lost(taken))
      this.#link = link
      await onLink(link, taken.unwitnessed)
      this.#wasOpen = true
      await this.#watch(link, circle)
    } finally {
      this.#link = undefined
      // The others are kept from beginning a log where this one listens; once it does not, by this.
      link.claim(journal.known.sequence).catch(() => undefined)
    }
  }

  /** Whether the log can be read on a server of which this is wrong. */
  #isReadable({ kind }: Look, status: ServerStatus): boolean {
    return isArmed(status) && (kind === 'early' || (kind === 'wrong' && this.#wasOpen))
  }

  /** At a level that may lose changes, the log goes on without them, once they were told. */
  #lost(lost: Lost): WeftError {
    if (this.#tools.level === 'available' && !lost.everything) this.#tools.onLoss(lost)
    return lost.reason
  }

  /** Resolves when the link is no good any more. */
  async #watch(link: Link, circle: Circle): Promise<void> {
    const over = new AbortController()
    const end = Promise.race([link.ended, this.#trouble.promise]).finally(() => over.abort())
    const looking = this.#look(link, circle, over.signal)
    const locating = this.#locate(link, over.signal)
    const inspecting = this.#inspect(link, circle, over.signal)
    await Promise.race([end, looking, locating]).finally(() => over.abort())
    this.#refuse(new WeftError('store-unavailable', `The connection to ${link.name} is gone.`))
    await Promise.allSettled([looking, locating, inspecting])
  }

  /** Looks at the server now and then. Rejects when it is not what it was. */
  async #look(link: Link, circle: Circle, signal: AbortSignal): Promise<void> {
    const { level } = this.#tools
    while (!signal.aborted) {
      const status = await link.status()
      if (!status.isPrimary) throw gone('is a replica now')
      if (!isArmed(status)) throw gone('has to be armed again')
      if (status.log?.level !== level) throw gone('has a log of another level')
      await circle.see(status)
      link.problem = circle.problem(status)
      const problem = link.problem ?? (this.#refusal && (await trySettle(link)))
      if (signal.aborted) return
      if (problem) this.#refuse(problem)
      else this.#accept(link)
      this.#tools.onStatus(status)
      await this.#hope.wait(AbortSignal.any([signal, AbortSignal.timeout(LOOK_INTERVAL)]))
    }
  }

  /**
   * Asks now and then who the primary is, and at once where others are awaited that had not heard of it. Resolves when it is
   * another; a silence changes nothing.
   */
  async #locate(link: Link, signal: AbortSignal): Promise<void> {
    const members = this.#members
    let interval = members.awaited.length > 0 ? 0 : LOCATE_INTERVAL
    while (!signal.aborted) {
      await wait(interval, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      const wasAwaited = members.awaited.length > 0
      const isPatient = wasAwaited || members.unsettled.length > 0
      if (!(await this.#hear(link, isPatient ? PATIENT_LIMIT : undefined))) return
      const isAwaited = members.awaited.length > 0
      if (wasAwaited && !isAwaited) this.#hope.ring()
      interval = isAwaited ? LOOK_INTERVAL : LOCATE_INTERVAL
    }
  }

  /** Whether the primary is where the link is, as far as those say who answer within `limit` ms. */
  async #hear(link: Link, limit: number | undefined): Promise<boolean> {
    const { site, keys } = this.#tools
    const found = await locate(site, keys.tag, limit).catch(() => undefined)
    if (!found) return true
    if (!(await isAt(site, found, link))) return false
    this.#members.hear({ ...found, primary: link.place.primary })
    return true
  }

  /**
   * Looks now and then whether somebody has set a server otherwise while it runs; what is wrong shows at the next look. So does
   * a right that was taken away, which may be asked for by callers only.
   */
  async #inspect(link: Link, circle: Circle, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await wait(INSPECT_INTERVAL, undefined, { signal }).catch(() => undefined)
      const status = signal.aborted ? undefined : await link.status().catch(() => undefined)
      if (!status) continue
      const harm = await checkRights(link, this.#tools.keys).then(() => undefined, toWeftError)
      if (harm?.code === 'invalid-config') this.distrust(link, harm)
      await circle.inspect(status)
    }
  }

  #accept(link: Link): void {
    const isNews = this.#refusal !== undefined
    this.#refusal = undefined
    if (isNews) this.#tools.onAccept(link)
  }

  #refuse(reason: WeftError): void {
    const isNews = this.#refusal?.message !== reason.message
    this.#refusal = reason
    if (isNews) this.#tools.onRefusal(reason)
  }
}

/** Whether this is where the primary is: Sentinels may have two names for it. */
async function isAt(site: Site, { primary }: Place, { name, runId }: Link): Promise<boolean> {
  const found = addressText(primary)
  return found === name || (await runIdAt(site, found)) === runId
}

/** Then nothing has to be written before it can be read. */
function isArmed({ log, runId }: ServerStatus): boolean {
  return log?.armed === runId
}

/** Why no changes go yet. */
async function problemWith(circle: Circle, status: ServerStatus): Promise<WeftError | undefined> {
  await circle.see(status)
  circle.dismissItself(status)
  return circle.problem(status)
}

/** What is at the end of the log is made safe before anything is put behind it. Why that could not be done. */
async function trySettle(link: Link): Promise<WeftError | undefined> {
  try {
    await link.settle()
    return undefined
  } catch (error) {
    return toWeftError(error)
  }
}

function gone(what: string): WeftError {
  return new WeftError('store-unavailable', `The Redis server ${what}.`)
}
