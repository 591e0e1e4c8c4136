import { isDeepStrictEqual } from 'node:util'
import type { Entry } from '../../log/log.ts'
import type { Event } from '../../model/event.ts'
import type { NetworkId, ProjectId } from '../../model/names.ts'
import type { State } from '../../model/state.ts'
import { type EntryFilter, isOfTime, isWanted } from '../entry-filter.ts'
import { describeEvent, networksOf } from '../graph/describe.ts'
import { nameIn } from '../naming.ts'
import { actorSeen, isSeen, namerFor, type Viewer } from '../sight.ts'
import { SYSTEM } from '../tools.ts'
import { type Facts, factsOf, idOf, ownersOfThing, type Thing, thingOf } from './things.ts'

/** One entry of the log for those who want to know who did what: a function of the log alone, so anybody can make it again. */
export interface AuditRecord {
  readonly sequence: number
  /** Of the entry, in the chain. */
  readonly hash: string
  /** RFC 3339 */
  readonly at: string
  readonly actor: string
  /** What the actor was called then. */
  readonly actorName: string
  readonly origin: AuditOrigin
  /** Ids of the projects whose things it is about. */
  readonly projects: string[]
  readonly networks: string[]
  /** Types of the events, each once. */
  readonly actions: string[]
  /** Each the end of a sentence that begins with the actor; the first SENTENCES of them. */
  readonly what: string[]
  readonly events: number
  /** Whether before and after are known: the log still has what led to them. */
  readonly complete: boolean
  /** What it changed; the first CHANGES of them. */
  readonly changes: AuditChange[]
  readonly changesOmitted: number
}

export interface AuditOrigin {
  /** `unknown`: the entry is older than the field. `hidden`: it is another project's. */
  readonly via: 'rest' | 'agent' | 'controller' | 'unknown' | 'hidden'
  readonly address: string | null
  readonly requestId: string | null
}

export interface AuditChange {
  readonly kind: Thing['kind']
  readonly id: string
  readonly name: string | null
  readonly before: Facts | null
  readonly after: Facts | null
}

/** Undefined: whatever it is. */
export interface AuditFilter extends EntryFilter {
  readonly network?: NetworkId | undefined
}

/** An entry, and the states around it. */
export interface AuditStep {
  readonly entry: Entry
  readonly before: State
  readonly after: State
  /** False: the states are the nearest later ones, good for names and owners, because the right ones cannot be known. */
  readonly complete: boolean
}

/** Sentences, and things with before and after, of one record: a bulk change has thousands. */
const SENTENCES = 20
const CHANGES = 100

/** The record of an entry, as much of it as the viewer may see; undefined when that is nothing, or not what is wanted. */
export function auditRecord(
  step: AuditStep,
  viewer: Viewer,
  filter: AuditFilter = {},
): AuditRecord | undefined {
  const { entry, before, after } = step
  if (!isOfTime(entry.at, filter)) return undefined
  const events = entry.events.filter((event) => isSeen(event, ownersOf(event, step), viewer))
  const who = whoOf(step, viewer)
  if (events.length === 0 || !isWanted(events, who, filter)) return undefined
  if (filter.network && !events.some((event) => isIn(event, filter.network, step))) return undefined
  const nameOf = namerFor(viewer, (id) => nameIn(after, id) ?? nameIn(before, id) ?? id)
  const owners = events.flatMap((event) => ownersOf(event, step))
  return {
    sequence: entry.sequence,
    hash: entry.hash,
    at: new Date(entry.at).toISOString(),
    ...who,
    projects: distinct(owners.filter((id) => !viewer.bound || id === viewer.project)),
    networks: distinct(events.flatMap((event) => networksAround(event, step))),
    actions: distinct(events.map(({ type }) => type)),
    what: events.slice(0, SENTENCES).map((event) => describeEvent(event, nameOf)),
    events: events.length,
    complete: step.complete,
    ...changesOf(events, step, nameOf),
  }
}

function ownersOf(event: Event, { before, after }: AuditStep): readonly ProjectId[] {
  const thing = thingOf(event)
  const named = 'project' in event && event.project !== undefined ? [event.project] : []
  const isOfTransit = 'id' in event && event.id === after.transit
  return isOfTransit ? [] : [...named, ...ownersOfThing(thing, before), ...ownersOfThing(thing, after)]
}

type Who = Pick<AuditRecord, 'actor' | 'actorName' | 'origin'>

/** Who is of another project is not named, and from where is nobody's business either. */
function whoOf({ entry, before, after }: AuditStep, viewer: Viewer): Who {
  const { origin } = entry
  const homes = [before, after].flatMap((state) => homeOf(entry.actor, state))
  const actor = actorSeen(entry.actor, homes, viewer)
  if (actor !== entry.actor)
    return { actor, actorName: actor, origin: { via: 'hidden', address: null, requestId: null } }
  const via = origin?.via ?? (actor === SYSTEM ? 'controller' : 'unknown')
  return {
    actor,
    actorName: nameIn(before, actor) ?? nameIn(after, actor) ?? actor,
    origin: { via, address: origin?.address ?? null, requestId: origin?.request ?? null },
  }
}

/** The project of an actor: of a token, or a node. */
function homeOf(actor: string, { apiTokens, nodes }: State): ProjectId[] {
  const find = (map: { get(key: string): { readonly project: ProjectId | undefined } | undefined }) =>
    map.get(actor)?.project
  const home = find(apiTokens) ?? find(nodes)
  return home === undefined ? [] : [home]
}

function isIn(event: Event, network: NetworkId | undefined, step: AuditStep): boolean {
  return network !== undefined && networksAround(event, step).includes(network)
}

function networksAround(event: Event, { before, after }: AuditStep): readonly NetworkId[] {
  return [...networksOf(event, before), ...networksOf(event, after)]
}

function changesOf(
  events: readonly Event[],
  { before, after, complete }: AuditStep,
  nameOf: (id: string) => string,
): Pick<AuditRecord, 'changes' | 'changesOmitted'> {
  if (!complete) return { changes: [], changesOmitted: 0 }
  const things = new Map(events.map(thingOf).map((thing) => [`${thing.kind} ${idOf(thing)}`, thing]))
  const changes: AuditChange[] = []
  let changesOmitted = 0
  for (const thing of things.values()) {
    const [was, is] = [factsOf(thing, before), factsOf(thing, after)]
    if (isDeepStrictEqual(was, is)) continue
    if (changes.length === CHANGES) changesOmitted += 1
    else
      changes.push({ kind: thing.kind, id: idOf(thing), name: called(thing, nameOf), before: was, after: is })
  }
  return { changes, changesOmitted }
}

function called(thing: Thing, nameOf: (id: string) => string): string | null {
  switch (thing.kind) {
    case 'controller':
    case 'join-token':
      return null
    case 'member':
      return nameOf(thing.node)
    case 'grant':
      return nameOf(thing.network)
    default:
      return nameOf(thing.id)
  }
}

function distinct<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)]
}
